package io.parablock.lookbehind;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.BitSet;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LookBehindBufferTest {
    private static final int SPAN = 64;

    private final LookBehindBuffer buffer = new LookBehindBuffer(SPAN);

    @Test
    void shouldLetSlotOneDependOnNothing() {
        assertThat(dependencies(1, 0, 4096, false, 0)).isEqualTo(bits());
        assertThat(dependencies(1, 0, 4096, true, 0)).isEqualTo(bits());
    }

    @Test
    void shouldDependOnOverlapsOnly() {
        buffer.put(1, 0, 512);
        buffer.put(2, 4096, 4096);
        buffer.put(3, 1024, 512);
        assertThat(dependencies(4, 3584, 512, false, 0)).isEqualTo(bits(0, 2));
        assertThat(dependencies(4, 8192, 512, false, 0)).isEqualTo(bits());
        assertThat(dependencies(4, 0, 0, false, 0)).isEqualTo(bits());
    }

    @Test
    void shouldTreatAnUnknownSlotAsBlocking() {
        buffer.put(1, 0, 512);
        buffer.put(3, 1 << 20, 512);
        assertThat(dependencies(4, 8192, 512, false, 0)).isEqualTo(bits(1));
        assertThat(dependencies(6, 8192, 512, false, 0)).isEqualTo(bits(0, 1, 3));
        buffer.put(2, 0, 0);
        assertThat(dependencies(4, 8192, 512, false, 0)).isEqualTo(bits());
    }

    @Test
    void shouldNotDependOnSlotsUpToTheFloor() {
        buffer.reset(10);
        buffer.put(10, 0, 512);
        assertThat(dependencies(11, 0, 512, false, 9)).isEqualTo(bits(0));
        assertThat(dependencies(11, 0, 512, false, 7)).isEqualTo(bits(0, 1, 2));
        assertThat(dependencies(11, 0, 512, false, 10)).isEqualTo(bits());
        assertThat(dependencies(11, 0, 512, true, Long.MAX_VALUE)).isEqualTo(bits());
    }

    @Test
    void shouldOrderABarrierAgainstEverything() {
        buffer.put(1, 0, 512);
        buffer.putBarrier(2);
        buffer.put(3, 4096, 512);
        assertThat(dependencies(4, 1 << 20, 512, false, 0)).isEqualTo(bits(1));
        assertThat(dependencies(4, 0, 0, true, 0)).isEqualTo(bits(0, 1, 2));
        assertThat(buffer.known(2)).isTrue();
        assertThat(Extent.overlaps(buffer.offset(2), buffer.length(2), 1 << 20, 512))
                .isTrue();
    }

    @Test
    void shouldTakeBackABarrierAsItReadsOut() {
        buffer.putBarrier(1);
        LookBehindBuffer copy = new LookBehindBuffer(SPAN);
        copy.put(1, buffer.offset(1), buffer.length(1));
        assertThat(copy.dependencies(2, 0, 0, false, 0, new long[1])).isTrue();
        copy.checkInvariants();
    }

    @Test
    void shouldForgetTheSlotThatTheSpanLeavesBehind() {
        for (int slot = 1; slot <= SPAN; slot++) {
            buffer.put(slot, slot * 4096L, 4096);
        }
        assertThat(dependencies(SPAN + 1, 4096, 4096, false, 0)).isEqualTo(bits(SPAN - 1));
        buffer.put(SPAN + 1, 0, 512);
        assertThat(buffer.known(1)).isFalse();
        assertThat(dependencies(SPAN + 2, 4096, 4096, false, 0)).isEqualTo(bits());
        buffer.put(1, 4096, 4096);
        assertThat(buffer.known(1)).isFalse();
        assertThat(dependencies(SPAN + 1, 1 << 30, 512, false, 0))
                .as("slot 1 is forgotten, so it blocks a slot that is asked about late")
                .isEqualTo(bits(SPAN - 1));
    }

    @Test
    void shouldReplaceAnExtent() {
        buffer.put(1, 0, 512);
        buffer.put(1, 4096, 512);
        assertThat(dependencies(2, 0, 512, false, 0)).isEqualTo(bits());
        assertThat(dependencies(2, 4096, 512, false, 0)).isEqualTo(bits(0));
        buffer.put(1, 0, 0);
        assertThat(dependencies(2, 4096, 512, false, 0)).isEqualTo(bits());
        buffer.checkInvariants();
    }

    @Test
    void shouldRefuseWhatMakesNoSense() {
        assertThatThrownBy(() -> new LookBehindBuffer(32)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new LookBehindBuffer(96)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new LookBehindBuffer(8192)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> buffer.put(0, 0, 512)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> buffer.put(1, -512, 512)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> buffer.offset(1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> buffer.dependencies(1, 0, 512, false, 0, new long[2]))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(ints = {64, 128, 1024, 4096})
    void shouldAgreeWithComparingEverySlotOfTheSpan(int span) {
        for (int seed = 0; seed < Math.max(4, 3000 / span); seed++) {
            Random random = new Random(seed);
            LookBehindBuffer tested = new LookBehindBuffer(span);
            Model model = new Model(span);
            int blocks = 1 << (2 + random.nextInt(12));
            // From slots in order and nothing unknown, to slots anywhere and hardly any known.
            int disorder = 1 + random.nextInt(1 + seed % 4 * span / 2);
            for (int step = 0; step < 3 * span; step++) {
                change(tested, model, random, blocks, disorder);
                compare(tested, model, random, blocks);
                if (step % span == 0) {
                    tested.checkInvariants();
                }
            }
            tested.checkInvariants();
        }
    }

    private static void change(LookBehindBuffer tested, Model model, Random random, int blocks, int disorder) {
        if (random.nextInt(2000) == 0) {
            long nextSlot = 1 + model.highest + random.nextInt(2 * model.span);
            tested.reset(nextSlot);
            model.reset(nextSlot);
        }
        long slot = Math.max(1, model.highest + 1 + (disorder == 1 ? 0 : random.nextInt(disorder) - disorder / 2));
        if (random.nextInt(4 * model.span) == 0) {
            slot += model.span * 3L / 2;
        }
        long[] extent = ConflictIndexTest.randomExtent(random, blocks);
        if (random.nextInt(40) == 0) {
            tested.putBarrier(slot);
            extent = new long[] {0, Long.MAX_VALUE};
        } else {
            tested.put(slot, extent[0], extent[1]);
        }
        model.put(slot, extent);
    }

    private static void compare(LookBehindBuffer tested, Model model, Random random, int blocks) {
        assertThat(tested.highest()).isEqualTo(model.highest);
        long slot = model.highest + 1;
        if (random.nextInt(2) == 0) {
            slot = Math.max(1, slot + random.nextInt(3 * model.span) - 3L * model.span / 2);
        }
        assertThat(tested.known(slot)).isEqualTo(model.extents.containsKey(slot));
        if (tested.known(slot)) {
            assertThat(new long[] {tested.offset(slot), tested.length(slot)}).isEqualTo(model.extents.get(slot));
        }
        long[] extent = ConflictIndexTest.randomExtent(random, blocks);
        boolean barrier = random.nextInt(20) == 0;
        long floor = random.nextInt(3) == 0 ? 0 : slot - random.nextInt(2 * model.span);
        // What an earlier call left behind must not matter.
        long[] words = random.longs(model.span / 64).toArray();
        boolean any = tested.dependencies(slot, extent[0], extent[1], barrier, floor, words);
        BitSet expected = model.dependencies(slot, extent, barrier, floor);
        assertThat(BitSet.valueOf(words)).isEqualTo(expected);
        assertThat(any).isEqualTo(!expected.isEmpty());
    }

    private BitSet dependencies(long slot, long offsetBytes, long lengthBytes, boolean barrier, long floor) {
        long[] words = {-1};
        boolean any = buffer.dependencies(slot, offsetBytes, lengthBytes, barrier, floor, words);
        assertThat(any).isEqualTo(words[0] != 0);
        return BitSet.valueOf(words);
    }

    private static BitSet bits(int... set) {
        BitSet bits = new BitSet();
        for (int bit : set) {
            bits.set(bit);
        }
        return bits;
    }

    private static final class Model {
        final int span;
        final TreeMap<Long, long[]> extents = new TreeMap<>();
        long highest;

        Model(int span) {
            this.span = span;
        }

        void reset(long nextSlot) {
            extents.clear();
            highest = nextSlot - 1;
        }

        void put(long slot, long[] extent) {
            highest = Math.max(highest, slot);
            extents.put(slot, extent);
            extents.headMap(highest - span, true).clear();
        }

        BitSet dependencies(long slot, long[] extent, boolean barrier, long floor) {
            BitSet bits = new BitSet();
            for (long j = Math.max(slot - span, Math.max(1, floor + 1)); j < slot; j++) {
                long[] earlier = extents.get(j);
                if (barrier
                        || earlier == null
                        || earlier[1] == Long.MAX_VALUE
                        || Extent.overlaps(earlier[0], earlier[1], extent[0], extent[1])) {
                    bits.set((int) (slot - 1 - j));
                }
            }
            return bits;
        }
    }
}
