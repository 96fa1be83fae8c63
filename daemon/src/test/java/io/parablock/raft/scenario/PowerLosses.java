package io.parablock.raft.scenario;

import java.util.List;
import java.util.Random;

/** Losses of power and flushes in a random schedule with durability=mapped. */
final class PowerLosses {
    private static final int ONE_EVENT_IN = 30;
    private static final int CURE_MS_MAX = 200;

    private final RandomSchedule schedule;
    /** Of its own, so that the other histories stay what they were. */
    private final Random random;

    private long nextFlush;
    private int losses;

    PowerLosses(RandomSchedule schedule, long seed) {
        this.schedule = schedule;
        random = new Random(~seed);
        random.nextInt();
    }

    /** Drawn once, for the shape of the cluster. */
    boolean isMapped() {
        return random.nextInt(3) == 0;
    }

    boolean isNext() {
        return random.nextBoolean();
    }

    /** Beside those that the schedule itself draws. */
    boolean isDue() {
        return schedule.cluster.shape.mapped() && random.nextInt(ONE_EVENT_IN) == 0;
    }

    int losses() {
        return losses;
    }

    void event() {
        if (random.nextBoolean()) {
            losePower();
        } else {
            List<SimulatedNode> leaders = schedule.leaders();
            if (!leaders.isEmpty()) {
                schedule.cluster.power.flush(schedule.pick(leaders), ++nextFlush);
            }
        }
    }

    /** A minority only: without a quorum that remembers nothing may lead. */
    private void losePower() {
        ScenarioCluster cluster = schedule.cluster;
        // Mostly one that has something to lose, and not the leader: what it has acknowledged must be forgotten.
        List<SimulatedNode> leaders = schedule.leaders();
        List<SimulatedNode> live = schedule.up().stream()
                .filter(n -> !n.disk.unforced.isEmpty() || random.nextInt(8) == 0)
                .filter(n -> !leaders.contains(n) || random.nextInt(3) == 0)
                .toList();
        long forgetful =
                cluster.nodes.values().stream().filter(n -> n.disk.amnesiac).count();
        if (live.isEmpty()) {
            return;
        }
        SimulatedNode n = live.get(random.nextInt(live.size()));
        if (n.disk.amnesiac || forgetful < (cluster.shape.nodes() - 1) / 2) {
            losses++;
            int share = 1 + random.nextInt(4);
            cluster.power.lose(n, random.nextBoolean(), e -> random.nextInt(4) < share);
            if (random.nextBoolean()) {
                schedule.start(n);
                // A cure in the term in which the lost slots were acknowledged, or in a later one.
                cluster.run(random.nextBoolean() ? random.nextInt(CURE_MS_MAX) : 0, p -> true);
            }
        }
    }
}
