package io.parablock.simulator;

import io.parablock.blockdev.store.AllocationRun;
import io.parablock.blockdev.store.BlockStore;
import io.parablock.blockdev.store.DamagedBlocksException;
import io.parablock.blockdev.store.DamagedRange;
import io.parablock.simulator.DurableSteps.Step;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** A chunk's blocks, with crash points. */
final class ObservedBlockStore implements BlockStore {
    private final BlockStore store;
    private final SimulatedNode node;
    private final DurableSteps steps;
    private final BlockDamage damage;

    ObservedBlockStore(BlockStore store, SimulatedNode node, DurableSteps steps, BlockDamage damage) {
        this.store = store;
        this.node = node;
        this.steps = steps;
        this.damage = damage;
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
        long lengthBytes = content.remaining();
        store.write(offsetBytes, content);
        damage.onWritten(offsetBytes, lengthBytes);
        steps.after(step);
    }

    @Override
    public void zero(long offsetBytes, long lengthBytes) {
        Step step = writeStep();
        steps.before(step);
        store.zero(offsetBytes, lengthBytes);
        damage.onWritten(offsetBytes, lengthBytes);
        steps.after(step);
    }

    @Override
    public void trim(long offsetBytes, long lengthBytes) {
        Step step = writeStep();
        steps.before(step);
        store.trim(offsetBytes, lengthBytes);
        damage.onWritten(offsetBytes, lengthBytes);
        steps.after(step);
    }

    @Override
    public void read(long offsetBytes, ByteBuffer into) {
        node.requireAlive();
        long lengthBytes = into.remaining();
        List<DamagedRange> torn = List.of();
        try {
            store.read(offsetBytes, into);
        } catch (DamagedBlocksException e) {
            torn = e.ranges();
        }
        List<DamagedRange> all = both(torn, damage.in(offsetBytes, lengthBytes));
        if (!all.isEmpty()) {
            throw new DamagedBlocksException("the store of node " + node.id(), all);
        }
    }

    @Override
    public List<DamagedRange> verify(long offsetBytes, long lengthBytes) {
        node.requireAlive();
        return both(store.verify(offsetBytes, lengthBytes), damage.in(offsetBytes, lengthBytes));
    }

    private static List<DamagedRange> both(List<DamagedRange> torn, List<DamagedRange> rotten) {
        if (torn.isEmpty() || rotten.isEmpty()) {
            return torn.isEmpty() ? rotten : torn;
        }
        List<DamagedRange> all = new ArrayList<>(torn);
        rotten.stream()
                .filter(r -> torn.stream()
                        .noneMatch(t -> t.offsetBytes() <= r.offsetBytes() && r.endBytes() <= t.endBytes()))
                .forEach(all::add);
        return all;
    }

    @Override
    public void markDamaged(long offsetBytes, long lengthBytes) {
        Step step = writeStep();
        steps.before(step);
        store.markDamaged(offsetBytes, lengthBytes);
        damage.marked(offsetBytes, lengthBytes);
        steps.after(step);
    }

    @Override
    public void beginAdopting() {
        steps.before(Step.STORE_WRITE);
        store.beginAdopting();
        steps.after(Step.STORE_WRITE);
    }

    @Override
    public boolean isAdopting() {
        return store.isAdopting();
    }

    @Override
    public void endAdopting() {
        steps.before(Step.STORE_FSYNC);
        store.endAdopting();
        damage.onForced();
        steps.after(Step.STORE_FSYNC);
    }

    @Override
    public void beginRepair() {
        steps.before(Step.STORE_WRITE);
        store.beginRepair();
        steps.after(Step.STORE_WRITE);
    }

    @Override
    public boolean isUnderRepair() {
        return store.isUnderRepair();
    }

    @Override
    public void endRepair() {
        steps.before(Step.STORE_WRITE);
        if (damage.isOwed()) {
            node.cluster().watch().fail("node " + node.id() + " ends a repair with damage of before its start", null);
        }
        store.endRepair();
        steps.after(Step.STORE_WRITE);
    }

    @Override
    public void fsync() {
        Step step = node.record().isInstalling() ? Step.INSTALL_FSYNC : Step.STORE_FSYNC;
        steps.before(step);
        store.fsync();
        damage.onForced();
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
