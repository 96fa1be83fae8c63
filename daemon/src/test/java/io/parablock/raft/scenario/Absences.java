package io.parablock.raft.scenario;

import java.util.List;
import java.util.Random;

/**
 * In half of the random schedules: a follower is away until the leader has cut its log, comes back and needs an install;
 * in the middle of that its leader may go (protocol.md §7).
 */
final class Absences {
    private static final int ONE_EVENT_IN = 120;
    private static final int WRITES_MIN = 6;
    private static final int WRITES_MAX = 16;

    private final RandomSchedule schedule;
    /** Of its own, so that the other histories stay what they were. */
    private final Random random;

    private final boolean enabled;

    Absences(RandomSchedule schedule, long seed) {
        this.schedule = schedule;
        random = new Random(seed * 31 + 7);
        random.nextInt();
        enabled = random.nextBoolean();
    }

    boolean isNext() {
        return enabled && random.nextInt(ONE_EVENT_IN) == 0;
    }

    void event() {
        ScenarioCluster cluster = schedule.cluster;
        List<SimulatedNode> leaders = schedule.leaders();
        if (leaders.isEmpty()) {
            return;
        }
        SimulatedNode leader = leaders.get(random.nextInt(leaders.size()));
        SimulatedNode away = cluster.node(1 + random.nextInt(cluster.shape.nodes()));
        if (away == leader) {
            return;
        }
        if (away.isUp()) {
            cluster.crash(away, false);
        }
        int writes = WRITES_MIN + random.nextInt(WRITES_MAX - WRITES_MIN);
        for (int i = 0; i < writes && leader.isUp(); i++) {
            schedule.request(leader);
            cluster.run(10, p -> true);
        }
        // The other followers may keep their logs: only they can still give the absent one their votes.
        for (int i = 0; i < 2 && leader.isUp(); i++) {
            cluster.checkpoint(leader);
            cluster.run(20, p -> true);
        }
        if (!away.isUp()) {
            schedule.start(away);
        }
        cluster.run(20 + random.nextInt(400), p -> true);
        if (random.nextInt(3) > 0 && leader.isUp()) {
            cluster.crash(leader, true);
            if (random.nextBoolean()) {
                schedule.start(leader);
            }
            cluster.run(random.nextInt(1500), p -> true);
        }
    }
}
