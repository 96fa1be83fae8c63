package io.parablock.metrics;

import io.netty.buffer.ByteBuf;
import io.parablock.raft.log.Entry;
import io.parablock.replica.ApplyStage;
import org.jspecify.annotations.Nullable;

/** Tells {@link WriteStages} of applies. They end in the order in which they came, so that they need no names. */
final class MeasuredApplyStage implements ApplyStage {
    private static final long NOT_TIMED = Long.MIN_VALUE;

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
        long now = NOT_TIMED;
        if (writes.isWatching() && WriteStages.isWrite(entry)) {
            writes.onApply(entry);
            if (writes.times(entry)) {
                now = writes.nowNs();
            }
        }
        handedNs[(int) handed++ & handedNs.length - 1] = now;
        stage.apply(entry, payload);
    }

    private void ended() {
        long since = handedNs[(int) applied & handedNs.length - 1];
        boolean known = handed - applied <= handedNs.length && since != NOT_TIMED;
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
