package io.parablock.transport;

import java.net.InetSocketAddress;
import java.util.Map;

/**
 * @param peers addresses of all nodes, this one included (it listens at its own)
 * @param boot this process's boot number
 * @param lanes data connections to each peer, beside the control connection
 * @param entryLanes how many of them carry Append frames
 * @param frameBytesMax a larger frame closes its connection
 * @param queueBytesMax Append and Entries frames are dropped while a lane has this much queued
 * @param queueBytesHard a connection with this much queued is closed
 * @param acceptedMax accepted connections
 * @param delayedLane FAULT INJECTION: the data lane whose Append frames wait {@code delayMs}; -1 for none
 */
public record PeerTransportConfig(
        String clusterId,
        int nodeId,
        long boot,
        Map<Integer, InetSocketAddress> peers,
        int lanes,
        int entryLanes,
        int frameBytesMax,
        long queueBytesMax,
        long queueBytesHard,
        int acceptedMax,
        int delayedLane,
        long delayMs) {
    /** 4 MiB frames, 8 MiB queued, 256 MiB hard, no fault. */
    public static PeerTransportConfig of(
            String clusterId, int nodeId, long boot, Map<Integer, InetSocketAddress> peers, int lanes, int entryLanes) {
        return new PeerTransportConfig(
                clusterId,
                nodeId,
                boot,
                Map.copyOf(peers),
                lanes,
                entryLanes,
                4 << 20,
                8L << 20,
                256L << 20,
                64 * peers.size(),
                -1,
                0);
    }

    /** FAULT INJECTION, see {@link #delayedLane}. */
    public PeerTransportConfig withDelayedLane(int lane, long ms) {
        return new PeerTransportConfig(
                clusterId,
                nodeId,
                boot,
                peers,
                lanes,
                entryLanes,
                frameBytesMax,
                queueBytesMax,
                queueBytesHard,
                acceptedMax,
                lane,
                ms);
    }
}
