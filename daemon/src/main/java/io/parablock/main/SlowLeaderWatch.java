package io.parablock.main;

/**
 * Whether this node should hand one group over because its own disk or event loop is slow. A pure state machine: time is an
 * input. It judges figures of about a second each.
 *
 * <pre>
 *            slow, and others are not              for long enough
 *   calm ───────────────────────────────► slow ─────────────────────► hand over ── led by another ──► back-off ──► calm
 *     ▲                                    │                            │                               (doubles)
 *     └──────────── one calm figure ───────┴────── still leads ─────────┘
 * </pre>
 *
 * <p>Two slow nodes do not play ping-pong: a log is compared with what the others need to acknowledge, which their own logs are
 * part of. Of an event loop nothing is known of the others; a node that has led for less than a back-off keeps the group
 * whatever its loop does, and each back-off is twice the one before, up to {@link #DOUBLINGS_MAX} times.
 */
final class SlowLeaderWatch {
    /** Named limit: a log is slow only if it needs more than so many times what the fastest other node needs. */
    static final int TIMES_OTHERS = 3;

    /** Named limit. */
    static final int DOUBLINGS_MAX = 4;

    private static final long NONE = Long.MIN_VALUE;

    /**
     * @param limitNs {@code raft.slow_leader.limit}; 0: never
     * @param forNs {@code raft.slow_leader.for}
     * @param backOffNs {@code raft.slow_leader.back_off}
     */
    record Limits(long limitNs, long forNs, long backOffNs) {}

    /**
     * Figures of the last second or so, nanoseconds; -1 for what is not known, because nothing was written.
     *
     * @param leads this node leads the group and takes requests
     * @param logNs what its log takes to make a record durable
     * @param othersNs what the fastest other node takes to acknowledge an entry
     * @param loopNs how late its event loop is, in the mean
     */
    record Figures(boolean leads, long logNs, long othersNs, long loopNs) {}

    /** What to do. */
    enum Verdict {
        NOTHING,
        /** The log is slow. */
        HAND_OVER_LOG,
        /** The event loop is. */
        HAND_OVER_LOOP,
        /** The log is slow for as long, and no other node is clearly faster. Told once in a back-off. */
        STAY
    }

    private final Limits limits;
    private long leadsSinceNs = NONE;
    private long logSlowSinceNs = NONE;
    private long loopSlowSinceNs = NONE;
    private long overLimitSinceNs = NONE;
    private long askedNs = NONE;
    private long backOffEndsNs = NONE;
    private long stayToldNs = NONE;
    private int doublings;

    SlowLeaderWatch(Limits limits) {
        this.limits = limits;
    }

    /** @param nowNs monotonic */
    Verdict next(long nowNs, Figures f) {
        if (limits.limitNs == 0) {
            return Verdict.NOTHING;
        }
        if (!f.leads) {
            onNotLeading(nowNs);
            return Verdict.NOTHING;
        }
        if (leadsSinceNs == NONE) {
            leadsSinceNs = nowNs;
        }
        boolean overLimit = f.logNs > limits.limitNs;
        boolean logSlow = overLimit && f.othersNs >= 0 && f.logNs > TIMES_OTHERS * f.othersNs;
        overLimitSinceNs = since(overLimit, overLimitSinceNs, nowNs);
        logSlowSinceNs = since(logSlow, logSlowSinceNs, nowNs);
        loopSlowSinceNs = since(f.loopNs > limits.limitNs, loopSlowSinceNs, nowNs);
        boolean backsOff = backOffEndsNs != NONE && nowNs < backOffEndsNs;
        if (isLong(logSlowSinceNs, nowNs) && !backsOff) {
            return ask(Verdict.HAND_OVER_LOG, nowNs);
        }
        boolean ledLong = nowNs - leadsSinceNs >= limits.backOffNs;
        if (isLong(loopSlowSinceNs, nowNs) && !backsOff && ledLong) {
            return ask(Verdict.HAND_OVER_LOOP, nowNs);
        }
        boolean toldLately = stayToldNs != NONE && nowNs - stayToldNs < limits.backOffNs;
        if (isLong(overLimitSinceNs, nowNs) && logSlowSinceNs == NONE && f.othersNs >= 0 && !toldLately) {
            stayToldNs = nowNs;
            return Verdict.STAY;
        }
        return Verdict.NOTHING;
    }

    private static long since(boolean slow, long before, long nowNs) {
        return !slow ? NONE : before == NONE ? nowNs : before;
    }

    private boolean isLong(long sinceNs, long nowNs) {
        return sinceNs != NONE && nowNs - sinceNs >= limits.forNs;
    }

    /** If nobody takes over, it asks again after as long. */
    private Verdict ask(Verdict verdict, long nowNs) {
        askedNs = nowNs;
        logSlowSinceNs = NONE;
        loopSlowSinceNs = NONE;
        return verdict;
    }

    private void onNotLeading(long nowNs) {
        if (askedNs != NONE) {
            boolean again = backOffEndsNs != NONE && nowNs - backOffEndsNs < (limits.backOffNs << DOUBLINGS_MAX);
            doublings = again ? Math.min(doublings + 1, DOUBLINGS_MAX) : 0;
            backOffEndsNs = nowNs + (limits.backOffNs << doublings);
        }
        askedNs = NONE;
        leadsSinceNs = NONE;
        logSlowSinceNs = NONE;
        loopSlowSinceNs = NONE;
        overLimitSinceNs = NONE;
    }
}
