package io.parablock.raft.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parablock.raft.LeaseConfig;
import io.parablock.raft.Mode;
import io.parablock.raft.Mutation;
import io.parablock.raft.Role;
import io.parablock.raft.log.EntryKind;
import io.parablock.raft.message.Message;
import io.parablock.simulator.check.Violation;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Each guard of the protocol, taken away, is missed by a checker within a stated number of random schedules. The table goes
 * to the output; {@code -Dmutant.seeds=N} gives more seeds, {@code -Dmutant.catches=N} goes on to the Nth catch and tells the
 * median of the seeds from one to the next.
 */
@Tag("one-jdk")
@Execution(ExecutionMode.CONCURRENT)
class MutantTest {
    private static final long SEEDS = 600;
    private static final int CATCHES = Integer.getInteger("mutant.catches", 1);
    /** Late first seeds, tried before the search: a guess that saves time, not a promise. */
    private static final Map<Mutation, Long> LATE = Map.of(
            Mutation.FORCE_WITH_HOLES, 520L,
            Mutation.LEASE_NOT_CHECKED_AFTER_READ, 416L,
            Mutation.TAKE_LATE_PIECES, 279L);

    // A mixed store's prefix lies below the leader's log base, so below the floor: counting it changes nothing.
    @ParameterizedTest
    @EnumSource(
            value = Mutation.class,
            mode = EnumSource.Mode.EXCLUDE,
            names = {
                "NONE",
                "READ_WITHOUT_QUORUM",
                "LEASE_WITHOUT_VOTE_REFUSAL",
                "READABLE_BEFORE_E",
                "CURE_WITHOUT_FORGETTING",
                "CAMPAIGN_WHILE_INSTALLING",
                "FLOOR_COUNTS_A_MIXED_STORE",
                "AMNESIAC_QUORUM_LEADS",
                "STORES_AS_THEY_WERE",
                "TIMEOUT_NOW_IN_A_NEWER_TERM",
                "REPAIR_WITH_ANYTHING",
                // MembershipTest has those of the members.
                "LEARNER_COUNTS",
                "OLD_DISK_COUNTS",
                "MERGE_BY_THE_CANDIDATES_CONFIG",
                "CONFIG_BEFORE_MERGED_LOG",
                "CONFIG_WITHOUT_DRAIN",
                "SLOTS_BESIDE_A_CONFIG",
                "LEARNER_WITH_HOLES",
                "NOOP_BEFORE_A_CONFIG",
                "CONFIG_COMMITTED_BY_ITS_LEARNER"
            })
    void shouldCatchEveryMutant(Mutation mutation) {
        long seeds = Long.getLong("mutant.seeds", SEEDS);
        Long late = LATE.get(mutation);
        if (seeds == SEEDS && late != null && runSeed(late, mutation) != null) {
            System.out.println("mutant " + mutation + ": caught by seed " + late);
            return;
        }
        Map<String, Integer> caught = new LinkedHashMap<>();
        List<Long> waits = new ArrayList<>();
        long last = 0;
        long seed = 1;
        for (; seed <= seeds && waits.size() < CATCHES; seed++) {
            String by = runSeed(seed, mutation);
            if (by != null) {
                waits.add(seed - last);
                last = seed;
                caught.merge(by, 1, Integer::sum);
            }
        }
        System.out.println("mutant " + mutation + ": caught " + waits.size() + " times in " + (seed - 1)
                + " seeds, median " + median(waits) + ", " + caught);
        assertThat(waits).as("%s goes unseen in %d seeds", mutation, seeds).isNotEmpty();
    }

    private static long median(List<Long> values) {
        List<Long> sorted = values.stream().sorted().toList();
        return sorted.isEmpty() ? 0 : sorted.get(sorted.size() / 2);
    }

    /** Random schedules hardly ever read from a leader that does not know yet that it was deposed. */
    @Test
    void shouldCatchAReadWithoutAQuorumAtADeposedLeader() {
        readFromDeposedLeader(Mutation.NONE);
        assertThatThrownBy(() -> readFromDeposedLeader(Mutation.READ_WITHOUT_QUORUM))
                .isInstanceOf(Violation.class)
                .hasMessageContaining("ReadChecker");
    }

