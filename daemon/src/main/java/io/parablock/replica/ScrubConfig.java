package io.parablock.replica;

/**
 * How a replica reads its own disk in the background.
 *
 * @param bytesPerSecond {@code scrub.bytes_per_second}, this replica's share of it; 0: not at all
 * @param intervalNs {@code scrub.interval}: time between the starts of two rounds; a round that takes longer is followed by the
 *     next one
 */
public record ScrubConfig(long bytesPerSecond, long intervalNs) {
    public static final ScrubConfig OFF = new ScrubConfig(0, Long.MAX_VALUE);
}
