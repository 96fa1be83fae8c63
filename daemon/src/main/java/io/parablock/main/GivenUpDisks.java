package io.parablock.main;

import io.parablock.replica.Formation;
import java.util.Collection;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * A disk that an operator has given up is given up in every group (protocol.md §9): also in one that could not do it when he said
 * so, or that has begun since with the members that somebody knew who was behind. Each group's leader sees to it, again and again.
 */
final class GivenUpDisks {
    /** Named limit: a group whose leader does not do it yet is asked no more often. */
    private static final long INTERVAL_MS = 2_000;

    private GivenUpDisks() {}

    /** @param groups of the node; may change */
    static void follow(ScheduledExecutorService timer, NodeFormation formation, Collection<NodeGroup> groups) {
        var unused = timer.scheduleWithFixedDelay(
                () -> giveUp(formation, groups), INTERVAL_MS, INTERVAL_MS, TimeUnit.MILLISECONDS);
    }

    private static void giveUp(NodeFormation formation, Collection<NodeGroup> groups) {
        for (Formation.Disk disk : formation.givenUp()) {
            for (NodeGroup g : groups) {
                if (g.leads()) {
                    g.giveUpDisk(disk.node(), disk.incarnation());
                }
            }
        }
    }
}
