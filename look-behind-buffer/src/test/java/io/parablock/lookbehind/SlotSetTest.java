package io.parablock.lookbehind;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SlotSetTest {
    private static final int SEEDS = 40;

    @Test
    void shouldHoldExactlyCapacitySlotsAboveTheWatermark() {
        SlotSet set = new SlotSet(4);
        set.reset(10);
        assertThat(set.canHold(14)).isTrue();
        assertThat(set.canHold(15)).isFalse();
        assertThat(set.add(14)).isTrue();
        assertThat(set.add(14)).isFalse();
        assertThat(set.add(10)).isFalse();
        assertThatThrownBy(() -> set.add(15)).isInstanceOf(IllegalArgumentException.class);
        assertThat(set.watermark()).isEqualTo(10);
        assertThat(set.highest()).isEqualTo(14);
    }

    @Test
    void shouldAdvanceOverWhatBecameContiguous() {
        SlotSet set = new SlotSet(4);
        set.add(2);
        set.add(3);
        set.add(4);
        assertThat(set.countAbove()).isEqualTo(3);
        set.add(1);
        assertThat(set.watermark()).isEqualTo(4);
        assertThat(set.highest()).isEqualTo(4);
        assertThat(set.countAbove()).isZero();
        assertThat(set.add(8)).isTrue();
    }

    @Test
    void shouldEndRangeLoopsWithoutAnythingLeft() {
        SlotSet set = new SlotSet(64);
        set.reset(100);
        assertThat(set.nextPresent(101)).isEqualTo(SlotSet.NONE);
        assertThat(set.nextPresent(Long.MAX_VALUE)).isEqualTo(SlotSet.NONE);
        set.add(130);
        assertThat(set.nextPresent(101)).isEqualTo(130);
        assertThat(set.nextPresent(101, 129)).isEqualTo(SlotSet.NONE);
        assertThat(set.nextPresent(50, 129)).isEqualTo(50);
        assertThat(set.nextAbsent(1)).isEqualTo(101);
        assertThat(set.nextAbsent(130)).isEqualTo(131);
        assertThat(set.nextAbsent(1000)).isEqualTo(1000);
    }

    @Test
    void shouldRefuseACapacityThatIsNoPowerOfTwo() {
        for (int capacity : new int[] {-1, 0, 3, 100, Integer.MIN_VALUE}) {
            assertThatThrownBy(() -> new SlotSet(capacity)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4, 8, 32, 64, 128, 1024})
    void shouldAgreeWithATreeSet(int capacity) {
        for (int seed = 0; seed < SEEDS; seed++) {
            Random random = new Random(seed);
            SlotSet set = new SlotSet(capacity);
            long start = random.nextInt(3) * 1000L;
            set.reset(start);
            Model model = new Model(start);
            for (int step = 0; step < 400; step++) {
                // A narrow reach keeps the watermark moving, a wide one keeps holes open.
                int reach = random.nextInt(4) == 0 ? capacity : Math.min(capacity, 1 + seed % 8);
                long slot = model.watermark + 1 + random.nextInt(reach);
                // At times a run that fills whole words.
                long last = random.nextInt(20) == 0 ? slot + random.nextInt(capacity) : slot;
                for (last = Math.min(last, model.watermark + capacity); slot <= last; slot++) {
                    assertThat(set.add(slot)).isEqualTo(model.add(slot));
                }
                compare(set, model, capacity, random);
                if (random.nextInt(150) == 0) {
                    long to = model.watermark + random.nextInt(2 * capacity);
                    set.reset(to);
                    model = new Model(to);
                }
            }
        }
    }

    private static void compare(SlotSet set, Model model, int capacity, Random random) {
        assertThat(set.watermark()).isEqualTo(model.watermark);
        assertThat(set.countAbove()).isEqualTo(model.above.size());
        assertThat(set.highest()).isEqualTo(model.above.isEmpty() ? model.watermark : model.above.last());
        for (int i = 0; i < 4; i++) {
            long slot = model.watermark - 2 + random.nextInt(capacity + 5);
            assertThat(set.contains(slot)).isEqualTo(model.contains(slot));
            assertThat(set.canHold(slot)).isEqualTo(slot <= model.watermark + capacity);
            long absent = slot;
            while (model.contains(absent)) {
                absent++;
            }
            assertThat(set.nextAbsent(slot)).isEqualTo(absent);
            Long above = model.above.ceiling(slot);
            long present = slot <= model.watermark ? slot : above == null ? SlotSet.NONE : above;
            assertThat(set.nextPresent(slot)).isEqualTo(present);
        }
        List<Long> visited = new ArrayList<>();
        long[] previousLast = {model.watermark};
        set.forEachRunAbove((first, last) -> {
            assertThat(first).isGreaterThan(previousLast[0] + 1);
            previousLast[0] = last;
            for (long slot = first; slot <= last; slot++) {
                visited.add(slot);
            }
        });
        assertThat(visited).containsExactlyElementsOf(model.above);
    }

    private static final class Model {
        final TreeSet<Long> above = new TreeSet<>();
        long watermark;

        Model(long watermark) {
            this.watermark = watermark;
        }

        boolean contains(long slot) {
            return slot <= watermark || above.contains(slot);
        }

        boolean add(long slot) {
            boolean added = slot > watermark && above.add(slot);
            while (above.remove(watermark + 1)) {
                watermark++;
            }
            return added;
        }
    }
}
