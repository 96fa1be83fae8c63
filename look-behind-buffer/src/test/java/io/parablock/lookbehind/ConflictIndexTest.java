package io.parablock.lookbehind;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConflictIndexTest {
    @Test
    void shouldFindSectorsOfTheSameBlock() {
        ConflictIndex index = new ConflictIndex(4);
        index.add(7, 0, 512);
        assertThat(index.overlapsAny(3584, 512)).isTrue();
        assertThat(index.overlapsAny(4096, 512)).isFalse();
    }

    @Test
    void shouldNotKeepAnEmptyExtent() {
        ConflictIndex index = new ConflictIndex(1);
        index.add(1, 4096, 0);
        assertThat(index.size()).isZero();
        assertThat(index.remove(1)).isFalse();
        index.add(1, 4096, 4096);
        assertThat(index.overlapsAny(4096, 0)).isFalse();
        assertThat(overlapping(index, 4096, 0)).isEmpty();
    }

    @Test
    void shouldRefuseAThirdOfTwoAndASecondOfOne() {
        ConflictIndex index = new ConflictIndex(2);
        index.add(1, 0, 512);
        assertThatThrownBy(() -> index.add(1, 0, 512)).isInstanceOf(IllegalStateException.class);
        index.add(2, 0, 512);
        assertThatThrownBy(() -> index.add(3, 0, 512)).isInstanceOf(IllegalStateException.class);
        assertThat(index.size()).isEqualTo(2);
        assertThat(index.remove(1)).isTrue();
        index.add(3, 0, 512);
        assertThat(overlapping(index, 0, 512)).containsExactly(2L, 3L);
        index.checkInvariants();
    }

    @Test
    void shouldRefuseWhatIsNoExtent() {
        ConflictIndex index = new ConflictIndex(2);
        assertThatThrownBy(() -> index.add(1, -1, 512)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> index.add(1, 0, -1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> index.add(1, 512, Long.MAX_VALUE)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void shouldFindTheLongExtentBehindManyShortOnes() {
        ConflictIndex index = new ConflictIndex(1024);
        index.add(1, 0, Long.MAX_VALUE);
        for (int slot = 2; slot <= 1024; slot++) {
            index.add(slot, slot * 4096L, 4096);
        }
        assertThat(overlapping(index, 1L << 40, 4096)).containsExactly(1L);
        assertThat(overlapping(index, 500 * 4096L, 4096)).containsExactly(1L, 500L);
        assertThat(index.remove(1)).isTrue();
        assertThat(index.overlapsAny(1L << 40, 4096)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 8, 64, 1024})
    void shouldAgreeWithComparingEveryPair(int capacity) {
        int seeds = capacity > 64 ? 8 : 60;
        for (int seed = 0; seed < seeds; seed++) {
            Random random = new Random(seed);
            ConflictIndex index = new ConflictIndex(capacity);
            Map<Long, long[]> model = new TreeMap<>();
            int blocks = 1 << random.nextInt(12);
            // Some histories use neighbouring slots, others distant ones that share cells of the slot table.
            long stride = seed % 3 == 0 ? 1L << 32 : 1;
            for (int step = 0; step < 2000; step++) {
                long slot = stride * (1 + random.nextInt(2 * capacity));
                if (model.containsKey(slot) || model.size() == capacity) {
                    assertThat(index.remove(slot)).isEqualTo(model.remove(slot) != null);
                } else {
                    long[] extent = randomExtent(random, blocks);
                    index.add(slot, extent[0], extent[1]);
                    if (extent[1] != 0) {
                        model.put(slot, extent);
                    }
                }
                compare(index, model, randomExtent(random, blocks));
                if (step % 64 == 0) {
                    index.checkInvariants();
                }
            }
            index.clear();
            model.clear();
            index.checkInvariants();
            compare(index, model, new long[] {0, Long.MAX_VALUE});
        }
    }

    private static void compare(ConflictIndex index, Map<Long, long[]> model, long[] probe) {
        List<Long> expected = new ArrayList<>();
        model.forEach((slot, extent) -> {
            if (Extent.overlaps(extent[0], extent[1], probe[0], probe[1])) {
                expected.add(slot);
            }
        });
        assertThat(overlapping(index, probe[0], probe[1])).isEqualTo(expected);
        assertThat(index.overlapsAny(probe[0], probe[1])).isEqualTo(!expected.isEmpty());
        assertThat(index.size()).isEqualTo(model.size());
    }

    private static List<Long> overlapping(ConflictIndex index, long offsetBytes, long lengthBytes) {
        List<Long> found = new ArrayList<>();
        index.forEachOverlap(offsetBytes, lengthBytes, found::add);
        found.sort(null);
        return found;
    }

    /** Mostly short, at times empty, long or not aligned to anything. */
    static long[] randomExtent(Random random, int blocks) {
        long offset = random.nextInt(blocks * 8) * 512L;
        return switch (random.nextInt(10)) {
            case 0 -> new long[] {offset, 0};
            case 1 -> new long[] {offset, 1 + random.nextInt(blocks * 4096)};
            case 2 -> new long[] {offset + random.nextInt(512), 1 + random.nextInt(5000)};
            case 3, 4, 5 -> new long[] {offset, 512};
            default -> new long[] {offset, 4096};
        };
    }
}
