package io.parablock.lookbehind;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class ExtentTest {
    @Test
    void shouldRoundOutToWholeBlocks() {
        assertThat(Extent.firstBlock(4095)).isZero();
        assertThat(Extent.firstBlock(4096)).isEqualTo(1);
        assertThat(Extent.endBlock(0, 1)).isEqualTo(1);
        assertThat(Extent.endBlock(0, 4096)).isEqualTo(1);
        assertThat(Extent.endBlock(0, 4097)).isEqualTo(2);
        assertThat(Extent.endBlock(4095, 2)).isEqualTo(2);
    }

    @Test
    void shouldLetSectorsOfOneBlockOverlap() {
        assertThat(Extent.overlaps(0, Extent.SECTOR_BYTES, 3584, Extent.SECTOR_BYTES))
                .isTrue();
        assertThat(Extent.overlaps(3584, Extent.SECTOR_BYTES, 4096, Extent.SECTOR_BYTES))
                .isFalse();
    }

    @Test
    void shouldLetAnEmptyExtentOverlapNothing() {
        assertThat(Extent.endBlock(5000, 0)).isEqualTo(Extent.firstBlock(5000));
        assertThat(Extent.overlaps(5000, 0, 0, 1 << 20)).isFalse();
        assertThat(Extent.overlaps(0, 1 << 20, 5000, 0)).isFalse();
        assertThat(Extent.overlaps(0, 0, 0, 0)).isFalse();
    }

    @Test
    void shouldReachTheEndOfTheAddressSpace() {
        long last = Long.MAX_VALUE - 512;
        assertThat(Extent.overlaps(0, Long.MAX_VALUE, last, 512)).isTrue();
        assertThat(Extent.overlaps(last, 512, last - 4096, 512)).isFalse();
    }

    @Test
    void shouldAgreeWithComparingBlockByBlock() {
        Random random = new Random(1);
        for (int i = 0; i < 20_000; i++) {
            int offsetA = random.nextInt(40) * 512;
            int lengthA = random.nextInt(24) * 512;
            int offsetB = random.nextInt(40) * 512;
            int lengthB = random.nextInt(24) * 512;
            boolean expected = false;
            for (int block = 0; block < 10; block++) {
                expected |= touches(offsetA, lengthA, block) && touches(offsetB, lengthB, block);
            }
            assertThat(Extent.overlaps(offsetA, lengthA, offsetB, lengthB))
                    .as("%d+%d, %d+%d", offsetA, lengthA, offsetB, lengthB)
                    .isEqualTo(expected);
        }
    }

    private static boolean touches(int offset, int length, int block) {
        for (int at = offset; at < offset + length; at += 512) {
            if (at / 4096 == block) {
                return true;
            }
        }
        return false;
    }
}
