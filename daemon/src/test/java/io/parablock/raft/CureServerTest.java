package io.parablock.raft;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.raft.log.SlotRun;
import io.parablock.raft.message.Message;
import io.parablock.raft.state.RecoveredState;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Acknowledgement maps are per (node, boot) (protocol.md §11). */
class CureServerTest {
    private static final long MS = 1_000_000L;
    private static final long OLD_BOOT = 10;
    private static final long NEW_BOOT = 4; // no order is assumed
    private static final long MARK = 77;

    private long now = 1_000 * MS;
    private RaftNode leader = node();

    private RaftNode node() {
        RaftConfig c = ThreeVoters.config(true);
        return new RaftNode(c, RecoveredState.fresh(), 7, now);
    }

    /** Slot 1 is assigned; node 3 has acknowledged it, nobody else has. */
    @BeforeEach
    void lead() {
        for (int i = 0; i < 200 && leader.status().role() != Role.PRE_CANDIDATE; i++) {
            tick();
        }
        leader.step(2, 1, new Message.PreVoteReply(0, 1, true, false, false), now);
        leader.step(
                2, 1, new Message.VoteReply(1, true, 0, 0, 0, 0, 0, List.of(), List.of(), List.of(), List.of()), now);
        assertThat(leader.status().role()).isEqualTo(Role.LEADER);
        from(2, 1, new Message.SyncAck(1));
        from(3, OLD_BOOT, new Message.SyncAck(1));
        leader.proposeOpenSession(1, 1, 1, now);
        from(3, OLD_BOOT, ack(1));
        assertThat(leader.isCommitted(1)).isFalse();
    }

    private void tick() {
        now += 5 * MS;
        leader.tick(now);
        leader.output().clear();
    }

    private void from(int node, long boot, Message m) {
        leader.step(node, boot, m, now);
    }

    private static Message ack(long round) {
        return new Message.AppendAck(1, List.of(new SlotRun(1, 1)), round, 0, 100);
    }

    private long round() {
        leader.output().clear();
        now += 60 * MS;
        leader.tick(now);
        return leader.output().messages.stream()
                .filter(o -> o.message() instanceof Message.Heartbeat)
                .mapToLong(o -> ((Message.Heartbeat) o.message()).round())
                .max()
                .orElseThrow();
    }

    @Test
    void shouldForgetWhatTheEarlierBootAcknowledged() {
        leader.output().clear();
        from(3, NEW_BOOT, new Message.CureRequest(1, MARK, 1));
        assertThat(leader.output().messages)
                .extracting(Output.Outgoing::message)
                .contains(new Message.Cure(1, MARK, 0, 1))
                .hasAtLeastOneElementOfType(Message.SyncBegin.class);
        from(2, 1, ack(1));
        assertThat(leader.isCommitted(1)).as("by node 2 alone").isFalse();
        from(3, OLD_BOOT, ack(1));
        assertThat(leader.isCommitted(1)).as("an acknowledgement of the dead").isFalse();
        from(3, NEW_BOOT, new Message.SyncAck(1));
        from(3, NEW_BOOT, ack(1));
        assertThat(leader.isCommitted(1)).isTrue();
    }

    @Test
    void shouldAskNoMoreOfARequestThatIsRepeated() {
        from(3, NEW_BOOT, new Message.CureRequest(1, MARK, 1));
        leader.proposeOpenSession(1, 1, 2, now);
        leader.output().clear();
        from(3, NEW_BOOT, new Message.CureRequest(1, MARK, 2));
        assertThat(leader.output().messages)
                .extracting(Output.Outgoing::message)
                .contains(new Message.Cure(1, MARK, 0, 1));
        leader.output().clear();
        from(3, 99, new Message.CureRequest(1, MARK + 1, round()));
        assertThat(leader.output().messages)
                .extracting(Output.Outgoing::message)
                .as("another start: more was assigned by then")
                .contains(new Message.Cure(1, MARK + 1, 0, 2));
    }

    @Test
    void shouldHearAThirdProcessOnceItAnswersALaterRound() {
        from(3, NEW_BOOT, new Message.CureRequest(1, MARK, 1));
        from(2, 1, ack(1));
        long later = round();
        from(3, 5, new Message.HeartbeatAck(1, later, 1, 1, 0, 100, false));
        assertThat(leader.isCommitted(1)).isTrue();
    }
}
