package io.parablock.raft;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.raft.log.Entry;
import io.parablock.raft.log.EntryKind;
import io.parablock.raft.log.RaftLog;
import io.parablock.raft.merge.Merge;
import io.parablock.raft.message.Message;
import io.parablock.raft.state.Checkpoint;
import io.parablock.raft.state.HardState;
import io.parablock.raft.state.RecoveredState;
import io.parablock.raft.state.SyncRecord;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who votes for a merge over every voter, and what it takes for decided (protocol.md §11). */
class EveryVoterVoteTest {
    private static final long MS = 1_000_000L;

    private static RecoveredState amnesiac(boolean flushedIsHere) {
        return new RecoveredState(
                new HardState(1, 1, 1, 0),
                new SyncRecord(1, 0, List.of(), List.of()),
                Checkpoint.EMPTY,
                List.of(),
                List.of(),
                List.of(),
                true,
                flushedIsHere,
                false);
    }

    private static boolean grants(boolean flushedIsHere, boolean everyVoter) {
        long now = 1_000 * MS;
        RaftNode node = new RaftNode(ThreeVoters.config(false), amnesiac(flushedIsHere), 7, now);
        node.output().clear();
        // Past the time in which a lease of before the restart might hold.
        now += 10_000 * MS;
        node.step(2, 1, new Message.Vote(5, 1, 9, false, everyVoter), now);
        return node.output().messages.stream()
                .map(Output.Outgoing::message)
                .anyMatch(m -> m instanceof Message.VoteReply r && r.granted());
    }

    @Test
    void shouldVoteWithAmnesiaForAMergeOverEveryVoterOnly() {
        assertThat(grants(true, true)).isTrue();
        assertThat(grants(true, false)).isFalse();
    }

    @Test
    void shouldNotVoteWithALogThatMayLackWhatWasFlushed() {
        assertThat(grants(false, true)).isFalse();
    }

    @Test
    void shouldVoteAgainOnceTheDamageIsCured() {
        CoreState state =
                new CoreState(ThreeVoters.config(false), Guards.ALL, new Output(), amnesiac(false), 1_000 * MS);
        assertThat(state.mayVoteWithEveryVoter()).isFalse();
        state.onCured();
        assertThat(state.mayVoteWithEveryVoter()).isTrue();
        state.installStepUnderWay = true;
        assertThat(state.mayVoteWithEveryVoter())
                .as("its end would be taken for that of the install after the merge")
                .isFalse();
    }

    /** A voter that was installed and not synced yet has applied what no log has any more; its store is replaced anyway. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldNotWaitForSlotsThatOnlyAStoreHas(boolean ofEveryVoter) {
        RaftLog log = new RaftLog(0, 0);
        log.putDurable(new Entry(1, 5, EntryKind.TRIM, 0, 4096, 1, 1, 1, 0, 0, new long[0]));
        Message.VoteReply same =
                new Message.VoteReply(6, true, 5, 0, 0, 0, 0, List.of(), List.of(), List.of(), List.of());
        Message.VoteReply installed =
                new Message.VoteReply(6, true, 4, 0, 3, 3, 3, List.of(), List.of(), List.of(), List.of());
        Merge.Result r = Merge.settle(log, 5, 0, Set.of(), Map.of(2, same, 3, installed), 3, ofEveryVoter);
        assertThat(r.m()).isEqualTo(3);
        assertThat(r.missing()).extracting(Merge.Settled::slot).containsExactly(2L, 3L);
        assertThat(r.missing())
                .extracting(Merge.Settled::fate)
                .containsOnly(ofEveryVoter ? Merge.Fate.NOOP : Merge.Fate.WAIT);
    }
}
