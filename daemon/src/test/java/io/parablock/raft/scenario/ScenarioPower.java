package io.parablock.raft.scenario;

import io.parablock.raft.log.Entry;
import io.parablock.raft.session.SessionTable;
import io.parablock.raft.state.SyncRecord;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/** Forces and power losses of a scenario (protocol.md §11). */
final class ScenarioPower {
    private final ScenarioCluster cluster;
    private final Set<Long> everyVoterMerges = new HashSet<>();
    private long forces;

    ScenarioPower(ScenarioCluster cluster) {
        this.cluster = cluster;
    }

    /** The machine loses its power; of what was not forced, {@code takes} says what is gone. */
    void lose(SimulatedNode n, boolean keepStore, Predicate<Entry> takes) {
        cluster.crash(n, keepStore);
        List<Entry> gone = n.disk.losePower(takes);
        gone.forEach(e -> cluster.suite.onEntryLost(n.id, e.slot(), e.origin(), false));
        cluster.note("n" + n.id + " loses "
                + gone.stream().map(e -> e.slot() + "@" + e.origin()).toList());
    }

    SimulatedNode.Forcing begin(SimulatedNode n, int from, long id) {
        SimulatedNode.Forcing f = new SimulatedNode.Forcing(from, id, ++forces, List.copyOf(n.disk.unforced));
        cluster.suite.onForceBegun(n.id, f.number());
        return f;
    }

    void finish(SimulatedNode n, SimulatedNode.Forcing f) {
        n.disk.force(f.written());
        cluster.suite.onForceEnded(n.id, f.number());
    }

    /** All at once, as at a start or with a SYNCREC. */
    void force(SimulatedNode n) {
        finish(n, begin(n, 0, 0));
    }

    void flush(SimulatedNode n, long flushId) {
        cluster.suite.onFlushArrived(n.id, flushId);
        n.core().flush(flushId, cluster.clock(n));
        cluster.work(n);
    }

    /** As a node does that waits for none. */
    void finishFirst(SimulatedNode n) {
        SimulatedNode.Forcing f = n.forcing.remove(0);
        finish(n, f);
        n.core().onForced(f.from(), f.id(), cluster.clock(n));
    }

    void forced(SimulatedNode n, SimulatedNode.Forcing f) {
        n.forcing.remove(f);
        finish(n, f);
        cluster.note("n" + n.id + " forced");
        n.core().onForced(f.from(), f.id(), cluster.clock(n));
        cluster.work(n);
    }

    /** A SYNCREC is about to be written: is it that of a merge over every voter? */
    void observeMerge(SimulatedNode n, SyncRecord record) {
        Entry last = n.core().entry(record.m());
        if (last != null
                && last.origin() == record.term()
                && SessionTable.isCloseOfEvery(last)
                && everyVoterMerges.add(record.term())) {
            // It knows of no lost entry; the suite does.
            cluster.checker.mute();
            cluster.suite.onAmnesiacMerge(n.id, record.term());
        }
    }
}
