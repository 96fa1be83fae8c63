package io.parablock.perf.jmh;

import io.parablock.lookbehind.Extent;
import io.parablock.lookbehind.LookBehindBuffer;
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
 * The look-behind buffer of this span. Encoding and decoding move all extents of a span but the newest, as a frame does with
 * one entry and a full window before it; what they cost on the wire is {@link FrameBench}'s APPEND_WINDOW.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 4, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(3)
public class LookBehindBench {
    @Param({"64", "1024"})
    public int span;

    /** Whether many writes overlap. */
    @Param({"false", "true"})
    public boolean overlapping;

    private ExtentCycle extents = ExtentCycle.apart();
    private LookBehindBuffer buffer = new LookBehindBuffer(LookBehindBuffer.SPAN_MIN);
    private LookBehindBuffer receiver = new LookBehindBuffer(LookBehindBuffer.SPAN_MIN);
    private long[] map = {};
    private long[] pairs = {};
    private long slot;

    @Setup(Level.Trial)
    public void fill() {
        extents = overlapping ? ExtentCycle.overlapping() : ExtentCycle.apart();
        buffer = new LookBehindBuffer(span);
        receiver = new LookBehindBuffer(span);
        map = new long[span / Long.SIZE];
        pairs = new long[2 * (span - 1)];
        slot = 1;
        while (slot <= span) {
            buffer.put(slot, extents.offsetBytes(slot), Extent.BLOCK_BYTES);
            slot++;
        }
        encode();
    }

    /** What a node does for each new entry: on which earlier slots does it depend; from now on, later ones may on it. */
    @Benchmark
    public boolean nextEntry() {
        long offset = extents.offsetBytes(slot);
        boolean any = buffer.dependencies(slot, offset, Extent.BLOCK_BYTES, false, 0, map);
        buffer.put(slot, offset, Extent.BLOCK_BYTES);
        slot++;
        return any;
    }

    /** The extents before the next slot as a frame carries them. */
    @Benchmark
    public long[] encode() {
        long first = slot - (span - 1);
        for (int i = 0; i < span - 1; i++) {
            pairs[2 * i] = buffer.offset(first + i);
            pairs[2 * i + 1] = buffer.length(first + i);
        }
        return pairs;
    }

    /** They come to a node that knew none of them. */
    @Benchmark
    public long decode() {
        receiver.reset(1);
        for (int i = 0; i < span - 1; i++) {
            receiver.put(i + 1, pairs[2 * i], pairs[2 * i + 1]);
        }
        return receiver.highest();
    }

    @TearDown(Level.Iteration)
    public void checkFilled() {
        if (buffer.highest() != slot - 1 || !buffer.known(slot - span)) {
            throw new AssertionError("highest slot " + buffer.highest() + ", next one " + slot);
        }
    }
}
