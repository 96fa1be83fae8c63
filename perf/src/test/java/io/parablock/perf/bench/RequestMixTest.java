package io.parablock.perf.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RequestMixTest {
    private static final int DRAWS = 400_000;

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 1000, 16384})
    void shouldPickBlocksAsOftenAsTheirRankSays(int blocks) {
        ZipfBlocks zipf = new ZipfBlocks(blocks, 7);
        int[] picked = new int[blocks];
        SplittableRandom random = new SplittableRandom(3);
        for (int i = 0; i < DRAWS; i++) {
            picked[zipf.next(random)]++;
        }
        double sum = 0;
        for (int rank = 1; rank <= blocks; rank++) {
            sum += Math.pow(rank, -0.99);
        }
        for (int rank = 0; rank < Math.min(blocks, 20); rank++) {
            double expected = DRAWS * Math.pow(rank + 1, -0.99) / sum;
            assertThat((double) picked[zipf.blockOfRank(rank)])
                    .as("rank %d of %d", rank, blocks)
                    .isCloseTo(expected, within(6 * Math.sqrt(expected) + 1));
        }
        int upperHalf = 0;
        for (int rank = blocks / 2; rank < blocks; rank++) {
            upperHalf += picked[zipf.blockOfRank(rank)];
        }
        assertThat(upperHalf).as("blocks of low rank are picked too").isPositive();
    }

    @Test
    void shouldScatterPopularBlocks() {
        ZipfBlocks zipf = new ZipfBlocks(16384, 7);
        int neighbours = 0;
        for (int rank = 1; rank < 64; rank++) {
            neighbours += Math.abs(zipf.blockOfRank(rank) - zipf.blockOfRank(rank - 1)) == 1 ? 1 : 0;
        }
        assertThat(neighbours).isLessThan(3);
    }

    @Test
    void shouldSendTheOverlappingShareOfWritesToTheHotBlocks() {
        // The scenario's share, not that of the settings.
        BenchSettings settings = settings(25, 0, 8);
        RequestMix mix = new RequestMix(settings, 40, null, 11);
        int reads = 0;
        int hotWrites = 0;
        int hotReads = 0;
        for (int i = 0; i < DRAWS; i++) {
            boolean read = mix.nextIsRead();
            boolean hot = mix.nextBlock(read) < 8;
            reads += read ? 1 : 0;
            hotWrites += hot && !read ? 1 : 0;
            hotReads += hot && read ? 1 : 0;
        }
        assertThat(reads / (double) DRAWS).isCloseTo(0.25, within(0.01));
        assertThat(hotWrites / (double) (DRAWS - reads)).isCloseTo(0.4, within(0.01));
        assertThat(hotReads / (double) reads).as("reads go everywhere").isLessThan(0.02);
    }

    @Test
    void shouldDecideTheSameForTheSameSeed() {
        RequestMix one = new RequestMix(settings(50, 10, 8), 10, null, 11);
        RequestMix other = new RequestMix(settings(50, 10, 8), 10, null, 11);
        for (int i = 0; i < 1000; i++) {
            boolean read = one.nextIsRead();
            assertThat(other.nextIsRead()).isEqualTo(read);
            assertThat(other.nextBlock(read)).isEqualTo(one.nextBlock(read)).isBetween(0, 16383);
        }
    }

    private static BenchSettings settings(int readPercent, int overlapPercent, int hotBlocks) {
        return BenchReportTest.settings(readPercent, overlapPercent, hotBlocks, LoadShape.closed(1));
    }
}
