package io.parablock.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parablock.raft.log.Entry;
import io.parablock.raft.log.EntryKind;
import io.parablock.raft.log.OriginRun;
import io.parablock.raft.log.SlotRun;
import io.parablock.raft.message.Message;
import io.parablock.raft.state.RecoveredState;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A record that turns out to be unreadable after the start (protocol.md §4 Repair, §12). */
class RepairTest {
    private static final long MS = 1_000_000L;

    private long now = 1_000 * MS;

    private RaftNode node(int... voters) {
        RaftConfig c = new RaftConfig(
                1, 1, voters, Mode.PARALLEL, 8, 300 * MS, 50 * MS, 100 * MS, 64, 4, 1 << 20, 8, 16, 64, false);
        return new RaftNode(c, RecoveredState.fresh(), 7, now);
    }

    private static Entry write(long slot, long origin) {
        return new Entry(slot, origin, EntryKind.WRITE, 4096 * slot, 4096, 9, slot, 0, 77, 4096, new long[0]);
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

    private RaftNode leaderWithSlotOne() {
        RaftNode node = node(1, 2, 3);
        for (int i = 0; i < 200 && node.status().role() != Role.PRE_CANDIDATE; i++) {
            now += 5 * MS;
            node.tick(now);
        }
        node.step(2, 1, new Message.PreVoteReply(0, 1, true), now);
        node.step(2, 1, new Message.VoteReply(1, true, 0, 0, 0, 0, 0, List.of(), List.of(), List.of(), List.of()), now);
        assertThat(node.status().role()).isEqualTo(Role.LEADER);
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

    @Test
    void shouldFetchRewriteAndOnlyThenHoldAndApplyAnUnreadableSlot() {
        RaftNode node = followerWithSlotOne();
        node.onUnreadable(1, 5, now);
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
        node.onUnreadable(1, 5, now);
        node.output().clear();
        node.step(3, 1, new Message.Entries(5, List.of(write(1, 4))), now);
        assertThat(node.output().appends).isEmpty();
    }

    @Test
    void shouldStepDownWhenAnUncommittedSlotIsUnreadable() {
        RaftNode node = leaderWithSlotOne();
        node.onUnreadable(1, 1, now);
        assertThat(node.status().role()).isEqualTo(Role.FOLLOWER);
        assertThat(node.status().contigPrefix()).isZero();
    }

    @Test
    void shouldLeadOnAndFetchWhenACommittedSlotIsUnreadable() {
        RaftNode node = leaderWithSlotOne();
        node.step(2, 1, new Message.AppendAck(1, List.of(new SlotRun(1, 1)), 1, 1, 64), now);
        assertThat(node.isCommitted(1)).isTrue();
        node.onUnreadable(1, 1, now);
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
        assertThatThrownBy(() -> node.onUnreadable(1, 1, now)).hasMessageContaining("no other node has a copy");
    }
}