    private static void readFromDeposedLeader(Mutation mutation) {
        ScenarioCluster.Shape shape = new ScenarioCluster.Shape(3, Mode.PARALLEL, 4, 64, 4, 4, 64, 32, false);
        ScenarioCluster cluster = new ScenarioCluster(shape, 1, mutation, LeaseConfig.OFF);
        cluster.run(1200, p -> true);
        SimulatedNode old = ScenarioSteps.leader(cluster, 0);
        for (int other = 1; other <= 3; other++) {
            cluster.cuts.add(old.id * 100 + other);
            cluster.cuts.add(other * 100 + old.id);
        }
        for (int i = 0; i < 300; i++) {
            cluster.now += 5 * ScenarioCluster.MS;
            cluster.nodes.values().stream().filter(n -> n != old).forEach(cluster::tick);
            cluster.settle(p -> p.from() != old.id && p.to() != old.id);
        }
        SimulatedNode fresh = ScenarioSteps.leader(cluster, old.id);
        fresh.core().proposeOpenSession(1, 1, 1, cluster.clock(fresh));
        cluster.work(fresh);
        cluster.settle(p -> p.to() != old.id);
        cluster.propose(fresh, EntryKind.WRITE, 0, 4096, cluster.checker.lastSession(), 0, 0);
        cluster.work(fresh);
        cluster.settle(p -> p.to() != old.id);
        assertThat(cluster.checker.isAnswered(cluster.checker.lastSession(), 0)).isTrue();
        cluster.read(old, 1, 0, 4096);
        assertThat(cluster.reads.answers).isEmpty();
    }

    /** The leader of the newer term has given up no lease. */
    @Test
    void shouldCatchATimeoutNowThatIsObeyedInANewerTerm() {
        assertThat(readAfterLateTimeoutNow(Mutation.NONE)).isTrue();
        assertThatThrownBy(() -> readAfterLateTimeoutNow(Mutation.TIMEOUT_NOW_IN_A_NEWER_TERM))
                .isInstanceOf(Violation.class)
                .hasMessageContaining("ReadChecker");
    }

    /** Returns whether the leader of the second term answers alone. */
    private static boolean readAfterLateTimeoutNow(Mutation mutation) {
        ScenarioCluster.Shape shape = new ScenarioCluster.Shape(3, Mode.PARALLEL, 4, 64, 4, 4, 64, 32, false);
        ScenarioCluster cluster = new ScenarioCluster(shape, 1, mutation, ScenarioReads.LEASE);
        cluster.run(1200, p -> true);
        SimulatedNode first = ScenarioSteps.leader(cluster, 0);
        assertThat(first.core().handOver(cluster.clock(first))).isTrue();
        cluster.work(first);
        Packet late = cluster.pool.stream()
                .filter(p -> p.message() instanceof Message.TimeoutNow)
                .findFirst()
                .orElseThrow();
        SimulatedNode told = cluster.node(late.to());
        SimulatedNode second = cluster.node(6 - first.id - told.id);
        Predicate<Packet> inTime = p -> !(p.message() instanceof Message.TimeoutNow);
        for (int i = 0; i < 300 && second.core().status().role() != Role.LEADER; i++) {
            cluster.now += 5 * ScenarioCluster.MS;
            cluster.tick(second);
            cluster.settle(p -> inTime.test(p) && p.from() != first.id && p.to() != first.id);
        }
        cluster.run(200, inTime);
        assertThat(second.core().status().role()).isEqualTo(Role.LEADER);
        cluster.deliver(late);
        cluster.settle(p -> p.to() != second.id);
        told.core().proposeOpenSession(1, 1, 1, cluster.clock(told));
        cluster.work(told);
        cluster.settle(p -> p.to() != second.id);
        cluster.propose(told, EntryKind.WRITE, 0, 4096, cluster.checker.lastSession(), 0, 0);
        cluster.work(told);
        cluster.settle(p -> p.to() != second.id);
        cluster.read(second, 1, 0, 4096);
        return cluster.reads.answers.getOrDefault(1L, false);
    }

