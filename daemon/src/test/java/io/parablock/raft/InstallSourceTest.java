package io.parablock.raft;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.raft.log.Entry;
import io.parablock.raft.log.EntryKind;
import io.parablock.raft.log.OriginRun;
import io.parablock.raft.message.Message;
import io.parablock.raft.state.Checkpoint;
import io.parablock.raft.state.HardState;
import io.parablock.raft.state.RecoveredState;
import io.parablock.raft.state.SyncRecord;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The block store of a leader that restarted is ahead of what this process applied (protocol.md §7: e). */
class InstallSourceTest {
    private static final long MS = 1_000_000L;
    private static final int STORE_BYTES = 8192;

    private long now = 1_000 * MS;

    private RaftNode leader(InstallConfig install) {
        return leader(install, 2);
    }

    /** @param e of the install that its store came with; 2 is that of none */
    private RaftNode leader(InstallConfig install, long e) {
        RaftConfig config = ThreeVoters.config(false).withInstall(install);
        List<Entry> log = new ArrayList<>();
        for (long s = 3; s <= 5; s++) {
            log.add(new Entry(s, 1, EntryKind.TRIM, 0, 4096, 9, s, 0, 0, 0, new long[0]));
        }
        RaftNode node = new RaftNode(
                config,
                new RecoveredState(
                        new HardState(1, 1, 1, 0),
                        new SyncRecord(1, 0, List.of(), List.of()),
                        new Checkpoint(2, List.of(new OriginRun(1, 2, 1)), List.of(), 2, e, false),
                        log,
                        List.of(),
                        false),
                7,
                now);
        for (int i = 0; i < 200 && node.status().role() != Role.PRE_CANDIDATE; i++) {
            now += 5 * MS;
            node.tick(now);
        }
        node.step(3, 1, new Message.PreVoteReply(1, 2, true, false, false), now);
        node.step(3, 1, new Message.VoteReply(2, true, 1, 0, 0, 0, 0, List.of(), List.of(), List.of(), List.of()), now);
        assertThat(node.status().role()).isEqualTo(Role.LEADER);
        assertThat(node.status().appliedPrefix()).isEqualTo(2);
        return node;
    }

    @Test
    void shouldNameAnEndThatCoversWhatAnEarlierProcessApplied() {
        RaftNode node = leader(new InstallConfig(STORE_BYTES, 4096, 4, 1 << 20, 1 << 20));
        node.step(3, 1, new Message.InstallRequest(2, 0, 0), now);
        long id = last(node, Message.InstallBegin.class).installId();
        node.step(3, 1, new Message.InstallAck(2, id, 0, false), now);
        node.step(3, 1, new Message.InstallAck(2, id, STORE_BYTES, false), now);
        assertThat(last(node, Message.InstallEnd.class).e()).isEqualTo(5);
    }

    /** Its quorum may need the very node that asks: only then are the slots committed that its store is ahead by. */
    @Test
    void shouldInstallANodeThoughTheOwnStoreIsAheadOfWhatIsApplied() {
        RaftNode node = leader(new InstallConfig(STORE_BYTES, 4096, 4, 1 << 20, 1 << 20), 4);
        assertThat(node.checkpointImage()).as("not readable").isNull();
        requireInstallRunsToItsEnd(node);
        assertThat(last(node, Message.InstallEnd.class).e()).isGreaterThanOrEqualTo(4);
        assertThat(node.status().appliedPrefix()).isEqualTo(2);
    }

    /** What it has applied was committed, and no other node may be there to complete a quorum with it. */
    @Test
    void shouldInstallANodeThatAppliedMoreThanThisProcess() {
        RaftNode node = leader(new InstallConfig(STORE_BYTES, 4096, 4, 1 << 20, 1 << 20));
        node.step(3, 1, new Message.InstallRequest(2, 0, 4), now);
        assertThat(node.status().commitWatermark()).isEqualTo(4);
        assertThat(node.output().applies).extracting(Entry::slot).containsExactly(3L, 4L);
        node.onApplied(3, now);
        node.onApplied(4, now);
        requireInstallRunsToItsEnd(node);
    }

    /** Slots of this term are committed by their acknowledgements alone. */
    @Test
    void shouldTakeNothingAboveTheMergedLogForCommittedBefore() {
        RaftNode node = leader(new InstallConfig(STORE_BYTES, 4096, 4, 1 << 20, 1 << 20));
        node.step(3, 1, new Message.InstallRequest(2, 0, 9), now);
        assertThat(node.status().commitWatermark()).isEqualTo(5);
    }

    /** A quorum may need the very node that is installed; until then nothing above the base is committed. */
    @Test
    void shouldNotGiveUpForSlotsThatItKeepsAnyway() {
        RaftNode node = leader(new InstallConfig(STORE_BYTES, 4096, 4, 1 << 20, 2));
        requireInstallRunsToItsEnd(node);
    }

    /** A record that rots under a running follower, and that nobody else has any more. */
    @Test
    void shouldInstallANodeThatHeldEverythingBefore() {
        RaftNode node = leader(new InstallConfig(STORE_BYTES, 4096, 4, 1 << 20, 1 << 20));
        node.step(3, 1, new Message.SyncAck(2), now);
        node.step(3, 1, new Message.HeartbeatAck(2, 0, 2, 5, 2, 100, false), now);
        requireInstallRunsToItsEnd(node);
    }

    /** The receiver takes a longer silence for the end of the install. */
    @Test
    void shouldCutPiecesThatTheThrottleLetsPassWithinAnElectionTimeout() {
        RaftNode node = leader(new InstallConfig(1 << 20, 131_072, 4, 60_000, 1 << 20));
        node.step(3, 1, new Message.InstallRequest(2, 0, 0), now);
        assertThat(last(node, Message.InstallBegin.class).pieceBytes()).isEqualTo(16_384);
    }

    private void requireInstallRunsToItsEnd(RaftNode node) {
        node.step(3, 1, new Message.InstallRequest(2, 0, 0), now);
        long id = last(node, Message.InstallBegin.class).installId();
        node.step(3, 1, new Message.InstallAck(2, id, 0, false), now);
        now += 5 * MS;
        node.tick(now);
        node.step(3, 1, new Message.InstallAck(2, id, STORE_BYTES, false), now);
        assertThat(last(node, Message.InstallEnd.class).installId()).isEqualTo(id);
    }

    private static <T extends Message> T last(RaftNode node, Class<T> type) {
        List<T> all = node.output().messages.stream()
                .map(Output.Outgoing::message)
                .filter(type::isInstance)
                .map(type::cast)
                .toList();
        return all.get(all.size() - 1);
    }
}
