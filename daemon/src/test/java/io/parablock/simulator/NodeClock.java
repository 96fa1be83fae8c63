package io.parablock.simulator;

import java.util.function.LongSupplier;

/**
 * A node's monotonic clock: runs at its own speed, stands still in a suspend, and may jump ahead, never back. The clock that
 * counts suspends has steps of a hundredth of a second, as the kernel's uptime.
 */
final class NodeClock {
    private static final long UPTIME_STEP_NS = 10 * Simulation.MS;

    private long anchorTimeNs;
    private long anchorClockNs;
    private long driftPpm;
    private long suspendedNs;

    NodeClock(long startClockNs) {
        anchorClockNs = startClockNs;
    }

    long at(long timeNs) {
        // Before the anchor the machine is suspended.
        long elapsed = Math.max(0, timeNs - anchorTimeNs);
        return anchorClockNs + elapsed + elapsed / 1000 * driftPpm / 1000;
    }

    private void anchor(long timeNs) {
        if (timeNs > anchorTimeNs) {
            anchorClockNs = at(timeNs);
            anchorTimeNs = timeNs;
        }
    }

    void drift(long ppm, long nowNs) {
        anchor(nowNs);
        driftPpm = ppm;
    }

    void jump(long byNs, long nowNs) {
        anchor(nowNs);
        anchorClockNs += byNs;
    }

    /** The machine sleeps from now on. */
    void suspend(long forNs, long nowNs) {
        anchor(nowNs);
        long untilNs = Math.max(anchorTimeNs, nowNs + forNs);
        suspendedNs += untilNs - anchorTimeNs;
        anchorTimeNs = untilNs;
    }

    /** What a process sees of the suspends from its start on, as the production one does. */
    LongSupplier suspendedTime(LongSupplier clockNs) {
        long first = behindUptime(clockNs.getAsLong());
        long[] greatest = new long[1];
        return () -> {
            greatest[0] = Math.max(greatest[0], behindUptime(clockNs.getAsLong()) - first);
            return greatest[0];
        };
    }

    private long behindUptime(long clockNs) {
        return (clockNs + suspendedNs) / UPTIME_STEP_NS * UPTIME_STEP_NS - clockNs;
    }
}
