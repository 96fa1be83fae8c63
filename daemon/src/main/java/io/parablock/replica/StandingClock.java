package io.parablock.replica;

import java.util.function.LongSupplier;

/**
 * A clock that stands still until it is told to run: whoever waits for others before it may do anything must not find its
 * timers expired then. Thread-safe.
 */
public final class StandingClock implements LongSupplier {
    private final LongSupplier nowNs;
    private final long standsAtNs;
    private volatile boolean runs;
    private long behindNs;

    /** @param nowNs monotonic */
    public StandingClock(LongSupplier nowNs) {
        this.nowNs = nowNs;
        this.standsAtNs = nowNs.getAsLong();
    }

    /** From here on time passes; again is harmless. */
    public synchronized void run() {
        if (!runs) {
            behindNs = nowNs.getAsLong() - standsAtNs;
            runs = true;
        }
    }

    @Override
    public long getAsLong() {
        return runs ? nowNs.getAsLong() - behindNs : standsAtNs;
    }
}
