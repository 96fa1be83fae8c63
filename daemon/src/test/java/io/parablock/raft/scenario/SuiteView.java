package io.parablock.raft.scenario;

import io.parablock.raft.RaftStatus;
import io.parablock.raft.Role;
import io.parablock.raft.log.Entry;
import io.parablock.simulator.check.ClusterView;
import io.parablock.simulator.check.EntryView;
import io.parablock.simulator.check.NodeView;
import io.parablock.simulator.check.SlotState;
import org.jspecify.annotations.Nullable;

/** A scenario's cluster as the simulator's checkers look at it; the stamp of a sector is the slot written last. */
record SuiteView(ScenarioCluster cluster) implements ClusterView {
    private static final long SECTORS = 256;

    @Override
    public long nowNs() {
        return cluster.now;
    }

    @Override
    public int nodes() {
        return cluster.shape.nodes();
    }

    @Override
    public NodeView node(int id) {
        SimulatedNode n = cluster.nodes.get(id);
        return n == null ? new Node(new SimulatedNode(id)) : new Node(n);
    }

    @Override
    public long sectors() {
        return SECTORS;
    }

    @Override
    public long stamp(EntryView entry, long sector) {
        return entry.slot();
    }

    private record Node(SimulatedNode n) implements NodeView {
        private RaftStatus status() {
            return n.core().status();
        }

        @Override
        public int id() {
            return n.id;
        }

        @Override
        public long incarnation() {
            return n.incarnation;
        }

        @Override
        public boolean isUp() {
            return n.isUp();
        }

        @Override
        public long boot() {
            return n.boot;
        }

        @Override
        public Role role() {
            return status().role();
        }

        @Override
        public long term() {
            return status().term();
        }

        @Override
        public int votedFor() {
            return n.disk.hard.votedFor();
        }

        @Override
        public long syncTerm() {
            return status().syncTerm();
        }

        @Override
        public long mSync() {
            return status().mSync();
        }

        @Override
        public long logBase() {
            return status().logBase();
        }

        @Override
        public long checkpoint() {
            return status().checkpoint();
        }

        @Override
        public long commitWatermark() {
            return status().commitWatermark();
        }

        @Override
        public boolean isCommitted(long slot) {
            return n.core().isCommitted(slot);
        }

        @Override
        public long appliedPrefix() {
            return status().appliedPrefix();
        }

        @Override
        public boolean isApplied(long slot) {
            return n.hasApplied(slot);
        }

        @Override
        public long lastSlot() {
            return status().lastSlot();
        }

        @Override
        public @Nullable EntryView effective(long slot) {
            Entry e = n.core().entry(slot);
            return e == null ? null : EntryView.of(e);
        }

        @Override
        public boolean isRebuilding() {
            return false;
        }

        @Override
        public SlotState onDisk(long slot, long origin) {
            if (n.disk.holds(slot, origin)) {
                return SlotState.PRESENT;
            }
            return n.disk.damaged.contains(slot) ? SlotState.UNKNOWN : SlotState.ABSENT;
        }

        @Override
        public long sectorStamp(long sector) {
            return n.device.getOrDefault(sector, 0L);
        }
    }
}
