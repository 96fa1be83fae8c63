package io.parablock.perf;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class RoundMediansTest {
    @Test
    void shouldTakeTheMiddle() {
        assertThat(RoundMedians.median(new double[] {90, 10, 40})).isEqualTo(40);
        assertThat(RoundMedians.median(List.of(40.0, 10.0), value -> value)).isEqualTo(25);
        assertThat(RoundMedians.median(new double[0])).isNaN();
    }

    @Test
    void shouldCompareWithinARound() {
        assertThat(RoundMedians.medianRatio(List.of(10.0, 40.0, 90.0), List.of(5.0, 40.0, 90.0), value -> value))
                .isEqualTo(1);
        assertThat(RoundMedians.medianRatio(List.of(10.0), List.of(), value -> value))
                .isNaN();
    }
}
