package io.parablock.simulator.check;

import io.parablock.raft.Role;
import io.parablock.raft.log.EntryKind;
import io.parablock.raft.log.OriginRun;
import io.parablock.raft.log.SlotRun;
import io.parablock.raft.state.Checkpoint;
import io.parablock.raft.state.HardState;
import io.parablock.raft.state.SyncRecord;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A cluster that is only told: three nodes without cores, whose events a test writes down. The stamp of a write is its seq. */
final class Script implements ClusterView {
    static final long BLOCK = 4096;
    private static final int SECTORS = 64;

    /** What a node would believe. */
    static final class Node implements NodeView {
        final int id;
        Role role = Role.FOLLOWER;
        HardState hard = HardState.FRESH;
        long syncTerm;
        long mSync;
        long logBase;
        long checkpoint;
        long commitWatermark;
        long appliedPrefix;
        long lastSlot;
        boolean rebuilding;
        final Map<Long, EntryView> log = new HashMap<>();
        final long[] stamps = new long[SECTORS];

        Node(int id) {
            this.id = id;
        }

        @Override
        public int id() {
            return id;
        }

        @Override
        public boolean isUp() {
            return true;
        }

        @Override
        public long boot() {
            return 1;
        }

        @Override
        public Role role() {
            return role;
        }

        @Override
        public long term() {
            return hard.term();
        }

        @Override
        public int votedFor() {
            return hard.votedFor();
        }

        @Override
        public long syncTerm() {
            return syncTerm;
        }

        @Override
        public long mSync() {
            return mSync;
        }

        @Override
        public long logBase() {
            return logBase;
        }

        @Override
        public long checkpoint() {
            return checkpoint;
        }

        @Override
        public long commitWatermark() {
            return commitWatermark;
        }

        @Override
        public boolean isCommitted(long slot) {
            return slot <= commitWatermark;
        }

        @Override
        public long appliedPrefix() {
            return appliedPrefix;
        }

        @Override
        public boolean isApplied(long slot) {
            return slot <= appliedPrefix;
        }

        @Override
        public long lastSlot() {
            return lastSlot;
        }

        @Override
        public @Nullable EntryView effective(long slot) {
            return log.get(slot);
        }

        @Override
        public boolean isRebuilding() {
            return rebuilding;
        }

        @Override
        public SlotState onDisk(long slot, long origin) {
            EntryView e = log.get(slot);
            return e != null && e.origin() == origin ? SlotState.PRESENT : SlotState.ABSENT;
        }

        @Override
        public long sectorStamp(long sector) {
            return stamps[(int) sector];
        }
    }

    final CheckerSuite suite;
    private final Map<Integer, Node> nodes = new HashMap<>();

    Script(Shape shape) {
        for (int i = 1; i <= shape.voters(); i++) {
            nodes.put(i, new Node(i));
        }
        this.suite = new CheckerSuite(shape, this, 1);
        for (int i = 1; i <= shape.voters(); i++) {
            suite.onStarted(i, 1);
        }
    }

    static Script parallel() {
        return new Script(new Shape(3, 4, false, false));
    }

    static Script mapped() {
        return new Script(new Shape(3, 4, false, true));
    }

    // ---- view ----

    @Override
    public long nowNs() {
        return 0;
    }

    @Override
    public int nodes() {
        return nodes.size();
    }

    @Override
    public Node node(int id) {
        Node n = nodes.get(id);
        if (n == null) {
            throw new IllegalArgumentException("no node " + id);
        }
        return n;
    }

    @Override
    public long sectors() {
        return SECTORS;
    }

    @Override
    public long stamp(EntryView entry, long sector) {
        return entry.kind() == EntryKind.WRITE ? entry.seq() : 0;
    }

    // ---- entries ----

    /** A write of one block; the look-behind map names these earlier slots. */
    static EntryView write(long slot, long origin, long seq, long block, long... behind) {
        long dep = 0;
        for (long j : behind) {
            dep |= 1L << (slot - 1 - j);
        }
        return new EntryView(
                slot, origin, EntryKind.WRITE, block * BLOCK, BLOCK, 99, seq, 0, (int) seq, (int) BLOCK, new long[] {dep
                });
    }

