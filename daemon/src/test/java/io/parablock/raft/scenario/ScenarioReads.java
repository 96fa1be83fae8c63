package io.parablock.raft.scenario;

import io.parablock.raft.LeaseConfig;
import io.parablock.raft.Output;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The reads of a scenario. One whose lease has ended when its content is there asks a quorum after all, as in the shell. */
final class ScenarioReads {
    static final LeaseConfig LEASE = new LeaseConfig(true, 10_000, ScenarioCluster.MS);

    private final ScenarioCluster cluster;
    private final Map<Long, long[]> ranges = new HashMap<>();
    /** Whether each answered read was served. */
    final Map<Long, Boolean> answers = new HashMap<>();

    ScenarioReads(ScenarioCluster cluster) {
        this.cluster = cluster;
    }

    void start(SimulatedNode n, long readId, long offset, long length) {
        ranges.put(readId, new long[] {offset, length});
        cluster.suite.onReadArrived(n.id, readId, offset, length);
        cluster.checker.onReadStarted(n.id, readId, offset, length);
        n.core().read(readId, offset, length, cluster.clock(n));
    }

    void take(SimulatedNode n, List<Output.ReadResult> results) {
        List<Long> again = new ArrayList<>();
        for (Output.ReadResult r : results) {
            if (r.byLease() && !n.core().holdsLease(cluster.clock(n), n.suspendedNs)) {
                cluster.note("n" + n.id + " read " + r.readId() + " outlived the lease");
                again.add(r.readId());
                continue;
            }
            if (r.ok()) {
                cluster.suite.onReadServed(n.id, r.readId());
                cluster.checker.onReadServed(n, r.readId());
            }
            SafetyChecker.require(answers.put(r.readId(), r.ok()) == null, "read " + r.readId() + " answered twice");
            cluster.note("n" + n.id + " read " + r.readId() + (r.ok() ? " ok" : " failed"));
        }
        for (long id : again) {
            long[] range = ranges.getOrDefault(id, new long[2]);
            n.core().readIndex(id, range[0], range[1], cluster.clock(n));
        }
    }
}
