package io.parablock.raft.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parablock.raft.LeaseConfig;
import io.parablock.raft.Mode;
import io.parablock.raft.Mutation;
import io.parablock.raft.Role;
import io.parablock.raft.log.EntryKind;
import io.parablock.raft.membership.Members;
import io.parablock.raft.message.Message;
import io.parablock.simulator.check.Violation;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A lost disk is replaced (protocol.md §9); each rule of it, taken away, shows in a history made for it. */
class MembershipTest {
    private static boolean all(Packet p) {
        return p.number() > 0;
    }

    private static ScenarioCluster cluster(int nodes, Mode mode, Mutation mutation) {
        ScenarioCluster.Shape shape = new ScenarioCluster.Shape(nodes, mode, 8, 64, 4, 8, 64, 64, false);
        return new ScenarioCluster(shape, 1, mutation, LeaseConfig.OFF);
    }

    private static ScenarioCluster cluster(int nodes, Mutation mutation) {
        return cluster(nodes, Mode.PARALLEL, mutation);
    }

    private static SimulatedNode other(ScenarioCluster c, SimulatedNode... than) {
        return c.nodes.values().stream()
                .filter(n -> !List.of(than).contains(n))
                .findFirst()
                .orElseThrow();
    }

    private static Predicate<Packet> without(SimulatedNode... nodes) {
        List<Integer> ids = new ArrayList<>();
        for (SimulatedNode n : nodes) {
            ids.add(n.id);
        }
        return p -> !ids.contains(p.from()) && !ids.contains(p.to());
    }

    private static void write(ScenarioCluster c, SimulatedNode leader, int seq, Predicate<Packet> passes) {
        c.propose(leader, EntryKind.WRITE, seq % 4 * 4096L, 4096, c.checker.lastSession(), seq, 0);
        c.work(leader);
        c.run(20, passes);
    }

    private static boolean isAnswered(ScenarioCluster c, int seq) {
        return c.checker.isAnswered(c.checker.lastSession(), seq);
    }

    /** Its leader has missed the node for long enough to believe that it is gone. */
    private static void loseAndGiveUp(
            ScenarioCluster c, SimulatedNode leader, SimulatedNode lost, Predicate<Packet> passes) {
        long before = lost.incarnation;
        c.disks.lose(lost);
        c.run(400, passes);
        c.disks.giveUp(leader, lost.id, before);
        c.run(50, passes);
    }

    private static void replace(ScenarioCluster c, SimulatedNode leader, SimulatedNode lost, Predicate<Packet> passes) {
        loseAndGiveUp(c, leader, lost, passes);
        assertThat(c.disks.letIn(lost)).isTrue();
        for (int i = 0; i < 40 && !leader.core().members().counts(lost.id, lost.incarnation); i++) {
            c.run(50, passes);
        }
        c.run(200, passes);
        assertThat(leader.core().appliedMembers().counts(lost.id, lost.incarnation))
                .isTrue();
    }

    // ---------------------------------------------------------------- what it is for

    @ParameterizedTest
    @EnumSource(Mode.class)
    void shouldCountANewDiskOnceItHasCaughtUp(Mode mode) {
        ScenarioCluster c = cluster(3, mode, Mutation.NONE);
        SimulatedNode leader = ScenarioSteps.leaderWithSession(c);
        SimulatedNode lost = other(c, leader);
        SimulatedNode third = other(c, leader, lost);
        for (int i = 0; i < 6; i++) {
            ScenarioSteps.write(c, leader, i);
        }
        loseAndGiveUp(c, leader, lost, MembershipTest::all);
        assertThat(leader.core().members().isTaken(lost.id)).isFalse();
        assertThat(third.core().members()).isEqualTo(leader.core().members());
        write(c, leader, 6, MembershipTest::all);
        assertThat(isAnswered(c, 6)).isTrue();
        assertThat(c.disks.letIn(lost)).isTrue();
        c.run(1000, MembershipTest::all);
        Members now = leader.core().appliedMembers();
        assertThat(now.seat(lost.id).generation()).isEqualTo(2);
        assertThat(lost.core().members()).isEqualTo(now);
        c.crash(third, true);
        write(c, leader, 7, MembershipTest::all);
        assertThat(isAnswered(c, 7)).isTrue();
        c.crash(leader, true);
        ScenarioSteps.startAndConnect(c, third);
        c.run(2500, MembershipTest::all);
        write(c, leaderOf(c), 8, MembershipTest::all);
        assertThat(isAnswered(c, 8)).isTrue();
    }

