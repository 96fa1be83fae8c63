package io.parablock.perf.jmh;

import io.parablock.raft.Mode;
import io.parablock.raft.message.Message;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * One entry through a follower's core: a frame with it, durability, the acknowledgement, and the commit notice by which an
 * entry is applied that came 1,024 entries before. A checkpoint after each 65,536 entries is in it, and so is the making of
 * the frames, which is {@link #frameAlone}.
 */
@State(Scope.Thread)
@BenchmarkMode(org.openjdk.jmh.annotations.Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 4, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(3)
public class FollowerBench {
    @Param
    public Mode mode = Mode.PARALLEL;

    @Param
    public CoreShape shape = CoreShape.SINGLE;

    private FollowerLoad load = new FollowerLoad(Mode.PARALLEL, CoreShape.SINGLE);
    private Message.@Nullable Append last;
    private int turn;

    @Setup(Level.Trial)
    public void elect() {
        load = new FollowerLoad(mode, shape);
    }

    @Benchmark
    public long entry() {
        load.entry();
        return load.applied();
    }

    /** What of {@link #entry} is not the core's: a frame with its entries is made by the bench for each batch. */
    @Benchmark
    public @Nullable Object frameAlone() {
        if (++turn >= shape.batch) {
            turn = 0;
            last = load.nextFrame();
        }
        return last;
    }

    @TearDown(Level.Iteration)
    public void check() {
        load.check();
    }
}
