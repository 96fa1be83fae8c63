package io.parablock.raft;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.raft.log.Entry;
import io.parablock.raft.log.EntryKind;
import io.parablock.raft.log.OriginRun;
import io.parablock.raft.message.Message;
import io.parablock.raft.state.RecoveredState;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A sync that was under way when its node began to campaign (protocol.md §4, invariant 5). */
class CandidateSyncTest {
    private static final long MS = 1_000_000L;

    @Test
    void shouldNeitherAdoptNorAcknowledgeAnEarlierLeadersMergedLogInItsOwnTerm() {
        long now = 1_000 * MS;
        RaftConfig c = ThreeVoters.config(false);
        RaftNode node = new RaftNode(c, RecoveredState.fresh(), 7, now);
        Entry entry = new Entry(1, 1, EntryKind.TRIM, 0, 4096, 9, 1, 0, 0, 0, new long[0]);
        node.step(2, 1, new Message.SyncBegin(5, 1, 0, List.of(new OriginRun(1, 1, 1)), List.of()), now);
        node.output().clear();
        node.step(2, 1, new Message.Entries(5, List.of(entry)), now);
        assertThat(node.output().appends)
                .as("the fetched entry is being written")
                .hasSize(1);
        node.output().clear();

        for (int i = 0; i < 200 && node.status().role() != Role.PRE_CANDIDATE; i++) {
            now += 5 * MS;
            node.tick(now);
        }
        node.step(3, 1, new Message.PreVoteReply(5, 6, true, false, false), now);
        assertThat(node.status().role()).isEqualTo(Role.CANDIDATE);
        assertThat(node.status().term()).isEqualTo(6);
        node.output().clear();

        node.onDurable(1, 1, now);
        assertThat(node.output().syncRecord).isNull();
        assertThat(node.output().messages).isEmpty();
        assertThat(node.status().syncTerm()).isZero();
    }
}
