package io.parablock.metrics;

import io.netty.buffer.ByteBuf;
import io.parablock.raft.log.Entry;
import io.parablock.replica.WalStage;
import org.jspecify.annotations.Nullable;

/** Tells {@link WriteStages} of appends. */
final class MeasuredWalStage extends ForwardingWalStage {
    private final WriteStages writes;

    MeasuredWalStage(WalStage stage, WriteStages writes) {
        super(stage);
        this.writes = writes;
    }

    @Override
    public void append(int groupId, Entry entry, @Nullable ByteBuf payload, long token) {
        writes.onAppend(entry, token);
        super.append(groupId, entry, payload, token);
    }
}
