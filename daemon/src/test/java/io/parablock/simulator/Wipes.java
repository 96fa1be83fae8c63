package io.parablock.simulator;

import io.parablock.replica.FormationMutation;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Disks that are lost with all that they held, and come back empty: a minority of nodes at most, with those that damage has put
 * out for good. Mostly at a bad moment: a bare majority holds what was answered last, one of them loses it, and the rest of
 * them cannot be reached.
 */
final class Wipes {
    /** One seed in so many, unless it was asked for by name. */
    private static final int SHARE = 8;

    /** Of these, every other one has its lost disks replaced; in the others they stay out. */
    private static final int REPLACED_SHARE = 16;

    private final SimulatedCluster cluster;
    private final Simulation sim;
    private final SimulationSettings settings;
    private final Seeded random;
    private final Replacement replacement;
    private boolean stopped;

    Wipes(SimulatedCluster cluster) {
        this.cluster = cluster;
        this.sim = cluster.simulation();
        this.settings = cluster.settings();
        this.random = sim.random("wipes");
        this.replacement = new Replacement(cluster);
    }

    void start() {
        boolean byName = settings.faults.size() < FaultKind.values().length;
        // Not drawn: of any so many seeds in a row one has it.
        if (settings.has(FaultKind.WIPE)
                && !settings.mayBlackOutMapped()
                && (byName || Math.floorMod(settings.seed, SHARE) == 3)) {
            sim.note("faults: wipe");
            next(random.between(2, 20));
        }
    }

    void stop() {
        stopped = true;
        replacement.stop();
    }

    private void next(long seconds) {
        sim.after(seconds * Simulation.SECOND, () -> {
            if (!stopped) {
                next(attempt() ? random.between(5, 40) : 1);
            }
        });
    }

    /** @return false if it has to be tried again */
    private boolean attempt() {
        SimulatedNode leader = leader();
        List<SimulatedNode> may = new ArrayList<>();
        cluster.nodes().forEach(n -> {
            if (n.isUp() && n != leader && cluster.mayWipe(n)) {
                may.add(n);
            }
        });
        if (leader == null || may.isEmpty() || replacement.isUnderWay()) {
            return false;
        }
        SimulatedNode victim = may.get(random.below(may.size()));
        if (random.perMille(700)) {
            atABadMoment(leader, victim);
        } else {
            wipe(cluster.mayWipe(leader) && random.perMille(300) ? leader : victim);
        }
        return true;
    }

    private @Nullable SimulatedNode leader() {
        for (SimulatedNode n : cluster.nodes()) {
            if (n.isUp() && n.core().isReady()) {
                return n;
            }
        }
        return null;
    }

    private void atABadMoment(SimulatedNode leader, SimulatedNode victim) {
        List<SimulatedNode> holders = new ArrayList<>(List.of(leader));
        List<SimulatedNode> others = new ArrayList<>();
        for (SimulatedNode n : cluster.nodes()) {
            if (n != leader && n != victim) {
                // With the victim they are a bare majority.
                (holders.size() < settings.quorum() - 1 ? holders : others).add(n);
            }
        }
        sim.note("node " + victim.id() + " is about to lose its disk, while nodes " + ids(others) + " hear nothing");
        List<SimulatedNode> majority = new ArrayList<>(holders);
        majority.add(victim);
        long aloneNs = random.between(2, 4) * settings.electionTimeoutNs;
        cutFor(majority, others, aloneNs);
        sim.after(aloneNs, () -> {
            if (!stopped && cluster.mayWipe(victim) && !replacement.isUnderWay()) {
                wipe(victim);
                List<SimulatedNode> rest = new ArrayList<>(others);
                rest.add(victim);
                cutFor(holders, rest, random.between(10, 20) * settings.electionTimeoutNs);
            }
        });
    }

    private static List<Integer> ids(List<SimulatedNode> nodes) {
        return nodes.stream().map(SimulatedNode::id).toList();
    }

    private void cutFor(List<SimulatedNode> side, List<SimulatedNode> otherSide, long forNs) {
        for (SimulatedNode a : side) {
            for (SimulatedNode b : otherSide) {
                cluster.network().cut(a.id(), b.id());
                cluster.network().cut(b.id(), a.id());
            }
        }
        sim.after(forNs, () -> {
            if (!stopped) {
                for (SimulatedNode a : side) {
                    for (SimulatedNode b : otherSide) {
                        cluster.network().heal(a.id(), b.id());
                        cluster.network().heal(b.id(), a.id());
                    }
                }
            }
        });
    }

    private boolean replaces() {
        return Math.floorMod(settings.seed, REPLACED_SHARE) == 11
                && cluster.mutations().formation() == FormationMutation.NONE;
    }

    private void wipe(SimulatedNode n) {
        cluster.counts().count(FaultKind.WIPE);
        n.stop(false, "its disk is lost");
        if (replaces()) {
            replacement.begin(n);
            return;
        }
        n.disk().wipe(random.next() | 1);
        n.record().onWiped();
    }
}
