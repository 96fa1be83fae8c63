package io.parablock.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parablock.raft.log.Entry;
import io.parablock.raft.log.EntryKind;
import io.parablock.raft.log.OriginRun;
import io.parablock.raft.log.SlotRun;
import io.parablock.raft.message.Message;
import io.parablock.raft.state.Checkpoint;
import io.parablock.raft.state.HardState;
import io.parablock.raft.state.RecoveredState;
import io.parablock.raft.state.SyncRecord;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** A record that turns out to be unreadable after the start (protocol.md §4 Repair, §12). */
class RepairTest {
    private static final long MS = 1_000_000L;
    private static final long STORE_BYTES = 1 << 20;

    private long now = 1_000 * MS;

    private static RaftConfig config(int... voters) {
        return config(Mode.PARALLEL, voters);
    }

    private static RaftConfig config(Mode mode, int... voters) {
        return new RaftConfig(1, 1, voters, mode, 8, 300 * MS, 50 * MS, 100 * MS, 64, 4, 1 << 20, 8, 16, 64, false)
                .withStoreBytes(STORE_BYTES);
    }

    private RaftNode node(int... voters) {
        return new RaftNode(config(voters), RecoveredState.fresh(), 7, now);
    }

    private static Entry write(long slot, long origin) {
        return new Entry(slot, origin, EntryKind.WRITE, 4096 * slot, 4096, 9, slot, 0, 77, 4096, new long[0]);
    }

    private static Entry held(RaftNode node, long slot) {
        return Objects.requireNonNull(node.entry(slot));
    }

    private static void commit(RaftNode node, long watermark, long now) {
        node.step(2, 1, new Message.Heartbeat(5, 2, new Message.CommitNotice(watermark, List.of(), 0)), now);
    }

    private RaftNode followerWithSlotOne() {
        RaftNode node = node(1, 2, 3);
        node.step(2, 1, new Message.SyncBegin(5, 0, 0, List.of(), List.of()), now);
        Entry e = write(1, 5);
        node.step(2, 1, new Message.Append(5, List.of(e), 1, new long[0], 1, Message.CommitNotice.NONE), now);
        node.onDurable(1, 5, now);
        node.endOfBatch(now);
        node.output().clear();
        assertThat(node.status().contigPrefix()).isEqualTo(1);
        return node;
    }

    private void lead(RaftNode node, long term) {
        lead(node, term, term, 2 * term);
    }

    /** With the vote of node 2, whose sync term and applied prefix these are; it has no entry above that. */
    private void lead(RaftNode node, long term, long syncTerm, long applied) {
        for (int i = 0; i < 200 && node.status().role() != Role.PRE_CANDIDATE; i++) {
            now += 5 * MS;
            node.tick(now);
        }
        node.step(2, 1, new Message.PreVoteReply(term, term + 1, true, false, false), now);
        node.step(
                2,
                1,
                new Message.VoteReply(
                        term + 1, true, syncTerm, 0, 0, applied, applied, List.of(), List.of(), List.of(), List.of()),
                now);
        assertThat(node.status().role()).isEqualTo(Role.LEADER);
    }

    /** A leader cannot be installed, and could mend nobody's blocks for ever (seeds 209 and 3692 of docs/simulator.md). */
    @Test
    void shouldNeedNoInstallAnyMoreOnceItLeads() {
        RaftNode node = followerWithSlotOne();
        Entry lost = held(node, 1);
        node.onUnreadable(lost, now);
        node.step(2, 1, new Message.SyncBegin(5, 0, 1, List.of(), List.of()), now);
        assertThat(node.needsInstall()).as("the leader has cut its log").isTrue();
        node.step(3, 1, new Message.Entries(5, List.of(write(1, 5))), now);
        node.onDurable(1, 5, now);
        assertThat(node.status().contigPrefix()).isEqualTo(1);
        assertThat(node.needsInstall()).isTrue();
        lead(node, 5, 5, 0);
        assertThat(node.needsInstall()).isFalse();
    }

    /** A whole volume would be copied for one record. */
    @Test
    void shouldNeedNoInstallAnyMoreOnceAPeerHasHelped() {
        RaftNode node = followerWithSlotOne();
        node.onUnreadable(held(node, 1), now);
        node.step(2, 1, new Message.SyncBegin(5, 0, 1, List.of(), List.of()), now);
        node.tick(now + MS);
        assertThat(node.needsInstall()).isTrue();
        node.step(3, 1, new Message.Entries(5, List.of(write(1, 5))), now + MS);
        node.onDurable(1, 5, now + MS);
        node.output().clear();
        node.tick(now + 2 * MS);
        assertThat(node.needsInstall()).isFalse();
        assertThat(node.output().messages)
                .extracting(Output.Outgoing::message)
                .noneMatch(Message.InstallRequest.class::isInstance);
    }

