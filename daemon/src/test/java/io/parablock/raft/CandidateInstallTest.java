package io.parablock.raft;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.raft.log.Entry;
import io.parablock.raft.log.EntryKind;
import io.parablock.raft.log.OriginRun;
import io.parablock.raft.message.Message;
import io.parablock.raft.state.Checkpoint;
import io.parablock.raft.state.RecoveredState;
import java.util.List;
import org.junit.jupiter.api.Test;

/** An install that was about to begin when its leader fell silent (protocol.md §7: an installing node is never a candidate). */
class CandidateInstallTest {
    private static final long MS = 1_000_000L;
    private static final long STORE_BYTES = 1 << 20;

    private long now = 1_000 * MS;
    private final RaftNode node =
            new RaftNode(ThreeVoters.config(false).withStoreBytes(STORE_BYTES), RecoveredState.fresh(), 7, now);

    private static Entry trim(long slot, long origin) {
        return new Entry(slot, origin, EntryKind.TRIM, slot * 4096, 4096, 9, slot, 0, 0, 0, new long[0]);
    }

    private static Message.InstallBegin begin() {
        return new Message.InstallBegin(
                5, 77, STORE_BYTES, 4096, new Checkpoint(9, List.of(new OriginRun(1, 9, 5)), List.of(), 9));
    }

    private void silence(long ms, Role until) {
        for (long end = now + ms * MS; now < end && node.status().role() != until; ) {
            now += 5 * MS;
            node.tick(now);
        }
    }

    @Test
    void shouldNotCampaignOnceTheFlagIsOnItsWayToTheDisk() {
        node.step(2, 1, new Message.SyncBegin(5, 9, 9, List.of(new OriginRun(1, 9, 5)), List.of()), now);
        assertThat(node.needsInstall()).isTrue();
        node.output().clear();
        node.step(2, 1, begin(), now);
        assertThat(node.output().installCheckpointDue).isTrue();
        Checkpoint flag = node.installCheckpoint();
        node.output().clear();

        silence(5_000, Role.PRE_CANDIDATE);
        assertThat(node.status().role()).isEqualTo(Role.FOLLOWER);
        node.onCheckpointDurable(flag, now);
        assertThat(node.status().installing()).isTrue();
        silence(5_000, Role.PRE_CANDIDATE);
        assertThat(node.status().role()).isEqualTo(Role.FOLLOWER);
    }

    @Test
    void shouldForgetAnInstallThatHasNotBegunWhenItCampaigns() {
        node.step(2, 1, new Message.SyncBegin(5, 0, 0, List.of(), List.of()), now);
        node.output().clear();
        Message.CommitNotice first = new Message.CommitNotice(1, List.of(), 0);
        node.step(2, 1, new Message.Append(5, List.of(trim(1, 5), trim(2, 5)), 1, new long[0], 1, first), now);
        node.output().clear();
        node.onDurable(1, 5, now);
        node.onDurable(2, 5, now);
        assertThat(node.output().applies).extracting(Entry::slot).containsExactly(1L);
        node.step(2, 1, new Message.SyncBegin(5, 0, 6, List.of(), List.of()), now);
        node.step(2, 1, begin(), now);
        assertThat(node.output().installCheckpointDue)
                .as("an apply is under way")
                .isFalse();

        silence(5_000, Role.PRE_CANDIDATE);
        node.step(3, 1, new Message.PreVoteReply(5, 6, true, false, false), now);
        assertThat(node.status().role()).isEqualTo(Role.CANDIDATE);
        node.onApplied(1, now);
        assertThat(node.output().installCheckpointDue).isFalse();
        node.step(3, 1, new Message.VoteReply(6, true, 5, 0, 0, 1, 1, List.of(), List.of(), List.of(), List.of()), now);
        assertThat(node.status().role()).isEqualTo(Role.LEADER);
        node.output().clear();
        node.step(3, 1, new Message.SyncAck(6), now);
        assertThat(node.output().applies)
                .as("its own store is whole: it applies what is committed")
                .extracting(Entry::slot)
                .containsExactly(2L);
    }
}
