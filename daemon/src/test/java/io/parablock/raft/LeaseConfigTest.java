package io.parablock.raft;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The length of a lease against clocks that drift in opposite directions (protocol.md §8). */
class LeaseConfigTest {
    private static final long MS = 1_000_000L;
    private static final long TIMEOUT_NS = 300 * MS;

    /** True time until a clock at this rate shows so much. */
    private static double trueNs(long clockNs, double rate) {
        return clockNs / rate;
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 100, 10_000, 50_000, 200_000})
    void shouldEndBeforeTheFastestVoterMayVote(int ppm) {
        double d = ppm / 1e6;
        long lease = new LeaseConfig(true, ppm, 0).lengthNs(TIMEOUT_NS);
        assertThat(trueNs(lease, 1 - d)).isLessThanOrEqualTo(trueNs(TIMEOUT_NS, 1 + d));
        assertThat(lease).isPositive();
    }

    @Test
    void shouldNotBeCutByTheDriftOfOneClockOnly() {
        double d = 0.05;
        long tooLong = (long) (TIMEOUT_NS * (1 - d));
        assertThat(trueNs(tooLong, 1 - d))
                .as("T (1 - d) on a slow leader outlasts the refusal of a fast voter")
                .isGreaterThan(trueNs(TIMEOUT_NS, 1 + d));
    }

    @Test
    void shouldTakeTheClocksErrorOff() {
        assertThat(new LeaseConfig(true, 0, 15 * MS).lengthNs(TIMEOUT_NS)).isEqualTo(285 * MS);
        assertThat(new LeaseConfig(true, 0, 15 * MS).lengthNs(10 * MS)).isZero();
    }
}
