package io.parablock.simulator;

/** A node's monotonic clock: runs at its own speed and may jump ahead (a suspend), never back. */
final class NodeClock {
    private long anchorTimeNs;
    private long anchorClockNs;
    private long driftPpm;

    NodeClock(long startClockNs) {
        anchorClockNs = startClockNs;
    }

    long at(long timeNs) {
        long elapsed = timeNs - anchorTimeNs;
        return anchorClockNs + elapsed + elapsed / 1000 * driftPpm / 1000;
    }

    private void anchor(long timeNs) {
        anchorClockNs = at(timeNs);
        anchorTimeNs = timeNs;
    }

    void drift(long ppm, long nowNs) {
        anchor(nowNs);
        driftPpm = ppm;
    }

    void jump(long byNs, long nowNs) {
        anchor(nowNs);
        anchorClockNs += byNs;
    }
}
