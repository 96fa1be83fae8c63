package io.parablock.metrics;

import io.netty.buffer.ByteBuf;
import io.parablock.raft.log.Entry;
import io.parablock.replica.WalStage;
import io.parablock.wal.Wal;
import org.jspecify.annotations.Nullable;

/** Tells {@link WriteStages} of appends. */
final class MeasuredWalStage implements WalStage {
    private final WalStage stage;
    private final WriteStages writes;

    MeasuredWalStage(WalStage stage, WriteStages writes) {
        this.stage = stage;
        this.writes = writes;
    }

    @Override
    public void append(int groupId, Entry entry, @Nullable ByteBuf payload, long token) {
        writes.onAppend(entry, token);
        stage.append(groupId, entry, payload, token);
    }

    @Override
    public void submit() {
        stage.submit();
    }

    @Override
    public void tick() {
        stage.tick();
    }

    @Override
    public void truncate(int groupId, long slot) {
        stage.truncate(groupId, slot);
    }

    @Override
    public void force(Runnable done) {
        stage.force(done);
    }

    @Override
    public void forceAndWait() {
        stage.forceAndWait();
    }

    @Override
    public Wal wal() {
        return stage.wal();
    }
}
