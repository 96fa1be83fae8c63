package io.parablock.replica;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DamagedRangesTest {
    @Test
    void shouldSayOnceThatSomethingDidNotFit() {
        DamagedRanges ranges = new DamagedRanges(4);
        for (int i = 0; i < 4; i++) {
            assertThat(ranges.hasRoom()).isEqualTo(i <= 2);
            assertThat(ranges.add(i * 2048L, 512)).isEqualTo(512);
        }
        assertThat(ranges.takeDropped()).isFalse();
        assertThat(ranges.add(512, 512)).as("one that joins another one").isEqualTo(512);
        assertThat(ranges.takeDropped()).isFalse();
        assertThat(ranges.add(65536, 512)).isZero();
        assertThat(ranges.takeDropped()).isTrue();
        assertThat(ranges.takeDropped()).isFalse();
        ranges.remove(0, 65536);
        assertThat(ranges.hasRoom()).isTrue();
    }
}
