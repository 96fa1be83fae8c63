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

/**
 * An installing node takes no SYNC (protocol.md §7). It installs because its log ends below the leader's; what it was writing
 * when the install began may become durable and close that gap, so that the log alone would do for a sync again.
 */
class SyncDuringInstallTest {
    private static final long MS = 1_000_000L;
    private static final long STORE_BYTES = 1 << 20;

    private long now = 1_000 * MS;
    private final RaftNode node =
            new RaftNode(ThreeVoters.config(false).withStoreBytes(STORE_BYTES), RecoveredState.fresh(), 7, now);

    private static Entry trim(long slot) {
        return new Entry(slot, 4, EntryKind.TRIM, slot * 4096, 4096, 9, slot, 0, 0, 0, new long[0]);
    }

    /** Node 3 led term 4; this node was writing its slots 1 to 3 when node 2 began to lead. */
    private void beBehind(long committedTo) {
        node.step(3, 1, new Message.SyncBegin(4, 0, 0, List.of(), List.of()), now);
        Message.CommitNotice notice = new Message.CommitNotice(committedTo, List.of(), 0);
        node.step(3, 1, new Message.Append(4, List.of(trim(1), trim(2), trim(3)), 1, new long[0], 1, notice), now);
    }

    private void syncTo(long term, long leaderLogBase) {
        Message sync = new Message.SyncBegin(term, 4, leaderLogBase, List.of(new OriginRun(1, 4, 4)), List.of());
        node.step(2, 1, sync, now);
    }

    private void beginInstall() {
        assertThat(node.needsInstall()).isTrue();
        node.output().clear();
        Checkpoint image = new Checkpoint(4, List.of(new OriginRun(1, 4, 4)), List.of(), 4);
        node.step(2, 1, new Message.InstallBegin(5, 77, STORE_BYTES, 4096, image), now);
    }

    private void durable(long from, long to) {
        for (long s = from; s <= to; s++) {
            node.onDurable(s, 4, now);
        }
    }

    private void fetched(long term) {
        node.step(2, 1, new Message.Entries(term, List.of(trim(4))), now);
        durable(4, 4);
    }

    private void shouldNotHaveSynced() {
        assertThat(node.output().syncRecord).isNull();
        assertThat(node.status().syncTerm()).isEqualTo(4);
        node.checkInvariants();
    }

    @Test
    void shouldNotSyncWhileTheFlagIsOnItsWayToTheDisk() {
        beBehind(0);
        syncTo(5, 2);
        beginInstall();
        assertThat(node.output().installCheckpointDue).isTrue();
        Checkpoint flag = node.installCheckpoint();
        durable(1, 3);

        syncTo(5, 2);
        node.step(2, 1, new Message.Entries(5, List.of(trim(4))), now);
        node.onCheckpointDurable(flag, now);
        durable(4, 4);
        assertThat(node.status().installing()).isTrue();
        shouldNotHaveSynced();
    }

    @Test
    void shouldNotSyncWhileTheFlagWaitsForApplies() {
        beBehind(1);
        durable(1, 1);
        assertThat(node.output().applies).extracting(Entry::slot).containsExactly(1L);
        syncTo(5, 2);
        beginInstall();
        assertThat(node.output().installCheckpointDue)
                .as("an apply is under way")
                .isFalse();
        durable(2, 3);

        syncTo(5, 2);
        node.step(2, 1, new Message.Entries(5, List.of(trim(4))), now);
        node.onApplied(1, now);
        assertThat(node.output().installCheckpointDue).isTrue();
        node.onCheckpointDurable(node.installCheckpoint(), now);
        durable(4, 4);
        shouldNotHaveSynced();
    }

    @Test
    void shouldNotSyncToALaterTermWhileTheFlagIsOnItsWayToTheDisk() {
        beBehind(0);
        syncTo(5, 2);
        beginInstall();
        Checkpoint flag = node.installCheckpoint();
        durable(1, 3);

        syncTo(6, 2);
        node.step(2, 1, new Message.Entries(6, List.of(trim(4))), now);
        node.onCheckpointDurable(flag, now);
        durable(4, 4);
        assertThat(node.status().installing()).isTrue();
        shouldNotHaveSynced();
    }

    @Test
    void shouldSyncAgainWhenAnInstallThatHasNotBegunIsGivenUp() {
        beBehind(1);
        durable(1, 1);
        syncTo(5, 2);
        beginInstall();
        durable(2, 3);

        syncTo(6, 2);
        fetched(6);
        assertThat(node.output().installCheckpointDue).isFalse();
        assertThat(node.status().syncTerm()).isEqualTo(6);
        assertThat(node.needsInstall()).isFalse();
    }
}
