package io.parablock.lookbehind;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** These structures are on the path of every write: after construction they allocate nothing. */
class AllocationTest {
    private static final int OPERATIONS = 100_000;
    /** Room for what the JVM itself charges to the thread; far below one object per operation. */
    private static final long ALLOWED_BYTES = 64 * 1024;

    private static final int SPAN = 256;

    private final long[] offsets =
            new Random(1).longs(OPERATIONS, 0, 4096).map(block -> block * 4096).toArray();
    private long visited;

    @Test
    void shouldNotAllocateInTheLookBehindBuffer() {
        LookBehindBuffer buffer = new LookBehindBuffer(SPAN);
        long[] words = new long[SPAN / 64];
        assertAllocatesNothing(() -> {
            buffer.reset(1);
            for (int i = 0; i < OPERATIONS; i++) {
                buffer.dependencies(i + 1, offsets[i], 8192, i % 1000 == 0, i - SPAN, words);
                buffer.put(i + 1, offsets[i], 8192);
            }
        });
    }

    @Test
    void shouldNotAllocateInTheConflictIndex() {
        ConflictIndex index = new ConflictIndex(SPAN);
        SlotConsumer count = slot -> visited++;
        assertAllocatesNothing(() -> {
            index.clear();
            for (int i = 0; i < OPERATIONS; i++) {
                index.remove(i - SPAN);
                index.forEachOverlap(offsets[i], 8192, count);
                visited += index.overlapsAny(offsets[i], 512) ? 1 : 0;
                index.add(i, offsets[i], 8192);
            }
        });
        assertThat(visited).isPositive();
    }

    @Test
    void shouldNotAllocateInTheSlotSet() {
        SlotSet set = new SlotSet(SPAN);
        RunConsumer count = (first, last) -> visited += last - first + 1;
        assertAllocatesNothing(() -> {
            set.reset(0);
            for (int slot = 1; slot + 1 <= OPERATIONS; slot += 2) {
                set.add(slot + 1);
                set.forEachRunAbove(count);
                visited += set.nextPresent(slot, slot + 9) + set.nextAbsent(slot);
                set.add(slot);
            }
        });
        assertThat(visited).isPositive();
    }

    private static void assertAllocatesNothing(Runnable operations) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        // The first round loads classes and links call sites.
        operations.run();
        threads.getCurrentThreadAllocatedBytes();
        long before = threads.getCurrentThreadAllocatedBytes();
        operations.run();
        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(ALLOWED_BYTES);
    }
}
