package io.parablock.replica;

/**
 * How a replica reads its own disk in the background, and how long it waits for what is damaged.
 *
 * @param bytesPerSecond {@code scrub.bytes_per_second}, this replica's share of it; 0: not at all
 * @param intervalNs {@code scrub.interval}: time between the starts of two rounds; a round that takes longer is followed by the
 *     next one
 * @param repairWaitNs {@code scrub.repair_wait}: so long does a client's read wait for damaged blocks to be mended
 * @param recheckBytesPerSecond {@code scrub.recheck_bytes_per_second}, this replica's share of it: the rate of a recheck, which
 *     comes whatever the other rate is, and is no slower than that
 */
public record ScrubConfig(long bytesPerSecond, long intervalNs, long repairWaitNs, long recheckBytesPerSecond) {
    private static final long REPAIR_WAIT_NS = 10_000_000_000L;
    private static final long RECHECK_BYTES_PER_SECOND = 64 << 20;

    public static final ScrubConfig OFF = new ScrubConfig(0, Long.MAX_VALUE);

    /** With the defaults of {@code scrub.repair_wait} and {@code scrub.recheck_bytes_per_second}. */
    public ScrubConfig(long bytesPerSecond, long intervalNs) {
        this(bytesPerSecond, intervalNs, REPAIR_WAIT_NS, RECHECK_BYTES_PER_SECOND);
    }
}
