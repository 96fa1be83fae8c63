package io.parablock.raft;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.raft.log.OriginRun;
import io.parablock.raft.message.Message;
import io.parablock.raft.state.Checkpoint;
import io.parablock.raft.state.RecoveredState;
import java.util.List;
import org.junit.jupiter.api.Test;

/** After an install the log base may lie above the merged log's m (protocol.md §4, §7). */
class InstallEndTest {
    private static final long MS = 1_000_000L;
    private static final int PIECE_BYTES = 4096;

    private final long now = 1_000 * MS;
    private final RaftNode node =
            new RaftNode(ThreeVoters.config(false).withStoreBytes(2 * PIECE_BYTES), RecoveredState.fresh(), 7, now);

    private void sync() {
        node.step(2, 1, new Message.SyncBegin(5, 3, 6, List.of(new OriginRun(1, 3, 1)), List.of()), now);
    }

    private void install(long e) {
        Checkpoint image = new Checkpoint(9, List.of(new OriginRun(1, 3, 1), new OriginRun(4, 9, 5)), List.of(), 6);
        node.step(2, 1, new Message.InstallBegin(5, 77, 2 * PIECE_BYTES, PIECE_BYTES, image), now);
        node.onCheckpointDurable(node.installCheckpoint(), now);
        for (long offset = 0; offset < 2 * PIECE_BYTES; offset += PIECE_BYTES) {
            node.step(2, 1, new Message.InstallExtent(5, 77, offset, PIECE_BYTES, 0, null), now);
            node.onInstallWritten(77, offset, now);
        }
        node.step(2, 1, new Message.InstallEnd(5, 77, e), now);
        node.onCheckpointDurable(node.installCheckpoint(), now);
        node.output().clear();
    }

    @Test
    void shouldKeepWhatTheStoreCoversAboveTheMergedLog() {
        sync();
        assertThat(node.needsInstall()).isTrue();
        install(9);
        assertThat(node.status().logBase()).isEqualTo(9);

        sync();
        assertThat(node.status().syncTerm()).isEqualTo(5);
        assertThat(node.status().mSync()).isEqualTo(3);
        assertThat(node.status().contigPrefix()).isEqualTo(9);
        assertThat(node.status().appliedPrefix()).isEqualTo(9);
        node.checkInvariants();
    }

    @Test
    void shouldAskForAnInstallWhenTheLeaderCutsItsLogDuringASync() {
        List<OriginRun> runs = List.of(new OriginRun(1, 9, 1));
        node.step(2, 1, new Message.SyncBegin(5, 9, 0, runs, List.of()), now);
        assertThat(node.needsInstall()).isFalse();
        node.step(2, 1, new Message.SyncBegin(5, 9, 6, runs, List.of()), now);
        assertThat(node.needsInstall()).isTrue();
    }

    @Test
    void shouldTakeNoCheckpointBeforeTheEndIsAppliedOrALaterTermHasMergedLess() {
        sync();
        install(12);
        sync();
        assertThat(node.checkpointImage())
                .as("slots up to 12 may be in the store")
                .isNull();

        List<OriginRun> runs = List.of(new OriginRun(1, 3, 1), new OriginRun(4, 9, 5));
        node.step(3, 1, new Message.SyncBegin(6, 9, 6, runs, List.of()), now);
        assertThat(node.status().syncTerm()).isEqualTo(6);
        assertThat(node.checkpointImage())
                .as("nothing above slot 9 was ever committed before term 6")
                .isNotNull();
    }
}
