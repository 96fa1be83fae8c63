package io.parablock.raft.scenario;

import io.parablock.raft.membership.Members;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** In a third of the random schedules: disks are lost, one at a time, given up and replaced (protocol.md §9). */
final class Replacements {
    private static final int ONE_EVENT_IN = 12;

    private final RandomSchedule schedule;
    /** Of its own, so that the other histories stay what they were. */
    private final Random random;

    private final boolean enabled;
    private @Nullable SimulatedNode lost;
    private long lostDisk;
    private int done;

    Replacements(RandomSchedule schedule, long seed, boolean mayBe) {
        this.schedule = schedule;
        random = new Random(seed * 131 + 3);
        random.nextInt();
        enabled = mayBe && random.nextInt(3) == 0;
    }

    /** Then nothing else is lost: a minority of one is what three nodes can do without. */
    boolean isEnabled() {
        return enabled;
    }

    int done() {
        return done;
    }

    boolean isNext() {
        return enabled && random.nextInt(ONE_EVENT_IN) == 0;
    }

    void event() {
        SimulatedNode n = lost;
        if (n != null) {
            goOn(n);
        } else if (random.nextInt(3) == 0) {
            lose();
        }
    }

    private void lose() {
        ScenarioCluster cluster = schedule.cluster;
        List<SimulatedNode> leaders = schedule.leaders();
        SimulatedNode victim = cluster.node(1 + random.nextInt(cluster.shape.nodes()));
        if (leaders.isEmpty()) {
            return;
        }
        Members now = leaders.get(random.nextInt(leaders.size())).core().appliedMembers();
        for (SimulatedNode n : cluster.nodes.values()) {
            if (!now.counts(n.id, n.incarnation)) {
                return;
            }
        }
        lostDisk = victim.incarnation;
        cluster.disks.lose(victim);
        lost = victim;
    }

    private void goOn(SimulatedNode n) {
        ScenarioCluster cluster = schedule.cluster;
        List<SimulatedNode> others = schedule.up().stream().filter(o -> o != n).toList();
        if (!others.isEmpty() && random.nextBoolean()) {
            cluster.disks.giveUp(others.get(random.nextInt(others.size())), n.id, lostDisk);
        }
        if (!n.isUp() && random.nextBoolean()) {
            cluster.disks.letIn(n);
        }
        noteEnd(n);
    }

    private void noteEnd(SimulatedNode n) {
        for (SimulatedNode leader : schedule.leaders()) {
            if (leader.core().appliedMembers().counts(n.id, n.incarnation)) {
                lost = null;
                done++;
                return;
            }
        }
    }

    /** An empty disk is let in, or stays out. */
    boolean startsItself(SimulatedNode n) {
        boolean isEmpty = n.incarnation != n.id && n.founders == null;
        if (isEmpty) {
            schedule.cluster.disks.letIn(n);
        }
        return isEmpty;
    }

    /** Everything works: what was begun is brought to its end. */
    void heal() {
        SimulatedNode n = lost;
        if (n != null) {
            schedule.leaders().forEach(leader -> schedule.cluster.disks.giveUp(leader, n.id, lostDisk));
            if (!n.isUp()) {
                schedule.cluster.disks.letIn(n);
            }
            noteEnd(n);
        }
    }

    boolean isAtRest() {
        return lost == null;
    }
}
