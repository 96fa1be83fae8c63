package io.parablock.raft;

/**
 * Reads by lease (protocol.md §8).
 *
 * @param enabled {@code reads=lease}; otherwise a quorum confirms every read
 * @param driftPpm {@code raft.clock_drift_ppm}: how much faster or slower than true time any node's clock runs at most
 * @param errorNs how much time a node's clock may lack because a suspend shows late or not at all
 */
public record LeaseConfig(boolean enabled, int driftPpm, long errorNs) {
    private static final long MILLION = 1_000_000;

    /** A quorum confirms every read. */
    public static final LeaseConfig OFF = new LeaseConfig(false, 0, 0);

    public LeaseConfig {
        if (driftPpm < 0 || driftPpm >= MILLION || errorNs < 0) {
            throw new IllegalArgumentException("drift of " + driftPpm + " ppm, clock error of " + errorNs + " ns");
        }
    }

    /**
     * How long a lease holds on the leader's clock. A voter whose clock runs at 1 + d refuses votes for T / (1 + d) of true
     * time; on a leader's clock that runs at 1 - d this is T (1 - d) / (1 + d).
     */
    public long lengthNs(long electionTimeoutNs) {
        long safe = electionTimeoutNs / (MILLION + driftPpm) * (MILLION - driftPpm);
        return Math.max(0, safe - errorNs);
    }
}
