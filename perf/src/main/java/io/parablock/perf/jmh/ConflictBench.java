package io.parablock.perf.jmh;

import io.parablock.lookbehind.ConflictIndex;
import io.parablock.lookbehind.Extent;
import io.parablock.lookbehind.SlotConsumer;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The conflict index with so many extents of one block on a volume of 4 GiB; blocks asked for are random, so that nearly none
 * of them is there, which is the longest search.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 4, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(3)
public class ConflictBench {
    /** More than a branch predictor remembers. */
    private static final int PLACES = 1 << 16;

    private static final int BLOCKS = 1 << 20;
    private static final long SEED = 7;

    @Param({"16", "128", "1024", "4096"})
    public int extents;

    private final long[] places = places(SEED);
    private final long[] asked = places(SEED + 1);
    private ConflictIndex index = new ConflictIndex(1);
    private long found;
    private final SlotConsumer count = conflicting -> found++;
    private long next;
    private long slot;

    private static long[] places(long seed) {
        return new Random(seed)
                .longs(PLACES, 0, BLOCKS)
                .map(block -> block * Extent.BLOCK_BYTES)
                .toArray();
    }

    @Setup(Level.Trial)
    public void fill() {
        index = new ConflictIndex(extents);
        slot = 0;
        while (slot < extents) {
            index.add(slot, places[(int) slot & (PLACES - 1)], Extent.BLOCK_BYTES);
            slot++;
        }
    }

    private long askedNext() {
        return asked[(int) next++ & (PLACES - 1)];
    }

    /** Does a block conflict with any of the extents? */
    @Benchmark
    public boolean check() {
        return index.overlapsAny(askedNext(), Extent.BLOCK_BYTES);
    }

    /** Which of the extents conflict with a block? As the look-behind buffer asks for each entry. */
    @Benchmark
    public long conflicts() {
        index.forEachOverlap(askedNext(), Extent.BLOCK_BYTES, count);
        return found;
    }

    /** The oldest extent goes, a new one comes. */
    @Benchmark
    public int replace() {
        index.remove(slot - extents);
        index.add(slot, places[(int) slot & (PLACES - 1)], Extent.BLOCK_BYTES);
        slot++;
        return index.size();
    }

    @TearDown(Level.Iteration)
    public void checkFilled() {
        if (index.size() != extents) {
            throw new AssertionError(index.size() + " extents instead of " + extents);
        }
    }
}
