package io.parablock.raft;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.raft.message.Message;
import io.parablock.raft.state.RecoveredState;
import java.util.List;
import org.junit.jupiter.api.Test;

/** An echo says that a follower was in the leader's term when it got that round (protocol.md §8). */
class FollowerRoundTest {
    private static final long MS = 1_000_000L;

    @Test
    void shouldEchoNoRoundOfAnEarlierLeader() {
        long now = 1_000 * MS;
        RaftNode node = new RaftNode(RaftConfig.defaults(1, 1, new int[] {1, 2, 3}), RecoveredState.fresh(), 7, now);
        assertThat(echo(node, 2, 5, 900, now)).isEqualTo(900);
        assertThat(echo(node, 3, 6, 20, now)).isEqualTo(20);
    }

    private static long echo(RaftNode node, int leader, long term, long round, long now) {
        node.output().clear();
        node.step(
                leader, 1, new Message.Append(term, List.of(), 1, new long[0], round, Message.CommitNotice.NONE), now);
        node.endOfBatch(now);
        return node.output().messages.stream()
                .filter(m -> m.to() == leader && m.message() instanceof Message.AppendAck)
                .mapToLong(m -> ((Message.AppendAck) m.message()).round())
                .max()
                .orElse(-1);
    }
}
