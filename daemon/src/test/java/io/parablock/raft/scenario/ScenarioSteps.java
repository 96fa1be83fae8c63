package io.parablock.raft.scenario;

import io.parablock.raft.Role;
import io.parablock.raft.log.EntryKind;

/** What directed histories begin with. */
final class ScenarioSteps {
    private ScenarioSteps() {}

    static SimulatedNode leaderWithSession(ScenarioCluster cluster) {
        cluster.run(1200, p -> true);
        SimulatedNode leader = leader(cluster, 0);
        leader.core().proposeOpenSession(1, 1, 1, cluster.clock(leader));
        cluster.run(20, p -> true);
        return leader;
    }

    static void startAndConnect(ScenarioCluster cluster, SimulatedNode n) {
        cluster.start(n);
        for (SimulatedNode o : cluster.nodes.values()) {
            if (o != n && o.isUp()) {
                o.core().onPeerConnected(n.id, false, cluster.clock(o));
                o.core().onPeerConnected(n.id, true, cluster.clock(o));
                cluster.work(o);
            }
        }
    }

    static void write(ScenarioCluster cluster, SimulatedNode leader, int seq) {
        cluster.propose(leader, EntryKind.WRITE, seq % 4 * 4096L, 4096, cluster.checker.lastSession(), seq, 0);
        cluster.work(leader);
        cluster.run(20, p -> true);
    }

    static SimulatedNode leader(ScenarioCluster cluster, int except) {
        return cluster.nodes.values().stream()
                .filter(n -> n.id != except && n.core().status().role() == Role.LEADER)
                .findFirst()
                .orElseThrow();
    }

    /** A node is down until the leader's log has nothing any more of what it lacks. */
    static void leaveBehind(ScenarioCluster cluster, SimulatedNode leader, SimulatedNode away) {
        cluster.crash(away, false);
        for (int i = 0; i < 10; i++) {
            write(cluster, leader, i);
        }
        cluster.checkpoint(leader);
        cluster.run(100, p -> true);
        cluster.checkpoint(leader);
    }
}
