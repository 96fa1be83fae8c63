package io.parablock.simulator;

import io.parablock.raft.membership.Members;
import io.parablock.replica.Formation;
import io.parablock.replica.FormationMutation;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/** The production {@link Formation} of one node, on its simulated disk: lives and dies with the process. */
final class SimulatedDoor {
    private static final int CRASH_PER_MILLE = 150;

    private final SimulatedNode node;
    private final SimulatedCluster cluster;
    private final Seeded random;
    private @Nullable Formation formation;

    SimulatedDoor(SimulatedNode node) {
        this.node = node;
        this.cluster = node.cluster();
        this.random = node.simulation().random("forming " + node.id());
    }

    void onStarted() {
        List<Integer> voters = new ArrayList<>();
        for (int id = 1; id <= cluster.settings().nodes; id++) {
            voters.add(id);
        }
        Formation f = cluster.mutations()
                .formation()
                .newFormation(node.id(), voters, node.disk().standing());
        formation = f;
        if (f.isFormed()) {
            open(f);
        }
    }

    private void open(Formation f) {
        boolean byIncarnation = cluster.mutations().formation() == FormationMutation.NONE;
        node.group()
                .open(
                        byIncarnation
                                ? Members.founders(f.standing().members())
                                : cluster.settings().raft(node.id()).members());
    }

    private Formation running() {
        Formation f = formation;
        if (f == null) {
            throw new IllegalStateException("node " + node.id() + " was never started");
        }
        return f;
    }

    boolean isFormed() {
        return running().isFormed();
    }

    Formation.Standing standing() {
        return running().standing();
    }

    /** As the production node does; the process may be gone afterwards. */
    Formation.Verdict onHello(int sender, Formation.Standing said) {
        Formation f = running();
        Formation.Answer answer = f.onHello(sender, said);
        if (answer.verdict() == Formation.Verdict.STRANGER) {
            if (!node.disk().isWiped() && node.record().isWatched()) {
                cluster.watch()
                        .fail("node " + node.id() + " stops, and its disk was never wiped: " + answer.line(), null);
            }
            // The operator who has let it in starts it again, and it meets somebody who has heard of that.
            if (!node.disk().isSuccessor()) {
                node.disk().onStranger();
            }
            node.stop(false, answer.line());
        } else if (answer.verdict() == Formation.Verdict.FORM) {
            form(f);
            return node.isUp() ? f.onHello(sender, said).verdict() : Formation.Verdict.NOT_YET;
        }
        return answer.verdict();
    }

    /** As the production node does. */
    void onMembers(Members applied) {
        Formation f = running();
        if (f.onMembers(applied)) {
            node.disk().onChanged(f.standing().changed());
        }
        String end = f.ownEnd();
        if (!end.isEmpty()) {
            if (node.record().isWatched()) {
                cluster.watch().fail("node " + node.id() + " stops, and its disk was never lost: " + end, null);
            }
            long boot = node.boot();
            node.simulation().after(0, () -> {
                if (node.isRunning(boot)) {
                    node.disk().onStranger();
                    node.stop(false, end);
                }
            });
        }
    }

    private void form(Formation f) {
        SortedMap<Integer, Long> members = f.wanted();
        boolean dies = cluster.isRestarting()
                && cluster.settings().has(FaultKind.CRASH_POINT)
                && random.perMille(CRASH_PER_MILLE);
        if (dies && random.coin()) {
            node.stop(false, "killed before its members are durable");
            return;
        }
        node.disk().onFormed(members, f.wantedChanges());
        if (dies) {
            node.stop(false, "killed when its members are durable");
            return;
        }
        node.simulation().note("node " + node.id() + " has formed the cluster: " + members);
        f.formed(members);
        boolean isStranger = node.disk().isWiped() && !node.disk().isSuccessor();
        if (isStranger && cluster.mutations().formation() == FormationMutation.NONE) {
            cluster.watch().fail("node " + node.id() + " takes part with a disk that was wiped", null);
        }
        open(f);
    }
}