    private RaftNode leaderWithSlotOne() {
        RaftNode node = node(1, 2, 3);
        lead(node, 0);
        assertThat(node.proposeOpenSession(1, 1, 1, now)).isEqualTo(ProposeResult.ACCEPTED);
        node.onDurable(1, 1, now);
        node.output().clear();
        return node;
    }

    private static List<Message.Fetch> fetches(RaftNode node) {
        return node.output().messages.stream()
                .map(Output.Outgoing::message)
                .filter(Message.Fetch.class::isInstance)
                .map(Message.Fetch.class::cast)
                .toList();
    }

    /** Seeds 5472 and 6132: it had a damaged record, too, and ended the whole process. */
    @Test
    void shouldAskForNothingWithoutMetaAndSyncrec() {
        RaftNode node = new RaftNode(
                config(1, 2, 3),
                new RecoveredState(
                        HardState.FRESH, null, Checkpoint.EMPTY, List.of(), List.of(10L), List.of(), true, false, true),
                7,
                now);
        for (int i = 0; i < 100; i++) {
            now += 10 * MS;
            node.tick(now);
        }
        assertThat(fetches(node)).isEmpty();
        assertThat(node.output().messages).isEmpty();
    }

    @Test
    void shouldFetchRewriteAndOnlyThenHoldAndApplyAnUnreadableSlot() {
        RaftNode node = followerWithSlotOne();
        node.onUnreadable(held(node, 1), now);
        assertThat(node.status().contigPrefix()).isZero();
        assertThat(node.isDurable(1)).isFalse();
        node.step(2, 1, new Message.Heartbeat(5, 2, new Message.CommitNotice(1, List.of(), 0)), now);
        assertThat(node.output().applies).as("committed, and not readable").isEmpty();
        node.tick(now + MS);
        assertThat(fetches(node)).containsExactly(new Message.Fetch(5, List.of(new OriginRun(1, 1, 5))));
        node.output().clear();

        Entry copy = write(1, 5);
        node.step(3, 1, new Message.Entries(5, List.of(copy)), now);
        assertThat(node.output().appends).containsExactly(copy);
        assertThat(node.output().applies).isEmpty();
        node.onDurable(1, 5, now);
        assertThat(node.output().applies).containsExactly(copy);
        assertThat(node.status().contigPrefix()).isEqualTo(1);
        node.endOfBatch(now);
        assertThat(node.output().messages)
                .extracting(Output.Outgoing::message)
                .filteredOn(Message.AppendAck.class::isInstance)
                .extracting(m -> ((Message.AppendAck) m).slots())
                .containsExactly(List.of(new SlotRun(1, 1)));
    }

    @Test
    void shouldTakeNoOtherOriginForARepair() {
        RaftNode node = followerWithSlotOne();
        node.onUnreadable(held(node, 1), now);
        node.output().clear();
        node.step(3, 1, new Message.Entries(5, List.of(write(1, 4))), now);
        assertThat(node.output().appends).isEmpty();
    }

    @Test
    void shouldStepDownWhenAnUncommittedSlotIsUnreadable() {
        RaftNode node = leaderWithSlotOne();
        node.onUnreadable(held(node, 1), now);
        assertThat(node.status().role()).isEqualTo(Role.FOLLOWER);
        assertThat(node.status().contigPrefix()).isZero();
    }

    @Test
    void shouldLeadOnAndFetchWhenACommittedSlotIsUnreadable() {
        RaftNode node = leaderWithSlotOne();
        node.step(2, 1, new Message.AppendAck(1, List.of(new SlotRun(1, 1)), 1, 1, 64), now);
        assertThat(node.isCommitted(1)).isTrue();
        node.onUnreadable(held(node, 1), now);
        assertThat(node.status().role()).isEqualTo(Role.LEADER);
        node.output().clear();
        node.tick(now + MS);
        assertThat(fetches(node)).containsExactly(new Message.Fetch(1, List.of(new OriginRun(1, 1, 1))));
    }

