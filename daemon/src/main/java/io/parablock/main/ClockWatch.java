package io.parablock.main;

/** Whether the system's clock was set, or the machine suspended. A pure state machine. */
final class ClockWatch {
    /** Named limit: what a slewed clock and a late look may differ by. */
    static final long JUMP_MS_MIN = 1_000;

    private static final long NS_PER_MS = 1_000_000;

    private final long monotonicStartNs;
    private long wallOfStartMs;

    /** @param wallMs since 1970; {@code monotonicNs} at the same moment */
    ClockWatch(long wallMs, long monotonicNs) {
        this.wallOfStartMs = wallMs;
        this.monotonicStartNs = monotonicNs;
    }

    /** @return by how much it has jumped since the last call, milliseconds, negative if backwards; 0 if it has not */
    long next(long wallMs, long monotonicNs) {
        long by = wallMs - (wallOfStartMs + (monotonicNs - monotonicStartNs) / NS_PER_MS);
        if (Math.abs(by) < JUMP_MS_MIN) {
            return 0;
        }
        wallOfStartMs += by;
        return by;
    }
}
