package io.parablock.simulator;

import io.parablock.raft.membership.Members;
import org.jspecify.annotations.Nullable;

/**
 * What operators do about a disk that is lost (protocol.md §9): they give it up, again and again, at any node; once its seat
 * is vacant they start the node with an empty one. A mistaken one puts the lost disk back in, before or after that.
 */
final class Replacement {
    private static final int TOO_EARLY_PER_MILLE = 300;
    private static final int TOO_LATE_PER_MILLE = 700;

    private final SimulatedCluster cluster;
    private final Simulation sim;
    private final Seeded random;
    private @Nullable SimulatedNode node;
    private long lost;
    private boolean isVacant;
    /** The lost disk, if it may come back, and while it is in: the one that took its place. */
    private @Nullable NodeDisk aside;

    private @Nullable NodeRecord recordAside;
    private boolean stopped;

    Replacement(SimulatedCluster cluster) {
        this.cluster = cluster;
        this.sim = cluster.simulation();
        this.random = sim.random("replacements");
    }

    boolean isUnderWay() {
        return node != null;
    }

    /** The node is down, and its disk is no more there. */
    void begin(SimulatedNode n) {
        node = n;
        lost = n.disk().standing().incarnation();
        isVacant = false;
        long next = random.next() | 1;
        if (cluster.settings().sectors) {
            n.disk().wipe(next);
        } else {
            NodeDisk old = n.disk();
            old.retire();
            aside = old;
            n.put(cluster.anotherDisk(n, sim.random("disk " + next)), n.record());
            n.disk().wipe(next);
        }
        n.record().onWiped();
        n.disk().hold();
        sim.note("the disk of node " + n.id() + " is to be replaced");
        later();
    }

    /** What is in stays in; only the lost disk is taken out. */
    void stop() {
        stopped = true;
        SimulatedNode n = node;
        if (n != null && recordAside != null) {
            n.stop(false, "faults stop, and the disk in it was given up");
            swapBack(n);
        }
    }

    private void later() {
        sim.after(random.between(50, 800) * Simulation.MS, () -> {
            SimulatedNode n = node;
            if (!stopped && n != null) {
                step(n);
            }
        });
    }

    private void step(SimulatedNode n) {
        if (!isVacant) {
            giveUp(n);
            later();
        } else if (isCounted(n)) {
            onCounted(n);
        } else {
            later();
        }
    }

    private void giveUp(SimulatedNode n) {
        SimulatedNode asked = cluster.nodes().get(random.below(cluster.nodes().size()));
        if (asked != n && asked.isUp() && asked.door().isFormed()) {
            asked.enqueue(() -> asked.replica().giveUpDisk(n.id(), lost));
        }
        for (SimulatedNode o : cluster.nodes()) {
            isVacant |= o != n
                    && o.isUp()
                    && o.door().isFormed()
                    && o.door().standing().seats().gaveUp(n.id(), lost);
        }
        if (isVacant) {
            sim.note("the seat of node " + n.id() + " is vacant");
            cluster.installs().disksGivenUp++;
            n.disk().letIn();
            if (random.perMille(TOO_EARLY_PER_MILLE)) {
                putOldIn(n);
            } else {
                start(n);
            }
        }
    }

    private static void start(SimulatedNode n) {
        if (!n.isUp()) {
            n.start();
        }
    }

    private boolean isCounted(SimulatedNode n) {
        long disk = (recordAside == null ? n.disk() : other()).standing().incarnation();
        for (SimulatedNode o : cluster.nodes()) {
            if (o.isUp() && o.door().isFormed()) {
                Members applied = o.core().appliedMembers();
                if (applied.counts(n.id(), disk)) {
                    return true;
                }
            }
        }
        return false;
    }

    private void onCounted(SimulatedNode n) {
        sim.note("node " + n.id() + " counts with its new disk");
        cluster.installs().disksReplaced++;
        n.disk().onCounts();
        if (recordAside == null && random.perMille(TOO_LATE_PER_MILLE)) {
            sim.after(random.between(1, 5) * Simulation.SECOND, () -> {
                if (!stopped && node == n) {
                    putOldIn(n);
                }
            });
        }
        if (aside == null) {
            end();
        } else {
            sim.after(random.between(6, 12) * Simulation.SECOND, this::endIfOut);
        }
    }

    private void endIfOut() {
        if (recordAside != null) {
            sim.after(Simulation.SECOND, this::endIfOut);
        } else {
            end();
        }
    }

    private void end() {
        node = null;
        aside = null;
    }

    private NodeDisk other() {
        NodeDisk d = aside;
        if (d == null) {
            throw new AssertionError("nothing was set aside");
        }
        return d;
    }

    // ---------------------------------------------------------------- the lost disk is back

    /** The checkers know of the node's own disk only: what this one does is judged by what becomes of the others. */
    private void putOldIn(SimulatedNode n) {
        NodeDisk old = aside;
        if (old == null) {
            start(n);
            return;
        }
        n.stop(false, "its disk is taken out");
        sim.note("the lost disk is back in node " + n.id());
        cluster.installs().oldDisksBack++;
        NodeDisk own = n.disk();
        recordAside = n.record();
        aside = own;
        n.put(old, NodeRecord.unwatched(n.id(), cluster, own.standing().incarnation(), random.coin()));
        start(n);
        watchOld(n, random.between(2, 12) * cluster.settings().electionTimeoutNs);
    }

    private void watchOld(SimulatedNode n, long forNs) {
        long stepNs = cluster.settings().heartbeatNs;
        sim.after(stepNs, () -> {
            if (stopped || recordAside == null) {
                return;
            }
            if (n.isUp() && n.core().isReady()) {
                cluster.watch().fail("node " + n.id() + " leads with a disk that was given up", null);
            }
            if (forNs > 0) {
                watchOld(n, forNs - stepNs);
                return;
            }
            n.stop(false, "the lost disk is taken out");
            swapBack(n);
            start(n);
        });
    }

    private void swapBack(SimulatedNode n) {
        NodeRecord own = recordAside;
        if (own != null) {
            NodeDisk disk = other();
            aside = n.disk();
            n.put(disk, own);
            disk.onPutIn();
            recordAside = null;
            cluster.touch(n);
        }
    }
}
