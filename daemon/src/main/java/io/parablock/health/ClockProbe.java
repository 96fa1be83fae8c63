package io.parablock.health;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Compares the wall clock with the one that only goes forward. A step of NTP, a clock set by hand and a machine that was
 * suspended show; a process that stood still does not, for both clocks went on. Not thread-safe.
 */
final class ClockProbe {
    /** For so long a jump is told. */
    static final long TOLD_NS = 600_000_000_000L;

    private static final long MS_NS = 1_000_000;

    private final LongSupplier wallMs;
    private final LongSupplier nanoTime;
    private boolean begun;
    private long differenceMs;
    private long jumps;
    private long lastNs;
    private @Nullable String last;

    ClockProbe(LongSupplier wallMs, LongSupplier nanoTime) {
        this.wallMs = wallMs;
        this.nanoTime = nanoTime;
    }

    /**
     * @param limitNs health.clock_jump; 0 switches it off
     * @return by how much it has jumped since the last call, milliseconds, negative if back; 0 if it has not
     */
    long sample(long limitNs) {
        long nowNs = nanoTime.getAsLong();
        long wall = wallMs.getAsLong();
        long difference = wall - nowNs / MS_NS;
        long jumpMs = difference - differenceMs;
        boolean first = !begun;
        begun = true;
        differenceMs = difference;
        if (first || limitNs == 0 || Math.abs(jumpMs) * MS_NS <= limitNs) {
            return 0;
        }
        jumps++;
        lastNs = nowNs;
        last = String.format(
                Locale.ROOT,
                "the wall clock went %.1f s %s at %s: it was set, or the machine was suspended",
                Math.abs(jumpMs) / 1000.0,
                jumpMs > 0 ? "forward" : "back",
                Instant.ofEpochMilli(wall).truncatedTo(ChronoUnit.SECONDS));
        return jumpMs;
    }

    /** Since the start of the process. */
    long jumps() {
        return jumps;
    }

    /** The last jump in words, or null if there was none for long. */
    @Nullable
    String warning() {
        return last == null || nanoTime.getAsLong() - lastNs > TOLD_NS ? null : last;
    }
}
