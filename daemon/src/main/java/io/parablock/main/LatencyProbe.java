package io.parablock.main;

import org.jspecify.annotations.Nullable;

/** Times one thing at a time: the next one that begins when nothing is timed. One thread begins, another one may end. */
final class LatencyProbe {
    private static final long IDLE = -1;

    /** What is timed. */
    private volatile long what = IDLE;

    /** Written before {@link #what}. */
    private volatile long beganNs;

    /** Of the same thing, if somebody records it; handed over with {@link #what}. */
    FlightEvents.@Nullable LogWrite flight;

    // Guarded by this.
    private long sumNs;
    private long count;

    boolean isIdle() {
        return what == IDLE;
    }

    boolean isTimed(long candidate) {
        return what == candidate;
    }

    /** What is timed, or negative. */
    long timed() {
        return what;
    }

    /** @param candidate not negative */
    void begin(long candidate, long nowNs) {
        beganNs = nowNs;
        what = candidate;
    }

    synchronized void end(long nowNs) {
        if (what != IDLE) {
            what = IDLE;
            sumNs += Math.max(0, nowNs - beganNs);
            count++;
        }
    }

    /** What is timed will not end, and what was timed counts no more. */
    synchronized void forget() {
        what = IDLE;
        sumNs = 0;
        count = 0;
    }

    /** Mean of what has ended since the last call, or the age of what has not, if that is more; -1 if there was nothing. */
    synchronized long take(long nowNs) {
        long mean = count == 0 ? -1 : sumNs / count;
        sumNs = 0;
        count = 0;
        return what == IDLE ? mean : Math.max(mean, nowNs - beganNs);
    }
}
