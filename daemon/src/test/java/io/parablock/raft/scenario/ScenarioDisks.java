package io.parablock.raft.scenario;

import io.parablock.raft.Role;
import io.parablock.raft.log.Entry;
import io.parablock.raft.membership.Members;
import io.parablock.simulator.check.EntryView;
import java.util.stream.IntStream;

/** Disks that are lost, and the empty ones that take their place (protocol.md §9). */
final class ScenarioDisks {
    private final ScenarioCluster cluster;
    private long drawn = 100;

    ScenarioDisks(ScenarioCluster cluster) {
        this.cluster = cluster;
    }

    void onAppend(SimulatedNode n, Entry e) {
        cluster.checker.onEntry(e);
        boolean proposed = n.core().status().role() == Role.LEADER
                && e.origin() == n.core().status().term();
        if (e.isBarrier() && proposed) {
            cluster.suite.onProposed(n.id, e.origin(), EntryView.of(e));
        }
    }

    /** The node's process is gone, and its disk with all it held. */
    void lose(SimulatedNode n) {
        if (n.isUp()) {
            cluster.crash(n, false);
        }
        put(n, new SimulatedDisk(), ++drawn);
        cluster.suite.onWiped(n.id);
        cluster.note("n" + n.id + " has lost its disk");
    }

    /** The disk that was given up comes back to its node, which is down. */
    void putBack(SimulatedNode n, SimulatedDisk disk, long incarnation) {
        put(n, disk, incarnation);
        cluster.suite.diskIsBack(n.id);
    }

    private void put(SimulatedNode n, SimulatedDisk disk, long incarnation) {
        n.disk = disk;
        n.incarnation = incarnation;
        n.founders = null;
        n.readableFrom = 0;
        n.device.clear();
        n.fsyncedDevice.clear();
        cluster.checker.seats.onLaterDisk(n.id, incarnation);
    }

    /** What an operator says at a node. */
    void giveUp(SimulatedNode at, int lost, long incarnation) {
        at.core().giveUpDisk(lost, incarnation, cluster.clock(at));
        cluster.work(at);
    }

    /**
     * A node with an empty disk starts as soon as somebody says that its seat is vacant, as replica.Formation has it.
     *
     * @return false if nobody does
     */
    boolean letIn(SimulatedNode n) {
        for (SimulatedNode o : cluster.nodes.values()) {
            if (n.founders == null && o.isUp() && o != n) {
                Members told = o.core().members();
                boolean vacant = !told.isTaken(n.id) && !told.gaveUp(n.id, n.incarnation);
                // As a production node: with the first disks of all, and what has changed comes with the log.
                n.founders = vacant || told.counts(n.id, n.incarnation) ? firstDisks() : null;
            }
        }
        if (n.founders != null && !n.isUp()) {
            ScenarioSteps.startAndConnect(cluster, n);
        }
        return n.founders != null;
    }

    private Members firstDisks() {
        return Members.founders(IntStream.rangeClosed(1, cluster.shape.nodes()).toArray());
    }
}