    /** Random schedules hardly ever take a checkpoint between the end of an install and the apply of its last slot. */
    @Test
    void shouldCatchACheckpointOfAStoreThatIsAheadOfItsLog() {
        checkpointAfterInstall(Mutation.NONE);
        assertThatThrownBy(() -> checkpointAfterInstall(Mutation.READABLE_BEFORE_E))
                .isInstanceOf(Violation.class)
                .hasMessageContaining("InstallChecker");
    }

    private static void checkpointAfterInstall(Mutation mutation) {
        ScenarioCluster.Shape shape = new ScenarioCluster.Shape(3, Mode.PARALLEL, 8, 4, 4, 4, 64, 64, false);
        ScenarioCluster cluster = new ScenarioCluster(shape, 1, mutation, LeaseConfig.OFF);
        SimulatedNode leader = ScenarioSteps.leaderWithSession(cluster);
        SimulatedNode away = cluster.node(leader.id % 3 + 1);
        ScenarioSteps.leaveBehind(cluster, leader, away);
        away.autoApply = false;
        cluster.start(away);
        Predicate<Packet> noAppends = p -> p.to() != away.id || !(p.message() instanceof Message.Append);
        for (int i = 0; i < 400 && !away.installStepDue; i++) {
            cluster.run(5, noAppends);
        }
        cluster.installStep(away);
        // The store is copied after this slot, the install's base is before it.
        ScenarioSteps.write(cluster, leader, 10);
        for (int i = 0; i < 400 && away.disk.checkpoint.installing(); i++) {
            cluster.run(5, noAppends);
            while (!away.installWrites.isEmpty()) {
                cluster.installWrite(away);
            }
            if (away.installStepDue) {
                cluster.installStep(away);
            }
        }
        assertThat(away.disk.checkpoint.e()).isGreaterThan(away.disk.checkpoint.a());
        cluster.checkpoint(away);
    }

    /** Random schedules hardly ever restart a voter between the leader's last round and a campaign of the other. */
    @Test
    void shouldCatchAVoteWithinTheLeaseOfALeaderThatARestartForgot() {
        for (int afterMs = 0; afterMs < 400; afterMs += 10) {
            readAfterForgetfulVote(Mutation.NONE, afterMs);
        }
        assertThatThrownBy(() -> {
                    for (int afterMs = 0; afterMs < 400; afterMs += 10) {
                        readAfterForgetfulVote(Mutation.LEASE_WITHOUT_VOTE_REFUSAL, afterMs);
                    }
                })
                .isInstanceOf(Violation.class)
                .hasMessageContaining("ReadChecker");
    }

    private static void readAfterForgetfulVote(Mutation mutation, int afterMs) {
        ScenarioCluster.Shape shape = new ScenarioCluster.Shape(3, Mode.PARALLEL, 4, 64, 4, 4, 64, 32, false);
        ScenarioCluster cluster = new ScenarioCluster(shape, 1, mutation, ScenarioReads.LEASE);
        SimulatedNode leader = ScenarioSteps.leaderWithSession(cluster);
        SimulatedNode deaf = cluster.node(leader.id % 3 + 1);
        SimulatedNode voter = cluster.node(6 - leader.id - deaf.id);
        cluster.cuts.add(leader.id * 100 + deaf.id);
        cluster.cuts.add(deaf.id * 100 + leader.id);
        cluster.run(300 + afterMs, p -> true);
        cluster.crash(voter, true);
        ScenarioSteps.startAndConnect(cluster, voter);
        Predicate<Packet> notLeader = p -> p.from() != leader.id && p.to() != leader.id;
        for (int i = 0; i < 40 && deaf.core().status().role() != Role.LEADER; i++) {
            cluster.now += 5 * ScenarioCluster.MS;
            cluster.tick(deaf);
            cluster.tick(voter);
            cluster.settle(notLeader);
        }
        if (deaf.core().status().role() == Role.LEADER) {
            cluster.propose(deaf, EntryKind.WRITE, 0, 4096, cluster.checker.lastSession(), 0, 0);
            cluster.work(deaf);
            cluster.settle(notLeader);
            cluster.read(leader, 1, 0, 4096);
        }
    }