    @Test
    void shouldRememberTheMembersAfterTheLogIsCutAndEveryProcessIsNew() {
        ScenarioCluster c = cluster(3, Mutation.NONE);
        SimulatedNode leader = ScenarioSteps.leaderWithSession(c);
        SimulatedNode lost = other(c, leader);
        replace(c, leader, lost, MembershipTest::all);
        Members now = leader.core().members();
        for (int i = 0; i < 10; i++) {
            ScenarioSteps.write(c, leader, i);
        }
        for (int i = 0; i < 2; i++) {
            c.nodes.values().forEach(c::checkpoint);
            c.run(100, MembershipTest::all);
        }
        assertThat(leader.disk.checkpoint.members()).isEqualTo(now);
        List.copyOf(c.nodes.values()).forEach(n -> c.crash(n, true));
        c.nodes.values().forEach(n -> {
            n.founders = null;
            ScenarioSteps.startAndConnect(c, n);
            assertThat(n.core().members()).isEqualTo(now);
        });
    }

    @Test
    void shouldInstallANewDiskWhenTheLogIsCut() {
        ScenarioCluster.Shape shape = new ScenarioCluster.Shape(3, Mode.PARALLEL, 8, 4, 4, 4, 64, 64, false);
        ScenarioCluster c = new ScenarioCluster(shape, 1, Mutation.NONE, LeaseConfig.OFF);
        SimulatedNode leader = ScenarioSteps.leaderWithSession(c);
        SimulatedNode lost = other(c, leader);
        SimulatedNode third = other(c, leader, lost);
        loseAndGiveUp(c, leader, lost, MembershipTest::all);
        for (int i = 0; i < 10; i++) {
            ScenarioSteps.write(c, leader, i);
        }
        for (int i = 0; i < 3; i++) {
            c.checkpoint(leader);
            c.checkpoint(third);
            c.run(100, MembershipTest::all);
        }
        assertThat(leader.core().status().logBase()).isPositive();
        assertThat(c.disks.letIn(lost)).isTrue();
        c.run(3000, MembershipTest::all);
        assertThat(leader.core().appliedMembers().counts(lost.id, lost.incarnation))
                .isTrue();
        assertThat(lost.disk.checkpoint.members()).isNotNull();
    }

    @Test
    void shouldNotGiveUpADiskThatAnswersOrIsTheLeadersOwnOrWouldBeMissed() {
        ScenarioCluster c = cluster(3, Mutation.NONE);
        SimulatedNode leader = ScenarioSteps.leaderWithSession(c);
        SimulatedNode second = other(c, leader);
        SimulatedNode third = other(c, leader, second);
        c.disks.giveUp(leader, leader.id, leader.incarnation);
        c.disks.giveUp(leader, second.id, second.incarnation);
        c.disks.giveUp(leader, second.id, 77);
        c.run(400, MembershipTest::all);
        assertThat(leader.core().members().isFounding()).isTrue();
        loseAndGiveUp(c, leader, second, MembershipTest::all);
        assertThat(leader.core().members().vacancies()).isEqualTo(1);
        c.crash(third, true);
        c.disks.giveUp(leader, third.id, third.incarnation);
        c.run(50, MembershipTest::all);
        assertThat(leader.core().members().vacancies()).isEqualTo(1);
    }

    @Test
    void shouldPassTheOperatorsWordOnToTheLeader() {
        ScenarioCluster c = cluster(3, Mutation.NONE);
        SimulatedNode leader = ScenarioSteps.leaderWithSession(c);
        SimulatedNode lost = other(c, leader);
        SimulatedNode asked = other(c, leader, lost);
        long before = lost.incarnation;
        c.disks.lose(lost);
        c.run(400, MembershipTest::all);
        c.disks.giveUp(asked, lost.id, before);
        c.run(100, MembershipTest::all);
        assertThat(asked.core().members().isTaken(lost.id)).isFalse();
    }

    // ---------------------------------------------------------------- each rule, taken away

    private static void shouldShow(Mutation mutation, Consumer<Mutation> history, String... by) {
        history.accept(Mutation.NONE);
        assertThatThrownBy(() -> history.accept(mutation))
                .isInstanceOf(Violation.class)
                .satisfies(v -> assertThat(by).anyMatch(name -> v.getMessage().contains(name)));
    }

    @Test
    void shouldCatchALearnerThatCounts() {
        shouldShow(
                Mutation.LEARNER_COUNTS,
                mutation -> {
                    ScenarioCluster c = cluster(3, mutation);
                    SimulatedNode leader = ScenarioSteps.leaderWithSession(c);
                    SimulatedNode lost = other(c, leader);
                    SimulatedNode away = other(c, leader, lost);
                    loseAndGiveUp(c, leader, lost, MembershipTest::all);
                    c.disks.letIn(lost);
                    c.run(200, without(away));
                    write(c, leader, 0, without(away));
                    assertThat(isAnswered(c, 0)).isFalse();
                },
                "CommitChecker");
    }

