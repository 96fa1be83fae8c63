package io.parablock.simulator;

import io.parablock.blockdev.store.AllocationRun;
import io.parablock.blockdev.store.BlockStore;
import io.parablock.simulator.DurableSteps.Step;
import java.nio.ByteBuffer;

/** A chunk's blocks, with crash points. */
final class ObservedBlockStore implements BlockStore {
    private final BlockStore store;
    private final SimulatedNode node;
    private final DurableSteps steps;

    ObservedBlockStore(BlockStore store, SimulatedNode node, DurableSteps steps) {
        this.store = store;
        this.node = node;
        this.steps = steps;
    }

    @Override
    public long sizeBytes() {
        return store.sizeBytes();
    }

    private Step writeStep() {
        return node.record().isInstalling() ? Step.INSTALL_PIECE : Step.STORE_WRITE;
    }

    @Override
    public void write(long offsetBytes, ByteBuffer content) {
        Step step = writeStep();
        steps.before(step);
        store.write(offsetBytes, content);
        steps.after(step);
    }

    @Override
    public void zero(long offsetBytes, long lengthBytes) {
        Step step = writeStep();
        steps.before(step);
        store.zero(offsetBytes, lengthBytes);
        steps.after(step);
    }

    @Override
    public void trim(long offsetBytes, long lengthBytes) {
        Step step = writeStep();
        steps.before(step);
        store.trim(offsetBytes, lengthBytes);
        steps.after(step);
    }

    @Override
    public void read(long offsetBytes, ByteBuffer into) {
        node.requireAlive();
        store.read(offsetBytes, into);
    }

    @Override
    public void fsync() {
        Step step = node.record().isInstalling() ? Step.INSTALL_FSYNC : Step.STORE_FSYNC;
        steps.before(step);
        store.fsync();
        steps.after(step);
    }

    @Override
    public long allocatedBytes() {
        return store.allocatedBytes();
    }

    @Override
    public AllocationRun runAt(long offsetBytes, long lengthBytes) {
        return store.runAt(offsetBytes, lengthBytes);
    }

    @Override
    public void close() {
        store.close();
    }
}
