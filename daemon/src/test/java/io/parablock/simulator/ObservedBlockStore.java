package io.parablock.simulator;

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

    @Override
    public void write(long offsetBytes, ByteBuffer content) {
        steps.before(Step.STORE_WRITE);
        store.write(offsetBytes, content);
        steps.after(Step.STORE_WRITE);
    }

    @Override
    public void zero(long offsetBytes, long lengthBytes) {
        steps.before(Step.STORE_WRITE);
        store.zero(offsetBytes, lengthBytes);
        steps.after(Step.STORE_WRITE);
    }

    @Override
    public void trim(long offsetBytes, long lengthBytes) {
        steps.before(Step.STORE_WRITE);
        store.trim(offsetBytes, lengthBytes);
        steps.after(Step.STORE_WRITE);
    }

    @Override
    public void read(long offsetBytes, ByteBuffer into) {
        node.requireAlive();
        store.read(offsetBytes, into);
    }

    @Override
    public void fsync() {
        steps.before(Step.STORE_FSYNC);
        store.fsync();
        steps.after(Step.STORE_FSYNC);
    }

    @Override
    public long allocatedBytes() {
        return store.allocatedBytes();
    }

    @Override
    public void close() {
        store.close();
    }
}