    // ---- events ----

    void hard(int node, long term, int votedFor) {
        Node n = node(node);
        n.hard = new HardState(term, votedFor, n.syncTerm, n.mSync);
        suite.onHardStateDurable(node, n.hard);
    }

    void campaign(int candidate, long term, long contigPrefix) {
        hard(candidate, term, candidate);
        suite.onVoteRequested(candidate, term, node(candidate).syncTerm(), contigPrefix);
    }

    VoteReport report(int voter, int candidate, long term, long contigPrefix, SlotRun... present) {
        Node v = node(voter);
        return new VoteReport(
                term,
                candidate,
                node(candidate).syncTerm,
                contigPrefix,
                v.syncTerm,
                v.mSync,
                v.logBase,
                v.appliedPrefix,
                List.of(present),
                List.of());
    }

    void vote(int voter, int candidate, long term, long contigPrefix, SlotRun... present) {
        hard(voter, term, candidate);
        suite.onVoteSent(voter, report(voter, candidate, term, contigPrefix, present));
    }

    /** The merged log of the term becomes durable at a node: its leader first, then those that sync to it. */
    void merged(int node, long term, long m, List<OriginRun> runs, List<SlotRun> noops) {
        Node n = node(node);
        suite.onSyncRecordDurable(node, new SyncRecord(term, m, runs, noops));
        n.syncTerm = term;
        n.mSync = m;
        hard(node, term, n.hard.votedFor());
    }

    void lead(int node, long term) {
        node(node).role = Role.LEADER;
        suite.onLeader(node, term);
    }

    /** Node 1 leads term 1, all are synced to it. */
    void boot() {
        campaign(1, 1, 0);
        vote(2, 1, 1, 0);
        vote(3, 1, 1, 0);
        lead(1, 1);
        for (int i = 1; i <= 3; i++) {
            merged(i, 1, 0, List.of(), List.of());
            suite.onSyncAckSent(i, 1);
        }
        suite.afterEvent();
    }

    void durable(int node, EntryView e) {
        Node n = node(node);
        n.log.put(e.slot(), e);
        n.lastSlot = Math.max(n.lastSlot, e.slot());
        suite.onEntryDurable(node, e);
        suite.onDurableTold(node, e.slot(), e.origin());
    }

    void ack(int node, EntryView e) {
        suite.onAckSent(node, node(node).hard.term(), e.slot(), e.slot());
    }

    /** The leader and the followers hold it and say so; it is committed. */
    void replicate(EntryView e, int leader, int... followers) {
        suite.onProposed(leader, e.origin(), e);
        durable(leader, e);
        for (int f : followers) {
            suite.onEntrySent(leader, e.origin(), e);
            durable(f, e);
            ack(f, e);
        }
        suite.afterEvent();
    }

    void applyStarted(int node, EntryView e) {
        node(node).commitWatermark = Math.max(node(node).commitWatermark, e.slot());
        suite.onApplyStarted(node, e);
    }

    void apply(int node, EntryView e) {
        applyStarted(node, e);
        Node n = node(node);
        for (long s = e.offsetBytes() / SECTOR_BYTES; s < (e.offsetBytes() + e.lengthBytes()) / SECTOR_BYTES; s++) {
            n.stamps[(int) s] = stamp(e, s);
        }
        n.appliedPrefix = Math.max(n.appliedPrefix, e.slot());
        suite.onApplied(node, e);
        suite.afterEvent();
    }

    void checkpoint(int node, long a) {
        node(node).checkpoint = a;
        suite.onCheckpointDurable(node, new Checkpoint(a, List.of(), List.of(), 0), false);
    }

    void truncate(int node, long to) {
        node(node).logBase = to;
        suite.onTruncated(node, to);
        suite.afterEvent();
    }
}
