package io.parablock.replica;

/**
 * The shell's limits.
 *
 * @param checkpointBytes {@code checkpoint.interval_bytes}: applied bytes after which a checkpoint is taken
 * @param checkpointIntervalNs {@code checkpoint.interval}: time after which one is taken if anything was applied
 * @param payloadCacheBytesMax {@code limits.payload_cache_bytes}: payloads kept in memory; the rest is read from the WAL
 * @param proposalQueueMax {@code limits.proposal_queue}: client requests waiting for the in-flight window
 * @param proposalQueueBytesMax {@code limits.proposal_queue_bytes}: their payloads; a single larger one has room
 * @param readsMax {@code limits.reads_max}: reads and flushes waiting on the leader
 * @param catchUpReadsMax {@code limits.catch_up_reads_max}: messages whose payloads are being read back from the WAL
 * @param scrub {@code scrub.*}
 */
public record ReplicaConfig(
        long checkpointBytes,
        long checkpointIntervalNs,
        long payloadCacheBytesMax,
        int proposalQueueMax,
        long proposalQueueBytesMax,
        int readsMax,
        int catchUpReadsMax,
        ScrubConfig scrub) {
    private static final long PROPOSAL_QUEUE_BYTES_MAX = 64L << 20;

    /** Without a scrub. */
    public ReplicaConfig(
            long checkpointBytes,
            long checkpointIntervalNs,
            long payloadCacheBytesMax,
            int proposalQueueMax,
            int readsMax,
            int catchUpReadsMax) {
        this(
                checkpointBytes,
                checkpointIntervalNs,
                payloadCacheBytesMax,
                proposalQueueMax,
                PROPOSAL_QUEUE_BYTES_MAX,
                readsMax,
                catchUpReadsMax,
                ScrubConfig.OFF);
    }

    public ReplicaConfig withScrub(ScrubConfig value) {
        return new ReplicaConfig(
                checkpointBytes,
                checkpointIntervalNs,
                payloadCacheBytesMax,
                proposalQueueMax,
                proposalQueueBytesMax,
                readsMax,
                catchUpReadsMax,
                value);
    }

    public ReplicaConfig withProposalQueueBytesMax(long value) {
        return new ReplicaConfig(
                checkpointBytes,
                checkpointIntervalNs,
                payloadCacheBytesMax,
                proposalQueueMax,
                value,
                readsMax,
                catchUpReadsMax,
                scrub);
    }

    public static ReplicaConfig defaults() {
        return new ReplicaConfig(64L << 20, 30_000_000_000L, 64L << 20, 4096, 4096, 16);
    }
}
