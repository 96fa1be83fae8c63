package io.parablock.perf.jmh;

import io.parablock.raft.Mode;
import io.parablock.raft.message.Message;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * One entry through a leader's core: propose, send to two followers, own durability, both acknowledgements, commit, apply;
 * 1,024 entries are in flight. A heartbeat and a checkpoint after each 65,536 entries are in it, and so is the making of the
 * acknowledgements, which is {@link #acknowledgementAlone}.
 */
public class LeaderBench extends CoreBench {
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
