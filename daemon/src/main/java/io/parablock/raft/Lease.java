package io.parablock.raft;

/**
 * The leader's lease (protocol.md §8): while it holds, no other node can have been elected. It is counted from the moment at
 * which the round that a quorum answered was sent, on a clock that counts suspends. Voters keep their side by refusing votes
 * ({@link Election}).
 */
final class Lease {
    private static final int ROUNDS_REMEMBERED = 1024;
    private static final long NONE = Long.MIN_VALUE;

    private final CoreState state;
    private final long lengthNs;
    private final long[] sentNs = new long[ROUNDS_REMEMBERED];
    /** Only rounds after it are of this term. */
    private long firstRound;

    private long newestRound;
    private boolean renounced;
    private long untilNs = NONE;

    Lease(CoreState state) {
        this.state = state;
        this.lengthNs = state.config.lease().lengthNs(state.config.electionTimeoutNs());
    }

    boolean isEnabled() {
        return state.config.lease().enabled();
    }

    private long nowNs() {
        return state.nowNs + state.suspendedNs;
    }

    /** A new term: what earlier rounds confirmed counts for nothing. */
    void begin(long lastRound) {
        firstRound = lastRound;
        newestRound = lastRound;
        renounced = false;
        untilNs = NONE;
    }

    void onSent(long round) {
        newestRound = round;
        sentNs[(int) round & (ROUNDS_REMEMBERED - 1)] = nowNs();
    }

    /** A quorum has answered this round. */
    void onConfirmed(long round) {
        if (round > firstRound && newestRound - round < ROUNDS_REMEMBERED) {
            untilNs = Math.max(untilNs, sentNs[(int) round & (ROUNDS_REMEMBERED - 1)] + lengthNs);
        }
    }

    /** TimeoutNow is sent: another node may be elected at any moment from now on, in this whole term. */
    void renounce() {
        renounced = state.guards.leaseEndsWithTransfer;
    }

    boolean holds() {
        return isEnabled() && state.role == Role.LEADER && !renounced && nowNs() < untilNs;
    }
}
