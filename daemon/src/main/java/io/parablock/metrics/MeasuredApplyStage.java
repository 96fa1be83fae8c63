package io.parablock.metrics;

import io.netty.buffer.ByteBuf;
import io.parablock.raft.log.Entry;
import io.parablock.replica.ApplyStage;
import org.jspecify.annotations.Nullable;

/** Tells {@link WriteStages} of applies. They end in the order in which they came, so that they need no names. */
final class MeasuredApplyStage implements ApplyStage {
    private static final long NOT_A_WRITE = Long.MIN_VALUE;

    private final ApplyStage stage;
    private final WriteStages writes;
    private final long[] handedNs;
    private long handed;
    private long applied;

    /** @param ringSize a power of two; of what waits behind so many the time is not taken */
    MeasuredApplyStage(ApplyStage stage, WriteStages writes, int ringSize) {
        this.stage = stage;
        this.writes = writes;
        this.handedNs = new long[ringSize];
    }

    @Override
    public void listener(Listener listener) {
        stage.listener(new Listener() {
            @Override
            public void onApplied(Entry entry) {
                ended();
                listener.onApplied(entry);
            }

            @Override
            public void onApplyFailed(Entry entry, Throwable cause) {
                applied++;
                listener.onApplyFailed(entry, cause);
            }
        });
    }

    @Override
    public void apply(Entry entry, @Nullable ByteBuf payload) {
        long now = NOT_A_WRITE;
        if (WriteStages.isWrite(entry)) {
            now = writes.nowNs();
            writes.onApply(entry, now);
        }
        handedNs[(int) handed++ & handedNs.length - 1] = now;
        stage.apply(entry, payload);
    }

    private void ended() {
        long since = handedNs[(int) applied & handedNs.length - 1];
        boolean known = handed - applied <= handedNs.length && since != NOT_A_WRITE;
        applied++;
        if (known) {
            writes.onApplied(writes.nowNs() - since);
        }
    }

    @Override
    public boolean endOfBatch() {
        return stage.endOfBatch();
    }

    @Override
    public void close() {
        stage.close();
    }
}
