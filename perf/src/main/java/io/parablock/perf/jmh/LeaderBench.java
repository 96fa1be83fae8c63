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
 * One entry through a leader's core: propose, send to two followers, own durability, both acknowledgements, commit, apply;
 * 1,024 entries are in flight. A heartbeat and a checkpoint after each 65,536 entries are in it, and so is the making of the
 * acknowledgements, which is {@link #acknowledgementAlone}.
 */
@State(Scope.Thread)
@BenchmarkMode(org.openjdk.jmh.annotations.Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 4, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(3)
public class LeaderBench {
    @Param
    public Mode mode = Mode.PARALLEL;

    @Param
    public CoreShape shape = CoreShape.SINGLE;

    private LeaderLoad load = new LeaderLoad(Mode.PARALLEL, CoreShape.SINGLE);
    private Message.@Nullable AppendAck last;
    private int turn;

    @Setup(Level.Trial)
    public void elect() {
        load = new LeaderLoad(mode, shape);
    }

    @Benchmark
    public long entry() {
        load.entry();
        return load.committed();
    }

    /** What of {@link #entry} is not the core's: the acknowledgements are made by the bench, one for each batch. */
    @Benchmark
    public @Nullable Object acknowledgementAlone() {
        if (++turn >= shape.batch) {
            turn = 0;
            last = load.nextAck();
        }
        return last;
    }

    @TearDown(Level.Iteration)
    public void check() {
        load.check();
    }
}
