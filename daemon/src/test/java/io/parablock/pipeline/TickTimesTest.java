package io.parablock.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TickTimesTest {
    @ParameterizedTest
    @ValueSource(longs = {0, 1, 4_999_999, 5_000_000, 17_000_000, -1, -5_000_000})
    void shouldComeToQuietTicksOnTicksOfAll(long nowNs) {
        long quietNs = TickTimes.untilNs(nowNs, 20_000_000);
        assertThat(quietNs).isBetween(1L, 20_000_000L);
        assertThat(Math.floorMod(nowNs + quietNs, 20_000_000L)).isZero();
        long next = nowNs + TickTimes.untilNs(nowNs, 5_000_000);
        assertThat(Math.floorMod(next, 5_000_000L)).isZero();
    }
}
