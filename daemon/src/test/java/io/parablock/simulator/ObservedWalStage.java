package io.parablock.simulator;

import io.netty.buffer.ByteBuf;
import io.parablock.raft.log.Entry;
import io.parablock.replica.InlineWalStage;
import io.parablock.replica.WalStage;
import io.parablock.wal.Wal;
import org.jspecify.annotations.Nullable;

/** The production stage that works in place; what it waits for is time that the group's thread stands still. */
final class ObservedWalStage implements WalStage {
    private final InlineWalStage stage;
    private final boolean completesLater;
    private final SimulatedNode node;
    private final DurableSteps steps;
    private boolean appended;

    ObservedWalStage(Wal wal, boolean completesLater, SimulatedNode node, DurableSteps steps) {
        this.stage = new InlineWalStage(wal);
        this.completesLater = completesLater;
        this.node = node;
        this.steps = steps;
    }

    @Override
    public void append(int groupId, Entry entry, @Nullable ByteBuf payload, long token) {
        node.onHandedToWal(entry);
        appended = true;
        stage.append(groupId, entry, payload, token);
    }

    @Override
    public void submit() {
        if (appended && !completesLater) {
            appended = false;
            node.block(steps.latencyNs());
        }
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
        node.block(steps.latencyNs());
        stage.force(done);
    }

    @Override
    public void forceAndWait() {
        node.block(steps.latencyNs());
        stage.forceAndWait();
    }

    @Override
    public Wal wal() {
        return stage.wal();
    }
}
