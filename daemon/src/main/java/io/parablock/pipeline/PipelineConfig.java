package io.parablock.pipeline;

import com.lmax.disruptor.BlockingWaitStrategy;
import com.lmax.disruptor.BusySpinWaitStrategy;
import com.lmax.disruptor.WaitStrategy;
import com.lmax.disruptor.YieldingWaitStrategy;
import io.parablock.raft.RaftNode;

/**
 * Where the stages of a group run.
 *
 * @param kind {@code pipeline}
 * @param waiting {@code pipeline.wait}: how an idle stage of its own thread waits
 * @param ringSize {@code pipeline.ring_size}: inputs in each ring, a power of two
 */
public record PipelineConfig(Kind kind, Waiting waiting, int ringSize) {
    /** {@code auto} runs inline up to this many cores: there a hand-off costs a third of a disk write (performance.md). */
    public static final int INLINE_CORES_MAX = 4;

    /** Time between two ticks of the core while something is under way. */
    public static final int TICK_INTERVAL_MS = 5;

    /** Time between two ticks while nothing is: each of them wakes a processor. A multiple of the above. */
    public static final int QUIET_TICK_INTERVAL_MS = RaftNode.QUIET_TICK_INTERVAL_MS;

    /** Inputs handled before {@link GroupInputs#endOfBatch} runs at the latest. */
    public static final int BATCH_INPUTS_MAX = 256;

    /** {@code pipeline=inline|threads|auto}. */
    public enum Kind {
        INLINE,
        THREADS,
        AUTO
    }

    /** {@code pipeline.wait=blocking|yielding|busy_spin}. */
    public enum Waiting {
        BLOCKING,
        YIELDING,
        BUSY_SPIN;

        WaitStrategy strategy() {
            return switch (this) {
                case BLOCKING -> new BlockingWaitStrategy();
                case YIELDING -> new YieldingWaitStrategy();
                case BUSY_SPIN -> new BusySpinWaitStrategy();
            };
        }
    }

    public PipelineConfig {
        if (ringSize < 2 || Integer.bitCount(ringSize) != 1) {
            throw new IllegalArgumentException("pipeline.ring_size must be a power of two, not " + ringSize);
        }
    }

    public static PipelineConfig defaults() {
        return new PipelineConfig(Kind.AUTO, Waiting.BLOCKING, 4096);
    }

    /** INLINE or THREADS. */
    public Kind resolve(int cores) {
        return kind != Kind.AUTO ? kind : cores <= INLINE_CORES_MAX ? Kind.INLINE : Kind.THREADS;
    }
}
