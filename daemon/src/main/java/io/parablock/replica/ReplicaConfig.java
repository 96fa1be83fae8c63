package io.parablock.replica;

/**
 * The shell's limits.
 *
 * @param checkpointBytes {@code checkpoint.interval_bytes}: applied bytes after which a checkpoint is taken
 * @param checkpointIntervalNs {@code checkpoint.interval}: time after which one is taken if anything was applied
 * @param payloadCacheBytesMax {@code replica.payload_cache_bytes}: payloads kept in memory; the rest is read from the WAL
 * @param proposalQueueMax {@code replica.proposal_queue}: client requests waiting for the in-flight window
 * @param readsMax {@code replica.reads_max}: reads and flushes waiting on the leader
 * @param catchUpReadsMax {@code replica.catch_up_reads_max}: messages whose payloads are being read back from the WAL
 * @param repairWaitNs {@code scrub.repair_wait}: so long does a read wait for damaged blocks to be mended
 */
public record ReplicaConfig(
        long checkpointBytes,
        long checkpointIntervalNs,
        long payloadCacheBytesMax,
        int proposalQueueMax,
        int readsMax,
        int catchUpReadsMax,
        long repairWaitNs) {
    /** Of {@code scrub.repair_wait}. */
    public static final long REPAIR_WAIT_NS_DEFAULT = 10_000_000_000L;

    /** With the default of {@code scrub.repair_wait}. */
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
                readsMax,
                catchUpReadsMax,
                REPAIR_WAIT_NS_DEFAULT);
    }

    public static ReplicaConfig defaults() {
        return new ReplicaConfig(64L << 20, 30_000_000_000L, 64L << 20, 4096, 4096, 16);
    }
}
