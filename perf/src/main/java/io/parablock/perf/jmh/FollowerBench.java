package io.parablock.perf.jmh;

import io.parablock.raft.Mode;
import io.parablock.raft.message.Message;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * One entry through a follower's core: a frame with it, durability, the acknowledgement, and the commit notice by which an
 * entry is applied that came 1,024 entries before. A checkpoint after each 65,536 entries is in it, and so is the making of
 * the frames, which is {@link #frameAlone}.
 */
public class FollowerBench extends CoreBench {
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