    /** Nodes 1, 2 and the new 3 work; then they are gone, and the old 3 comes back to nodes 4 and 5. */
    private static void oldDiskComesBack(Mutation mutation, boolean candidateKnows) {
        ScenarioCluster c = cluster(5, mutation);
        SimulatedNode leader = ScenarioSteps.leaderWithSession(c);
        SimulatedNode lost = other(c, leader);
        SimulatedNode second = other(c, leader, lost);
        SimulatedNode knows = other(c, leader, lost, second);
        SimulatedNode away = other(c, leader, lost, second, knows);
        ScenarioSteps.write(c, leader, 0);
        SimulatedDisk old = lost.disk;
        long oldIncarnation = lost.incarnation;
        c.crash(away, true);
        replace(c, leader, lost, MembershipTest::all);
        c.crash(knows, true);
        write(c, leader, 1, MembershipTest::all);
        assertThat(isAnswered(c, 1)).isTrue();
        List.of(leader, second, lost).forEach(n -> c.crash(n, true));
        c.disks.putBack(lost, old, oldIncarnation);
        ScenarioSteps.startAndConnect(c, lost);
        ScenarioSteps.startAndConnect(c, away);
        ScenarioSteps.startAndConnect(c, knows);
        SimulatedNode candidate = candidateKnows ? knows : away;
        c.run(500, MembershipTest::all);
        for (int i = 0; i < 600; i++) {
            c.now += 5 * ScenarioCluster.MS;
            c.tick(candidate);
            if (i % 60 == 0) {
                c.tick(candidateKnows ? away : knows);
                c.tick(lost);
            }
            c.settle(MembershipTest::all);
        }
        assertThat(c.nodes.values())
                .noneMatch(n -> n.isUp() && n.core().status().role() == Role.LEADER);
    }

    @Test
    void shouldCatchAnOldDiskThatCountsForItsSuccessor() {
        shouldShow(
                Mutation.OLD_DISK_COUNTS,
                mutation -> oldDiskComesBack(mutation, true),
                "CommitChecker",
                "NoopChecker",
                "SyncChecker");
    }

    @Test
    void shouldCatchAMergeByTheConfigOfItsCandidate() {
        shouldShow(
                Mutation.MERGE_BY_THE_CANDIDATES_CONFIG,
                mutation -> oldDiskComesBack(mutation, false),
                "CommitChecker",
                "NoopChecker",
                "SyncChecker");
    }

    @Test
    void shouldCatchAConfigBeforeTheMergedLogIsCommitted() {
        shouldShow(
                Mutation.CONFIG_BEFORE_MERGED_LOG,
                mutation -> {
                    ScenarioCluster c = cluster(5, mutation);
                    SimulatedNode leader = ScenarioSteps.leaderWithSession(c);
                    ScenarioSteps.write(c, leader, 0);
                    SimulatedNode lost = other(c, leader);
                    long incarnation = lost.incarnation;
                    c.disks.lose(lost);
                    SimulatedNode holder = other(c, leader, lost);
                    write(c, leader, 1, p -> p.to() == holder.id || !(p.message() instanceof Message.Append));
                    c.crash(leader, true);
                    c.pool.clear();
                    Predicate<Packet> noSync = p -> !(p.message() instanceof Message.SyncBegin);
                    for (int i = 0; i < 60 && hasNoLeader(c); i++) {
                        c.run(50, noSync);
                    }
                    SimulatedNode next = leaderOf(c);
                    c.run(350, noSync);
                    c.disks.giveUp(next, lost.id, incarnation);
                    c.run(50, noSync);
                    c.run(1000, MembershipTest::all);
                },
                "ConfigChecker");
    }

    private static SimulatedNode leaderOf(ScenarioCluster c) {
        return c.nodes.values().stream()
                .filter(n -> n.isUp() && n.core().status().role() == Role.LEADER)
                .findFirst()
                .orElseThrow();
    }

    private static boolean hasNoLeader(ScenarioCluster c) {
        return c.nodes.values().stream()
                .noneMatch(n -> n.isUp() && n.core().status().role() == Role.LEADER);
    }