    /** Random schedules hardly ever lose an acknowledged slot and cure the node in the same term. */
    @Test
    void shouldCatchACureThatCountsWhatAnEarlierBootAcknowledged() {
        cureInTheSameTerm(Mutation.NONE);
        assertThatThrownBy(() -> cureInTheSameTerm(Mutation.CURE_WITHOUT_FORGETTING))
                .isInstanceOf(Violation.class)
                .hasMessageContaining("AmnesiaChecker");
    }

    private static void cureInTheSameTerm(Mutation mutation) {
        ScenarioCluster.Shape shape = new ScenarioCluster.Shape(3, Mode.PARALLEL, 8, 64, 4, 4, 64, 64, true);
        ScenarioCluster cluster = new ScenarioCluster(shape, 1, mutation, LeaseConfig.OFF);
        SimulatedNode leader = ScenarioSteps.leaderWithSession(cluster);
        SimulatedNode forgetful = cluster.node(leader.id % 3 + 1);
        for (int i = 0; i < 5; i++) {
            ScenarioSteps.write(cluster, leader, i);
        }
        cluster.power.lose(forgetful, true, e -> e.slot() == 3);
        ScenarioSteps.startAndConnect(cluster, forgetful);
        cluster.run(2000, p -> true);
        assertThat(forgetful.core().status().amnesiac()).isFalse();
    }

    /** Random schedules hardly ever lose the leader in the middle of an install whose node can still win. */
    @Test
    void shouldCatchACampaignOfAHalfInstalledNode() {
        loseTheLeaderOfAnInstall(Mutation.NONE);
        assertThatThrownBy(() -> loseTheLeaderOfAnInstall(Mutation.CAMPAIGN_WHILE_INSTALLING))
                .isInstanceOf(Violation.class)
                .hasMessageContaining("invariant 7");
    }

    private static void loseTheLeaderOfAnInstall(Mutation mutation) {
        ScenarioCluster.Shape shape = new ScenarioCluster.Shape(3, Mode.PARALLEL, 8, 4, 4, 4, 64, 64, false);
        ScenarioCluster cluster = new ScenarioCluster(shape, 1, mutation, LeaseConfig.OFF);
        SimulatedNode leader = ScenarioSteps.leaderWithSession(cluster);
        SimulatedNode away = cluster.node(leader.id % 3 + 1);
        SimulatedNode other = cluster.node(6 - leader.id - away.id);
        // The other follower keeps its log: it could vote for the one that was away.
        ScenarioSteps.leaveBehind(cluster, leader, away);
        ScenarioSteps.startAndConnect(cluster, away);
        Predicate<Packet> noPieces = p -> !(p.message() instanceof Message.InstallExtent);
        for (int i = 0; i < 400 && !away.disk.checkpoint.installing(); i++) {
            cluster.run(5, noPieces);
        }
        assertThat(away.disk.checkpoint.installing()).isTrue();
        cluster.crash(leader, false);
        for (int i = 0; i < 400; i++) {
            cluster.now += 5 * ScenarioCluster.MS;
            cluster.tick(away);
            if (i % 100 == 99) {
                cluster.tick(other);
            }
            cluster.settle(noPieces);
        }
        assertThat(away.core().status().role()).isEqualTo(Role.FOLLOWER);
    }

    private static @Nullable String runSeed(long seed, Mutation mutation) {
        try {
            new RandomSchedule(seed, mutation).run();
            return null;
        } catch (Violation v) {
            return v.checker() + " (" + v.invariant() + ")";
        } catch (AssertionError | RuntimeException e) {
            if (String.valueOf(e.getMessage()).startsWith("no convergence")) {
                return "liveness";
            }
            String at = e.getStackTrace()[0].getClassName();
            return at.substring(at.lastIndexOf('.') + 1) + ": "
                    + String.valueOf(e.getMessage()).lines().findFirst().orElse("");
        }
    }
}
