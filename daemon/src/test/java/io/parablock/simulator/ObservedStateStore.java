package io.parablock.simulator;

import io.parablock.replica.StateCodec;
import io.parablock.simulator.DurableSteps.Step;
import io.parablock.wal.StateStore;
import org.jspecify.annotations.Nullable;

/** A group's small state, with crash points, and told to the checkers. */
final class ObservedStateStore implements StateStore {
    private final StateStore store;
    private final SimulatedNode node;
    private final DurableSteps steps;

    ObservedStateStore(StateStore store, SimulatedNode node, DurableSteps steps) {
        this.store = store;
        this.node = node;
        this.steps = steps;
    }

    @Override
    public byte @Nullable [] loadMeta() {
        byte[] found = store.loadMeta();
        node.record().onStateFound(Step.META, found);
        return found;
    }

    @Override
    public void saveMeta(byte[] meta) {
        steps.before(Step.META);
        node.block(steps.latencyNs());
        store.saveMeta(meta);
        node.record().onMeta(meta);
        steps.after(Step.META);
    }

    @Override
    public byte @Nullable [] loadSyncRecord() {
        byte[] found = store.loadSyncRecord();
        node.record().onStateFound(Step.SYNCREC, found);
        return found;
    }

    @Override
    public void saveSyncRecord(byte[] bytes) {
        steps.before(Step.SYNCREC);
        node.record().onSyncRecordDue(bytes, node.core());
        node.block(steps.latencyNs());
        store.saveSyncRecord(bytes);
        node.record().onSyncRecord(bytes);
        steps.after(Step.SYNCREC);
    }

    @Override
    public byte @Nullable [] loadCheckpoint() {
        byte[] found = store.loadCheckpoint();
        node.record().onStateFound(Step.CKPT, found);
        return found;
    }

    private Step stepOf(byte[] checkpoint) {
        if (StateCodec.decodeCheckpoint(checkpoint).installing()) {
            return Step.INSTALL_FLAG;
        }
        return node.record().isInstalling() ? Step.INSTALL_END : Step.CKPT;
    }

    /** Off the group's thread. */
    @Override
    public void saveCheckpoint(byte[] bytes) {
        Step step = stepOf(bytes);
        steps.before(step);
        store.saveCheckpoint(bytes);
        node.record().onCheckpoint(bytes);
        steps.after(step);
    }

    @Override
    public int damagedCopies(Part part) {
        node.requireAlive();
        return store.damagedCopies(part);
    }

    @Override
    public void close() {
        store.close();
    }
}