    @Test
    void shouldStopWhenThereIsNobodyToAsk() {
        RaftNode node = node(1);
        for (int i = 0; i < 200 && node.status().role() != Role.LEADER; i++) {
            now += 5 * MS;
            node.tick(now);
        }
        node.proposeOpenSession(1, 1, 1, now);
        node.onDurable(1, 1, now);
        assertThatThrownBy(() -> node.onUnreadable(held(node, 1), now))
                .hasMessageContaining("no other node has a copy");
    }

    @Test
    void shouldIssueAgainInSlotOrderWhatTheStoreWasNotGiven() {
        RaftNode node = followerWithSlotOne();
        Entry later = new Entry(2, 5, EntryKind.WRITE, 4096, 4096, 9, 2, 0, 77, 4096, new long[] {1});
        node.step(2, 1, new Message.Append(5, List.of(later), 2, new long[0], 2, Message.CommitNotice.NONE), now);
        node.onDurable(2, 5, now);
        commit(node, 2, now);
        List<Entry> issued = List.copyOf(node.output().applies);
        assertThat(issued).extracting(Entry::slot).containsExactly(1L, 2L);
        node.output().clear();

        node.onNotApplied(issued, now);
        assertThat(node.output().applies).as("slot 2 overlaps slot 1").isEmpty();
        assertThat(node.isDurable(1)).isFalse();
        node.step(3, 1, new Message.Entries(5, List.of(write(1, 5))), now);
        node.onDurable(1, 5, now);
        assertThat(node.output().applies).extracting(Entry::slot).containsExactly(1L, 2L);
        node.onApplied(1, now);
        node.onApplied(2, now);
        assertThat(node.status().appliedPrefix()).isEqualTo(2);
    }

    @Test
    void shouldNotKeepAnInstallWaitingForAnApplyThatWaitsForARepair() {
        RaftNode node = followerWithSlotOne();
        commit(node, 1, now);
        List<Entry> issued = List.copyOf(node.output().applies);
        node.output().clear();
        // The others have truncated slot 1: nobody can repair it.
        node.onNotApplied(issued, now);
        node.step(2, 1, new Message.SyncBegin(5, 0, 9, List.of(), List.of()), now);
        assertThat(node.needsInstall()).isTrue();
        Checkpoint image = new Checkpoint(9, List.of(new OriginRun(1, 9, 5)), List.of(), 9);
        node.step(2, 1, new Message.InstallBegin(5, 77, STORE_BYTES, 4096, image), now);
        assertThat(node.output().installCheckpointDue).isTrue();
    }

    @Test
    void shouldBeginAnInstallOnceTheHeldAppliesAreTakenBack() {
        RaftNode node = followerWithSlotOne();
        commit(node, 1, now);
        List<Entry> issued = List.copyOf(node.output().applies);
        node.step(2, 1, new Message.SyncBegin(5, 0, 9, List.of(), List.of()), now);
        Checkpoint image = new Checkpoint(9, List.of(new OriginRun(1, 9, 5)), List.of(), 9);
        node.onUnreadable(held(node, 1), now);
        node.step(2, 1, new Message.SyncBegin(5, 0, 9, List.of(), List.of()), now);
        node.step(2, 1, new Message.InstallBegin(5, 77, STORE_BYTES, 4096, image), now);
        assertThat(node.output().installCheckpointDue)
                .as("an apply is under way")
                .isFalse();
        node.output().clear();
        node.onNotApplied(issued, now);
        assertThat(node.output().applies).isEmpty();
        assertThat(node.output().installCheckpointDue).isTrue();
    }

    @Test
    void shouldLetAnotherLeadWhenNobodyHasACopyForLong() {
        RaftNode node = leaderWithSlotOne();
        node.step(2, 1, new Message.AppendAck(1, List.of(new SlotRun(1, 1)), 1, 1, 64), now);
        node.onUnreadable(held(node, 1), now);
        for (int i = 0; i < 2_000 / 5 && node.status().role() == Role.LEADER; i++) {
            now += 5 * MS;
            node.tick(now);
            for (Output.Outgoing o : List.copyOf(node.output().messages)) {
                if (o.message() instanceof Message.Heartbeat h) {
                    node.step(o.to(), 1, new Message.HeartbeatAck(1, h.round(), 1, 1, 1, 64, false), now);
                }
            }
            node.output().clear();
        }
        assertThat(node.status().role()).isEqualTo(Role.FOLLOWER);
    }

