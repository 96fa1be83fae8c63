package io.parablock.simulator;

import io.parablock.blockdev.store.DamagedBlocksException;
import io.parablock.raft.RaftNode;
import io.parablock.raft.Role;
import io.parablock.raft.log.Entry;
import io.parablock.simulator.check.ClusterView;
import io.parablock.simulator.check.EntryView;
import io.parablock.simulator.check.NodeView;
import io.parablock.simulator.check.SlotState;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The cluster as the checkers look at it. */
final class SimulatedView implements ClusterView {
    private final SimulatedCluster cluster;
    private final List<View> views = new ArrayList<>();

    SimulatedView(SimulatedCluster cluster) {
        this.cluster = cluster;
        cluster.nodes().forEach(n -> views.add(new View(n)));
    }

    @Override
    public long nowNs() {
        return cluster.simulation().nowNs();
    }

    @Override
    public int nodes() {
        return views.size();
    }

    @Override
    public NodeView node(int id) {
        return views.get(id - 1);
    }

    @Override
    public long sectors() {
        return cluster.settings().sizeBytes() / SECTOR_BYTES;
    }

    @Override
    public long stamp(EntryView entry, long sector) {
        return cluster.book().stamp(entry.slot(), entry.origin());
    }

    private static final class View implements NodeView {
        private final SimulatedNode node;
        private final ByteBuffer sector = ByteBuffer.allocate(SECTOR_BYTES);

        View(SimulatedNode node) {
            this.node = node;
        }

        private RaftNode core() {
            return node.core();
        }

        @Override
        public int id() {
            return node.id();
        }

        @Override
        public long incarnation() {
            return node.record().incarnation(node);
        }

        @Override
        public boolean isUp() {
            return node.isUp() && node.record().isWatched();
        }

        @Override
        public long boot() {
            return node.boot();
        }

        @Override
        public Role role() {
            return node.status().role();
        }

        @Override
        public long term() {
            return node.status().term();
        }

        @Override
        public int votedFor() {
            return node.record().votedFor();
        }

        @Override
        public long syncTerm() {
            return node.status().syncTerm();
        }

        @Override
        public long mSync() {
            return node.status().mSync();
        }

        @Override
        public long logBase() {
            return node.status().logBase();
        }

        @Override
        public long checkpoint() {
            return node.status().checkpoint();
        }

        @Override
        public long commitWatermark() {
            return node.status().commitWatermark();
        }

        @Override
        public boolean isCommitted(long slot) {
            return slot <= commitWatermark() || core().isCommitted(slot);
        }

        @Override
        public long appliedPrefix() {
            return node.status().appliedPrefix();
        }

        @Override
        public boolean isApplied(long slot) {
            return slot <= appliedPrefix() || node.record().isApplied(slot);
        }

        @Override
        public long lastSlot() {
            return node.status().lastSlot();
        }

        @Override
        public @Nullable EntryView effective(long slot) {
            Entry e = core().entry(slot);
            return e == null ? null : EntryView.of(e);
        }

        @Override
        public boolean isRebuilding() {
            return core().needsInstall() || node.status().amnesiac();
        }

        @Override
        public SlotState onDisk(long slot, long origin) {
            return node.record().onDisk(slot, origin);
        }

        @Override
        public boolean isSectorDamaged(long at) {
            long offsetBytes = at * SECTOR_BYTES;
            return !node.disk().blockDamage().in(offsetBytes, SECTOR_BYTES).isEmpty()
                    || !node.rawPorts()
                            .store()
                            .verify(offsetBytes, SECTOR_BYTES)
                            .isEmpty();
        }

        @Override
        public long sectorStamp(long at) {
            if (node.rawPorts().store() instanceof VolatileBlockStore store) {
                return store.stamp((int) at);
            }
            sector.clear();
            try {
                node.rawPorts().store().read(at * SECTOR_BYTES, sector);
            } catch (DamagedBlocksException torn) {
                // A crash came between the sector and its checksum, and replay is not there yet: what it has, it has.
            }
            return sector.getLong(0);
        }
    }
}
