package io.parablock.transport;

import java.net.InetSocketAddress;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * @param peers addresses of all nodes, this one included (it listens at its own)
 * @param boot this process's boot number
 * @param lanes data connections to each peer, beside the control connection
 * @param entryLanes how many of them carry Append frames
 * @param impairment FAULT INJECTION: null for none
 */
public record PeerTransportConfig(
        String clusterId,
        int nodeId,
        long boot,
        Map<Integer, InetSocketAddress> peers,
        int lanes,
        int entryLanes,
        Limits limits,
        @Nullable LaneImpairment impairment) {
    /**
     * @param frameBytesMax a larger frame is not sent, and closes the connection it comes on; the same on every node
     * @param queueBytesMax Append and Entries frames are dropped while a lane has this much queued
     * @param queueBytesHard a connection with this much queued is closed
     * @param reconnectMinMs the first wait before a lane is dialled again; it doubles up to {@code reconnectMaxMs}
     * @param helloBytesMax nobody gets more memory than this before it has said who it is
     * @param helloTimeoutMs a connection without a hello by then is closed
     * @param acceptedMax accepted connections
     */
    public record Limits(
            int frameBytesMax,
            long queueBytesMax,
            long queueBytesHard,
            long reconnectMinMs,
            long reconnectMaxMs,
            int helloBytesMax,
            long helloTimeoutMs,
            int acceptedMax) {
        /** As documented in the daemon's configuration. */
        public static final Limits DEFAULT = new Limits(4 << 20, 8L << 20, 256L << 20, 20, 1_000, 2_048, 5_000, 64 * 7);
    }

    /** No fault. */
    public static PeerTransportConfig of(
            String clusterId,
            int nodeId,
            long boot,
            Map<Integer, InetSocketAddress> peers,
            int lanes,
            int entryLanes,
            Limits limits) {
        return new PeerTransportConfig(clusterId, nodeId, boot, Map.copyOf(peers), lanes, entryLanes, limits, null);
    }

    /** FAULT INJECTION on lanes that this node dials. */
    public PeerTransportConfig withImpairment(LaneImpairment wrong) {
        return new PeerTransportConfig(clusterId, nodeId, boot, peers, lanes, entryLanes, limits, wrong);
    }
}
