package io.parablock.simulator;

import io.parablock.simulator.disk.FaultAtlas;
import io.parablock.wal.MemoryStateStore;
import io.parablock.wal.WalListener;

/** A disk by its contract alone: records and sectors are lost whole at a power loss, or not at all. */
final class MemoryStorage implements NodeStorage {
    private final int nodeId;
    private final FaultAtlas atlas;
    private final Seeded random;
    private final boolean mapped;
    private final long sizeBytes;
    private VolatileWal wal;
    private VolatileBlockStore store;
    private MemoryStateStore state = new MemoryStateStore();

    MemoryStorage(int nodeId, Seeded random, long sizeBytes, boolean mapped, FaultAtlas atlas) {
        this.nodeId = nodeId;
        this.atlas = atlas;
        this.random = random;
        this.mapped = mapped;
        this.sizeBytes = sizeBytes;
        this.wal = new VolatileWal(mapped);
        this.store = new VolatileBlockStore(sizeBytes);
    }

    @Override
    public Ports open(WalListener listener, DiskTime time) {
        wal = wal.reopen(listener);
        store = store.reopen();
        return new Ports(wal, state, store, false);
    }

    @Override
    public void kill() {
        wal.kill(random);
    }

    @Override
    public void powerLoss() {
        wal.powerLoss(random);
        store.powerLoss(random);
    }

    @Override
    public void wipe() {
        wal = new VolatileWal(mapped);
        store = new VolatileBlockStore(sizeBytes);
        state = new MemoryStateStore();
    }

    @Override
    public boolean mayLose() {
        return atlas.mayLose(nodeId);
    }

    @Override
    public void lost(boolean lost) {
        if (lost) {
            atlas.lost(nodeId);
        } else {
            atlas.restored(nodeId);
        }
    }
}
