package io.parablock.metrics;

import io.netty.buffer.ByteBuf;
import io.parablock.raft.log.Entry;
import io.parablock.replica.WalStage;
import io.parablock.wal.Wal;
import org.jspecify.annotations.Nullable;

/** Another stage as it is, for those that watch a part of it. On the group's thread, as that one. */
public abstract class ForwardingWalStage implements WalStage {
    private final WalStage stage;

    protected ForwardingWalStage(WalStage stage) {
        this.stage = stage;
    }

    @Override
    public void append(int groupId, Entry entry, @Nullable ByteBuf payload, long token) {
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
