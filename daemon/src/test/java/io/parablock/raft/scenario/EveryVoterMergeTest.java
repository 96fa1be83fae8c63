package io.parablock.raft.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parablock.raft.LeaseConfig;
import io.parablock.raft.Mode;
import io.parablock.raft.Mutation;
import io.parablock.raft.ProposeResult;
import io.parablock.raft.Role;
import io.parablock.raft.log.Entry;
import io.parablock.raft.log.EntryKind;
import io.parablock.raft.message.Message;
import io.parablock.raft.session.SessionTable;
import io.parablock.simulator.check.Violation;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every machine, or so many that no quorum remembers, lost its power with durability=mapped (protocol.md §11). */
class EveryVoterMergeTest {
    private static final long FLUSH = 1;

    private static ScenarioCluster cluster(Mode mode, Mutation mutation) {
        ScenarioCluster.Shape shape = new ScenarioCluster.Shape(3, mode, 8, 64, 4, 4, 64, 64, true);
        return new ScenarioCluster(shape, 1, mutation, LeaseConfig.OFF);
    }

    /**
     * Slot 4 is answered and applied everywhere, and in no log after the blackout; the device of one node has it. Were the
     * stores left as they are, reads would go back and forth with the leader.
     */
    private static ScenarioCluster loseAnsweredSlotKeptByOneDevice(Mode mode, Mutation mutation, int keeper) {
        ScenarioCluster cluster = cluster(mode, mutation);
        SimulatedNode leader = ScenarioSteps.leaderWithSession(cluster);
        for (int i = 0; i < 3; i++) {
            ScenarioSteps.write(cluster, leader, i);
        }
        cluster.power.flush(leader, FLUSH);
        cluster.run(50, p -> true);
        assertThat(cluster.flushes).containsEntry(FLUSH, true);
        cluster.nodes.values().forEach(cluster::checkpoint);
        ScenarioSteps.write(cluster, leader, 3);
        cluster.run(60, p -> true);
        for (SimulatedNode n : cluster.nodes.values()) {
            assertThat(n.core().status().appliedPrefix()).isEqualTo(5);
            cluster.power.lose(n, n.id == keeper, e -> e.slot() == 5);
        }
        cluster.nodes.values().forEach(n -> ScenarioSteps.startAndConnect(cluster, n));
        cluster.run(5_000, p -> true);
        return cluster;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void shouldLetOneStoreCountAfterABlackout(int keeper) {
        for (Mode mode : Mode.values()) {
            ScenarioCluster cluster = loseAnsweredSlotKeptByOneDevice(mode, Mutation.NONE, keeper);
            SimulatedNode leader = ScenarioSteps.leader(cluster, 0);
            for (SimulatedNode n : cluster.nodes.values()) {
                assertThat(n.core().status().amnesiac()).isFalse();
                assertThat(n.device).isEqualTo(leader.device);
            }
            assertThat(leader.device.containsValue(5L)).isEqualTo(leader.id == keeper);
            assertThat(leader.core().entry(5)).matches(e -> e == null || e.kind() == EntryKind.SESSION);
            cluster.suite.atQuiescence();
        }
    }

    @Test
    void shouldEndAllSessionsOfBefore() {
        ScenarioCluster cluster = loseAnsweredSlotKeptByOneDevice(Mode.PARALLEL, Mutation.NONE, 2);
        SimulatedNode leader = ScenarioSteps.leader(cluster, 0);
        long old = cluster.checker.lastSession();
        assertThat(cluster.propose(leader, EntryKind.WRITE, 0, 4096, old, 4, 4))
                .isEqualTo(ProposeResult.UNKNOWN_SESSION);
    }

    @Test
    void shouldCatchStoresThatStayAsTheyWere() {
        assertThatThrownBy(() -> {
                    for (int keeper = 1; keeper <= 3; keeper++) {
                        loseAnsweredSlotKeptByOneDevice(Mode.PARALLEL, Mutation.STORES_AS_THEY_WERE, keeper)
                                .suite
                                .atQuiescence();
                    }
                })
                .isInstanceOf(Violation.class)
                .hasMessageContaining("the store that counts");
    }

    /** Two machines lose an answered slot; the third still has it, in its log and in its store, but cannot be reached. */
    private static ScenarioCluster loseQuorum(Mode mode, Mutation mutation) {
        ScenarioCluster cluster = cluster(mode, mutation);
        SimulatedNode leader = ScenarioSteps.leaderWithSession(cluster);
        for (int i = 0; i < 3; i++) {
            ScenarioSteps.write(cluster, leader, i);
        }
        cluster.run(60, p -> true);
        for (SimulatedNode n : cluster.nodes.values()) {
            if (n != leader) {
                cluster.power.lose(n, false, e -> e.slot() == 4);
            }
        }
        Predicate<Packet> withoutLeader = p -> p.from() != leader.id && p.to() != leader.id;
        for (SimulatedNode n : cluster.nodes.values()) {
            if (n != leader) {
                cluster.start(n);
            }
        }
        cluster.run(3_000, withoutLeader);
        return cluster;
    }

    @ParameterizedTest
    @EnumSource(Mode.class)
    void shouldWaitForTheVoterThatStillRemembers(Mode mode) {
        ScenarioCluster cluster = loseQuorum(mode, Mutation.NONE);
        assertThat(cluster.nodes.values()).noneMatch(n -> n.core().status().role() == Role.LEADER);
        cluster.pool.clear();
        for (SimulatedNode n : cluster.nodes.values()) {
            for (SimulatedNode o : cluster.nodes.values()) {
                if (o != n) {
                    o.core().onPeerConnected(n.id, false, cluster.clock(o));
                    o.core().onPeerConnected(n.id, true, cluster.clock(o));
                }
            }
        }
        cluster.run(5_000, p -> true);
        SimulatedNode leader = ScenarioSteps.leader(cluster, 0);
        assertThat(cluster.nodes.values()).noneMatch(n -> n.core().status().amnesiac());
        assertThat(leader.core().isCommitted(4)).isTrue();
        assertThat(leader.core().entry(4))
                .as("nothing that anybody still has is lost")
                .matches(e -> e != null && e.kind() == EntryKind.WRITE);
        cluster.suite.atQuiescence();
    }

    @Test
    void shouldCatchALeaderOfAnAmnesiacQuorum() {
        assertThatThrownBy(() -> {
                    ScenarioCluster cluster = loseQuorum(Mode.PARALLEL, Mutation.AMNESIAC_QUORUM_LEADS);
                    cluster.pool.clear();
                    cluster.run(5_000, p -> true);
                    cluster.suite.atQuiescence();
                })
                .isInstanceOfAny(Violation.class, AssertionError.class)
                .hasMessageContaining("CommitChecker");
    }

    /** The candidate loses its term after the entry that ends all sessions went to the log. */
    @Test
    void shouldLeaveNothingOfAMergeThatWasGivenUp() {
        ScenarioCluster cluster = cluster(Mode.PARALLEL, Mutation.NONE);
        SimulatedNode leader = ScenarioSteps.leaderWithSession(cluster);
        ScenarioSteps.write(cluster, leader, 0);
        for (SimulatedNode n : cluster.nodes.values()) {
            cluster.power.lose(n, false, e -> false);
            n.autoDurable = false;
        }
        cluster.nodes.values().forEach(n -> ScenarioSteps.startAndConnect(cluster, n));
        SimulatedNode candidate = null;
        for (int i = 0; i < 400 && candidate == null; i++) {
            cluster.run(5, p -> true);
            candidate = cluster.nodes.values().stream()
                    .filter(n -> !n.appending.isEmpty())
                    .findFirst()
                    .orElse(null);
        }
        assertThat(candidate).isNotNull();
        Entry closing = candidate.appending.get(0);
        assertThat(SessionTable.isCloseOfEvery(closing)).isTrue();
        int other = candidate.id % 3 + 1;
        candidate.core().step(other, 9, new Message.TermRefusal(closing.origin() + 1), cluster.clock(candidate));
        cluster.work(candidate);
        assertThat(candidate.core().entry(closing.slot())).isNull();
        cluster.durable(candidate, closing);
        assertThat(candidate.core().entry(closing.slot())).isNull();
        cluster.nodes.values().forEach(n -> n.autoDurable = true);
        cluster.run(5_000, p -> true);
        SimulatedNode next = ScenarioSteps.leader(cluster, 0);
        assertThat(next.core().entry(closing.slot())).matches(e -> e == null || e.origin() > closing.origin());
        assertThat(cluster.nodes.values()).noneMatch(n -> n.core().status().amnesiac());
        cluster.suite.atQuiescence();
    }

    /** The end of an install from a leader of before must not pass for that of the install after the merge. */
    @Test
    void shouldNotVoteWhileTheEndOfAnInstallIsOnItsWay() {
        ScenarioCluster.Shape shape = new ScenarioCluster.Shape(3, Mode.PARALLEL, 8, 4, 4, 4, 64, 64, true);
        ScenarioCluster cluster = new ScenarioCluster(shape, 1, Mutation.NONE, LeaseConfig.OFF);
        SimulatedNode leader = ScenarioSteps.leaderWithSession(cluster);
        SimulatedNode away = cluster.node(leader.id % 3 + 1);
        ScenarioSteps.leaveBehind(cluster, leader, away);
        away.autoApply = false;
        ScenarioSteps.startAndConnect(cluster, away);
        for (int i = 0; i < 400 && !away.installStepDue; i++) {
            cluster.run(5, p -> true);
        }
        cluster.installStep(away);
        for (int i = 0; i < 400 && !away.installStepDue; i++) {
            cluster.run(5, p -> true);
            while (!away.installWrites.isEmpty()) {
                cluster.installWrite(away);
            }
        }
        assertThat(away.installStepDue).isTrue();
        for (SimulatedNode n : cluster.nodes.values()) {
            if (n != away) {
                cluster.power.lose(n, false, e -> true);
            }
        }
        for (SimulatedNode n : cluster.nodes.values()) {
            if (n != away) {
                ScenarioSteps.startAndConnect(cluster, n);
            }
        }
        cluster.run(3_000, p -> true);
        assertThat(cluster.nodes.values())
                .as("two voters are not all")
                .noneMatch(n -> n.core().status().role() == Role.LEADER);
        cluster.installStep(away);
        away.autoApply = true;
        cluster.run(8_000, p -> true);
        SimulatedNode next = ScenarioSteps.leader(cluster, 0);
        for (SimulatedNode n : cluster.nodes.values()) {
            assertThat(n.core().status().amnesiac()).isFalse();
            assertThat(n.device).isEqualTo(next.device);
        }
        cluster.suite.atQuiescence();
    }
}