    @Test
    void shouldCatchAConfigWithoutADrain() {
        shouldShow(
                Mutation.CONFIG_WITHOUT_DRAIN,
                mutation -> {
                    ScenarioCluster c = cluster(3, mutation);
                    SimulatedNode leader = ScenarioSteps.leaderWithSession(c);
                    SimulatedNode lost = other(c, leader);
                    long incarnation = lost.incarnation;
                    c.disks.lose(lost);
                    c.run(400, MembershipTest::all);
                    c.propose(leader, EntryKind.WRITE, 0, 4096, c.checker.lastSession(), 1, 0);
                    c.work(leader);
                    c.disks.giveUp(leader, lost.id, incarnation);
                    c.run(50, p -> !(p.message() instanceof Message.Append));
                    c.run(400, MembershipTest::all);
                    assertThat(leader.core().members().isTaken(lost.id)).isFalse();
                },
                "ConfigChecker");
    }

    @Test
    void shouldCatchASlotBesideAConfig() {
        shouldShow(
                Mutation.SLOTS_BESIDE_A_CONFIG,
                mutation -> {
                    ScenarioCluster c = cluster(3, mutation);
                    SimulatedNode leader = ScenarioSteps.leaderWithSession(c);
                    SimulatedNode lost = other(c, leader);
                    long incarnation = lost.incarnation;
                    c.disks.lose(lost);
                    c.run(400, MembershipTest::all);
                    c.disks.giveUp(leader, lost.id, incarnation);
                    c.run(20, p -> !(p.message() instanceof Message.Append));
                    c.propose(leader, EntryKind.WRITE, 0, 4096, c.checker.lastSession(), 1, 0);
                    c.work(leader);
                    c.run(400, MembershipTest::all);
                },
                "ConfigChecker");
    }

    /** A slot that the lost disk and the leader had, and nobody else; the third node gets it never. */
    private static boolean carries(Packet p, SimulatedNode to, long slot) {
        return p.to() == to.id && p.slots().contains(slot) && !p.kind().equals("Fetch");
    }

    @Test
    void shouldCatchALearnerWithHoles() {
        holesOfALearner(Mutation.NONE);
        assertThatThrownBy(() -> holesOfALearner(Mutation.LEARNER_WITH_HOLES)).isInstanceOf(AssertionError.class);
    }

    private static void holesOfALearner(Mutation mutation) {
        ScenarioCluster c = cluster(3, mutation);
        SimulatedNode leader = ScenarioSteps.leaderWithSession(c);
        SimulatedNode lost = other(c, leader);
        SimulatedNode third = other(c, leader, lost);
        long slot = leader.core().status().lastSlot() + 1;
        Predicate<Packet> notTo = p -> !carries(p, third, slot) && !carries(p, lost, slot);
        write(c, leader, 0, p -> !carries(p, third, slot));
        assertThat(isAnswered(c, 0)).isTrue();
        loseAndGiveUp(c, leader, lost, notTo);
        assertThat(c.disks.letIn(lost)).isTrue();
        c.run(600, notTo);
        assertThat(leader.core().members().isTaken(lost.id))
                .as("the learner lacks a slot that the lost disk had acknowledged")
                .isFalse();
    }

    @Test
    void shouldCatchANoopBeforeAConfig() {
        shouldShow(
                Mutation.NOOP_BEFORE_A_CONFIG,
                mutation -> {
                    ScenarioCluster c = cluster(3, mutation);
                    SimulatedNode leader = ScenarioSteps.leaderWithSession(c);
                    SimulatedNode lost = other(c, leader);
                    SimulatedNode third = other(c, leader, lost);
                    long slot = leader.core().status().lastSlot() + 1;
                    write(c, leader, 0, p -> !carries(p, third, slot));
                    assertThat(isAnswered(c, 0)).isTrue();
                    loseAndGiveUp(c, leader, lost, p -> !carries(p, third, slot));
                    assertThat(leader.core().members().isTaken(lost.id)).isFalse();
                    c.crash(leader, false);
                    c.pool.clear();
                    c.damage(leader, slot);
                    ScenarioSteps.startAndConnect(c, leader);
                    c.run(3000, MembershipTest::all);
                },
                "CommitChecker",
                "NoopChecker");
    }

    @Test
    void shouldCatchAConfigThatItsLearnerCommits() {
        shouldShow(
                Mutation.CONFIG_COMMITTED_BY_ITS_LEARNER,
                mutation -> {
                    ScenarioCluster c = cluster(3, mutation);
                    SimulatedNode leader = ScenarioSteps.leaderWithSession(c);
                    SimulatedNode lost = other(c, leader);
                    SimulatedNode third = other(c, leader, lost);
                    loseAndGiveUp(c, leader, lost, MembershipTest::all);
                    assertThat(c.disks.letIn(lost)).isTrue();
                    c.run(250, p -> p.to() != third.id || !(p.message() instanceof Message.Append));
                    c.run(1000, MembershipTest::all);
                },
                "CommitChecker");
    }
}
