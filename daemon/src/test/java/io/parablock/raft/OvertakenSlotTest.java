package io.parablock.raft;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.raft.log.Entry;
import io.parablock.raft.log.SlotRun;
import io.parablock.raft.message.Message;
import io.parablock.raft.state.RecoveredState;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** One of a peer's connections stands still: what was sent on it is sent again once others have overtaken it. */
class OvertakenSlotTest {
    private static final long MS = 1_000_000L;
    private static final long WINDOW_NS = 3 * MS;

    private long now = 1_000 * MS;

    private RaftNode leader(long windowNs) {
        RaftNode leader =
                new RaftNode(ThreeVoters.config(false).withReorderWindowNs(windowNs), RecoveredState.fresh(), 7, now);
        for (int i = 0; i < 200 && leader.status().role() != Role.PRE_CANDIDATE; i++) {
            now += 5 * MS;
            leader.tick(now);
        }
        leader.step(3, 1, new Message.PreVoteReply(0, 1, true, false, false), now);
        leader.step(
                3, 1, new Message.VoteReply(1, true, 0, 0, 0, 0, 0, List.of(), List.of(), List.of(), List.of()), now);
        assertThat(leader.status().role()).isEqualTo(Role.LEADER);
        for (int peer : List.of(2, 3)) {
            leader.onPeerConnected(peer, true, now);
            leader.step(peer, 1, new Message.SyncAck(1), now);
        }
        return leader;
    }

    /** Assigns the next slot and sends it. */
    private void propose(RaftNode leader, long nonce) {
        assertThat(leader.proposeOpenSession(1, 1, nonce, now)).isEqualTo(ProposeResult.ACCEPTED);
        sent(leader, 2);
    }

    /** @return slots in Appends to the peer since the last call */
    private List<Long> sent(RaftNode leader, int peer) {
        leader.endOfBatch(now);
        List<Long> slots = new ArrayList<>();
        for (Output.Outgoing o : leader.output().messages) {
            if (o.to() == peer && o.message() instanceof Message.Append a) {
                a.entries().stream().map(Entry::slot).forEach(slots::add);
            }
        }
        leader.output().clear();
        return slots;
    }

    private void ack(RaftNode leader, int peer, long first, long last) {
        leader.step(peer, 1, new Message.AppendAck(1, List.of(new SlotRun(first, last)), 1, 0, 100), now);
    }

    @Test
    void shouldSendAnOvertakenSlotAgainOnceAndToThatPeerAlone() {
        RaftNode leader = leader(WINDOW_NS);
        propose(leader, 1);
        propose(leader, 2);
        now += WINDOW_NS - 1;
        propose(leader, 3);
        now += 1;
        propose(leader, 4);
        ack(leader, 2, 3, 3);
        assertThat(sent(leader, 2)).as("within the window").isEmpty();
        ack(leader, 2, 4, 4);
        assertThat(sent(leader, 2)).as("no more within it").containsExactly(1L, 2L);
        assertThat(leader.status().sentAgainOvertaken()).isEqualTo(2);
        now += 10 * WINDOW_NS;
        propose(leader, 5);
        ack(leader, 2, 5, 5);
        assertThat(sent(leader, 2)).as("once").isEmpty();
        ack(leader, 3, 1, 5);
        assertThat(sent(leader, 3)).as("nothing overtook").isEmpty();
    }

    /** The copy may be what is acknowledged: when that was sent says nothing of those between. */
    @Test
    void shouldNotTakeTheSecondSendingForTheFirst() {
        RaftNode leader = leader(WINDOW_NS);
        propose(leader, 1);
        now += WINDOW_NS;
        propose(leader, 2);
        ack(leader, 2, 2, 2);
        assertThat(sent(leader, 2)).containsExactly(1L);
        propose(leader, 3);
        now += WINDOW_NS;
        leader.tick(now);
        ack(leader, 2, 1, 1);
        assertThat(sent(leader, 2)).isEmpty();
    }

    @Test
    void shouldSendAgainWhatTheSecondConnectionLost() {
        RaftNode leader = leader(WINDOW_NS);
        propose(leader, 1);
        leader.onPeerConnected(2, false, now);
        leader.onPeerConnected(2, true, now);
        assertThat(sent(leader, 2)).containsExactly(1L);
        now += WINDOW_NS;
        propose(leader, 2);
        ack(leader, 2, 2, 2);
        assertThat(sent(leader, 2)).containsExactly(1L);
    }

    @Test
    void shouldWaitForTheTimeoutWithoutAWindow() {
        RaftNode leader = leader(0);
        propose(leader, 1);
        now += 50 * MS;
        propose(leader, 2);
        ack(leader, 2, 2, 2);
        assertThat(sent(leader, 2)).isEmpty();
        now += 50 * MS;
        leader.tick(now);
        assertThat(sent(leader, 2)).containsExactly(1L);
    }
}