    @Test
    void shouldNeitherAnswerNorWriteOverMetaThatIsLost() {
        RecoveredState lost = new RecoveredState(
                HardState.FRESH, null, Checkpoint.EMPTY, List.of(), List.of(), List.of(), true, false, true);
        RaftNode node = new RaftNode(config(1, 2, 3), lost, 7, now);
        node.output().clear();
        node.step(2, 1, new Message.Vote(4, 0, 0, false, false), now);
        node.step(2, 1, new Message.Heartbeat(4, 9, Message.CommitNotice.NONE), now);
        node.step(2, 1, new Message.SyncBegin(4, 0, 0, List.of(), List.of()), now);
        node.step(2, 1, new Message.Append(4, List.of(write(1, 4)), 1, new long[0], 9, Message.CommitNotice.NONE), now);
        node.step(2, 1, new Message.Cure(4, 7, 0, 0), now);
        node.endOfBatch(now);
        for (int i = 0; i < 200; i++) {
            now += 5 * MS;
            node.tick(now);
        }
        assertThat(node.leader()).as("its clients learn who leads").isEqualTo(2);
        assertThat(node.output().messages).isEmpty();
        assertThat(node.output().appends).isEmpty();
        assertThat(node.output().hardState).isNull();
        assertThat(node.output().syncRecord).isNull();
        assertThat(node.status().amnesiac()).isTrue();
    }

    /** A SESSION entry is applied without the store: it is not among what the store was not given. */
    @Test
    void shouldGoOnInStrictModeAfterASlotThatNeededNoStore() {
        RaftNode node = new RaftNode(config(Mode.STRICT, 1, 2, 3), RecoveredState.fresh(), 7, now);
        node.step(2, 1, new Message.SyncBegin(5, 0, 0, List.of(), List.of()), now);
        Entry session = new Entry(2, 5, EntryKind.SESSION, 1, 0, 0, 1, 1, 0, 0, new long[0]);
        List<Entry> entries = List.of(write(1, 5), session, write(3, 5));
        node.step(2, 1, new Message.Append(5, entries, 1, new long[0], 1, Message.CommitNotice.NONE), now);
        for (long slot = 1; slot <= 3; slot++) {
            node.onDurable(slot, 5, now);
        }
        commit(node, 3, now);
        List<Entry> issued = List.copyOf(node.output().applies);
        assertThat(issued).extracting(Entry::slot).containsExactly(1L, 3L);
        node.output().clear();
        node.onNotApplied(issued, now);
        node.step(3, 1, new Message.Entries(5, List.of(write(1, 5))), now);
        node.onDurable(1, 5, now);
        assertThat(node.output().applies).extracting(Entry::slot).containsExactly(1L, 3L);
    }

    /** The others have truncated the slot, so that nobody can repair it; a node that is syncing lacks it. */
    @Test
    void shouldMakeAFollowerInstallWhatRottedUnderTheCheckpoint() {
        Checkpoint checkpoint = new Checkpoint(2, List.of(new OriginRun(1, 2, 1)), List.of(), 0);
        RecoveredState found = new RecoveredState(
                new HardState(1, 0, 1, 0),
                new SyncRecord(1, 0, List.of(), List.of()),
                checkpoint,
                List.of(write(1, 1)),
                List.of(2L),
                false);
        RaftNode node = new RaftNode(config(1, 2, 3), found, 7, now);
        lead(node, 1);
        assertThat(answers(node, 2)).as("it may be repaired yet").isEmpty();
        for (int i = 0; i < 1_500 / 5; i++) {
            now += 5 * MS;
            node.tick(now);
            for (Output.Outgoing o : List.copyOf(node.output().messages)) {
                if (o.message() instanceof Message.Heartbeat h) {
                    node.step(o.to(), 1, new Message.HeartbeatAck(2, h.round(), 0, 0, 0, 64, false), now);
                }
            }
            node.output().clear();
        }
        assertThat(answers(node, 1)).isEmpty();
        assertThat(answers(node, 2))
                .extracting(m -> ((Message.SyncBegin) m).leaderLogBase())
                .containsExactly(2L);
    }

    private List<Message> answers(RaftNode node, long slot) {
        node.output().clear();
        node.step(3, 1, new Message.Fetch(2, List.of(new OriginRun(slot, slot, 1))), now);
        return node.output().messages.stream()
                .map(Output.Outgoing::message)
                .filter(Message.SyncBegin.class::isInstance)
                .toList();
    }
}
