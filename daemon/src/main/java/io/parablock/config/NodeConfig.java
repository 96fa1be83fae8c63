package io.parablock.config;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * A node's whole configuration. Each key's unit, default and range are in {@code parablock-reference.conf}; times are
 * nanoseconds here.
 */
public record NodeConfig(
        String clusterId,
        int nodeId,
        Path dataDir,
        List<Peer> peers,
        NbdKeys nbd,
        InetSocketAddress httpListen,
        List<Volume> volumes,
        ReplicationMode mode,
        DurabilityMode durability,
        ReadMode reads,
        WalKeys wal,
        PipelineKeys pipeline,
        TransportKeys transport,
        RaftKeys raft,
        CheckpointKeys checkpoint,
        StoreKeys store,
        InstallKeys install,
        ScrubKeys scrub,
        HealthKeys health,
        GatewayKeys gateway,
        Limits limits,
        LogKeys log,
        MetricsKeys metrics,
        ImpairmentKeys impairment) {
    /** {@code peers[]}. */
    public record Peer(int id, String host, int port) {}

    /**
     * {@code nbd.*}.
     *
     * @param listen each an unresolved InetSocketAddress or a UnixDomainSocketAddress; at least one
     */
    public record NbdKeys(
            List<SocketAddress> listen,
            long handshakeTimeoutNs,
            long keepAliveNs,
            long clientStallNs,
            long stopGraceNs,
            StopReply stopReply,
            int acceptsPerSecond,
            int acceptBacklog) {
        public NbdKeys {
            listen = List.copyOf(listen);
        }
    }

    /** {@code nbd.stop_reply}. */
    public enum StopReply {
        ESHUTDOWN,
        CLOSE
    }

    /** {@code volumes[]}. */
    public record Volume(String name, long sizeBytes, long chunkBytes, boolean readOnly) {
        /** The last chunk may be shorter. */
        public int chunks() {
            return (int) ((sizeBytes + chunkBytes - 1) / chunkBytes);
        }

        public long chunkSizeBytes(int chunk) {
            return Math.min(chunkBytes, sizeBytes - chunk * chunkBytes);
        }
    }

    /** {@code mode}. */
    public enum ReplicationMode {
        PARALLEL,
        STRICT
    }

    /** {@code durability}. */
    public enum DurabilityMode {
        FSYNC,
        MAPPED
    }

    /** {@code reads}. */
    public enum ReadMode {
        INDEX,
        LEASE
    }

    /** {@code wal.engine}. */
    public enum WalEngine {
        /** {@link #DIRECT} for durability fsync, {@link #CHRONICLE} for mapped. */
        AUTO,
        CHRONICLE,
        MEMORY,
        DIRECT
    }

    /** {@code pipeline.kind}. */
    public enum PipelineKind {
        AUTO,
        INLINE,
        THREADS
    }

    /** {@code pipeline.wait}. */
    public enum PipelineWait {
        BLOCKING,
        YIELDING,
        BUSY_SPIN
    }

    /** {@code transport.kind}. */
    public enum NetworkKind {
        AUTO,
        IO_URING,
        EPOLL,
        NIO
    }

    /** {@code log.level}. */
    public enum LogLevel {
        ERROR,
        WARN,
        INFO,
        DEBUG
    }

    /** {@code log.format}. */
    public enum LogFormat {
        TEXT,
        LOGFMT,
        JSON
    }

    /**
     * {@code wal.*}.
     *
     * @param writesInFlight 0 is auto: measured at the first start
     * @param writeBytes 0 is auto: measured at the first start
     */
    public record WalKeys(WalEngine engine, long segmentBytes, long reserveBytes, int writesInFlight, int writeBytes) {}

    /** {@code pipeline.*}. */
    public record PipelineKeys(PipelineKind kind, PipelineWait waiting, int ringSize) {}

    /** {@code transport.*}, {@code strict.*}. */
    public record TransportKeys(NetworkKind kind, int lanes, int strictLanes, TransportLimits limits) {}

    /** {@code transport.*}, the limits. */
    public record TransportLimits(
            int frameBytesMax,
            long queueBytesMax,
            long queueBytesHard,
            long reconnectMinNs,
            long reconnectMaxNs,
            int helloBytesMax,
            long helloTimeoutNs,
            int gatewaysMax,
            long gatewayReplyBytesMax,
            long gatewayKeepAliveNs) {}

    /** {@code raft.*}. */
    public record RaftKeys(
            int span,
            long electionTimeoutNs,
            long heartbeatIntervalNs,
            long retransmitNs,
            long reorderWindowNs,
            long handoverTimeoutNs,
            int retainSlotsMax,
            long inFlightBytesMax,
            int sessionsMax,
            int sessionWindow,
            long sessionExpiryNs,
            int clockDriftPpm,
            SlowKeys slow) {}

    /**
     * {@code raft.slow_leader.*}, {@code raft.slow_follower.*}; a limit of 0 is off.
     *
     * @param followerBehindNs who has lacked for longer what the leader had assigned, and comes no nearer, is slow; 0 is off
     */
    public record SlowKeys(
            long leaderLimitNs,
            long leaderForNs,
            long leaderBackOffNs,
            long followerLimitNs,
            long followerForNs,
            long followerBehindNs) {}

    /** {@code checkpoint.*}. */
    public record CheckpointKeys(long bytes, long intervalNs) {}

    /**
     * {@code store.*}.
     *
     * @param sumsCacheBytes of all stores together; 0 is off
     */
    public record StoreKeys(long sumsCacheBytes) {}

    /** {@code install.*}. */
    public record InstallKeys(long bytesPerSecond, int pinSlotsMax) {}

    /**
     * {@code scrub.*}.
     *
     * @param bytesPerSecond of all groups together; 0 is off
     * @param pinSlotsMax slots of the log that are kept while damaged blocks wait for a peer's copy
     */
    public record ScrubKeys(
            long bytesPerSecond, long recheckBytesPerSecond, long intervalNs, long repairWaitNs, int pinSlotsMax) {}

    /**
     * {@code health.*}: from where on a node warns. 0 is never.
     *
     * @param clockJumpNs between two seconds
     */
    public record HealthKeys(long diskFreeBytes, long walBytes, long clockJumpNs) {}

    /** {@code gateway.*}. */
    public record GatewayKeys(
            int entryBytesMax,
            int rangeBytesMax,
            int rangeStepsMax,
            int sessionWindow,
            long retryNs,
            long redirectNs,
            long openRetryNsMax,
            long requestTimeoutNs) {}

    /** {@code limits.*}. */
    public record Limits(
            long payloadCacheBytes,
            int proposalQueue,
            long proposalQueueBytes,
            int readsMax,
            int catchUpReadsMax,
            int volumes,
            int nbdConnections,
            long nbdConnectionBytes,
            long nbdTotalBytes) {}

    /**
     * {@code metrics.*}.
     *
     * @param writesPerTimed of so many writes the stages of one are timed
     */
    public record MetricsKeys(boolean requests, int writesPerTimed) {}

    /**
     * {@code log.*}.
     *
     * @param eventsMax how many events are kept for {@code /events}
     * @param queueLines that wait to be written; what finds no room is left out
     * @param flushTimeoutNs so long the end of the process waits for them
     */
    public record LogKeys(
            String target, LogLevel level, LogFormat format, int eventsMax, int queueLines, long flushTimeoutNs) {}

    /**
     * {@code impairment.*}: FAULT INJECTION.
     *
     * @param lanes data lanes, -1 for the control connection; empty for all
     * @param peers ids; empty for all
     * @param bytesPerSecond 0 for no limit
     */
    public record ImpairmentKeys(
            Set<Integer> lanes,
            Set<Integer> peers,
            long delayNs,
            long jitterNs,
            double stallProbability,
            long stallNs,
            double lossProbability,
            long retransmitNs,
            long bytesPerSecond,
            long bufferBytes,
            double walDelayProbability,
            long walDelayNs,
            int seed) {
        public ImpairmentKeys {
            lanes = Set.copyOf(lanes);
            peers = Set.copyOf(peers);
        }
    }

    public NodeConfig {
        peers = List.copyOf(peers);
        volumes = List.copyOf(volumes);
    }

    public Peer self() {
        return peers.stream().filter(p -> p.id() == nodeId).findFirst().orElseThrow();
    }

    /** The lanes that the mode has. */
    public int lanes() {
        return mode == ReplicationMode.STRICT ? transport.strictLanes() : transport.lanes();
    }

    public int groups() {
        return volumes.stream().mapToInt(Volume::chunks).sum();
    }
}
