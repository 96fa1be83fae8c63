package io.parablock.pipeline;

import java.util.concurrent.TimeUnit;

/**
 * When the ticks of this process come: all of its groups' at the same moments, so that an idle processor is woken once for
 * all of them; not at those of another process on the same machine.
 */
public final class TickTimes {
    private static final long TICK_NS = TimeUnit.MILLISECONDS.toNanos(PipelineConfig.TICK_INTERVAL_MS);
    private static final long QUIET_NS = TimeUnit.MILLISECONDS.toNanos(PipelineConfig.QUIET_TICK_INTERVAL_MS);
    private static final long ORIGIN_NS = System.nanoTime();

    private TickTimes() {}

    /** Nanoseconds from now to the next tick. Any thread. */
    static long nextNs(boolean quiet) {
        return untilNs(System.nanoTime() - ORIGIN_NS, quiet ? QUIET_NS : TICK_NS);
    }

    /** Nanoseconds from now to a moment at which all tick, quiet or not. Any thread. */
    public static long nextQuietNs() {
        return nextNs(true);
    }

    static long untilNs(long nowNs, long intervalNs) {
        return intervalNs - Math.floorMod(nowNs, intervalNs);
    }
}
