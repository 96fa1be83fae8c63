package io.parablock.health;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Two clocks, in virtual time. */
class ClockProbeTest {
    private static final long MS = 1_000_000;
    private static final long LIMIT_NS = 500 * MS;

    private long wallMs = 1_790_000_000_000L;
    private long nowNs = 77;
    private final ClockProbe probe = new ClockProbe(() -> wallMs, () -> nowNs);

    private long after(long wall, long monotonicMs) {
        wallMs += wall;
        nowNs += monotonicMs * MS;
        return probe.sample(LIMIT_NS);
    }

    @Test
    void shouldTellThatTheClockHasJumpedAndBackAgain() {
        assertThat(probe.sample(LIMIT_NS)).isZero();
        assertThat(after(5_000, 5_000)).isZero();
        assertThat(after(1_400, 1_000)).as("slewed").isZero();
        assertThat(after(4_000, 1_000)).isEqualTo(3_000);
        assertThat(after(1_000, 1_000)).isZero();
        assertThat(after(-9_000, 1_000)).isEqualTo(-10_000);
        assertThat(probe.jumps()).isEqualTo(2);
    }

    /** A clock that is slewed for long moves far, and never jumps. */
    @Test
    void shouldNotAddUpASlew() {
        assertThat(probe.sample(LIMIT_NS)).isZero();
        for (int i = 0; i < 100; i++) {
            assertThat(after(1_100, 1_000)).isZero();
        }
        assertThat(probe.warning()).isNull();
    }

    /** A late look is no jump. */
    @Test
    void shouldNotMindAPause() {
        assertThat(probe.sample(LIMIT_NS)).isZero();
        assertThat(after(60_000, 60_000)).isZero();
    }
}
