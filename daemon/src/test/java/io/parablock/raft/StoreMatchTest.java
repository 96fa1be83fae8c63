package io.parablock.raft;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.raft.log.Entry;
import io.parablock.raft.log.EntryKind;
import io.parablock.raft.log.OriginRun;
import io.parablock.raft.log.SlotRun;
import io.parablock.raft.message.Message;
import io.parablock.raft.state.Checkpoint;
import io.parablock.raft.state.HardState;
import io.parablock.raft.state.RecoveredState;
import io.parablock.raft.state.SyncRecord;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Whose blocks may be taken for the own ones (protocol.md §12). Slot s writes block s; checkpoint at 2, log up to 8. */
class StoreMatchTest {
    private static final long MS = 1_000_000L;
    private static final int BLOCK = 4096;

    private final long now = 1_000 * MS;

    private static Entry write(long slot, long block) {
        return new Entry(slot, 1, EntryKind.TRIM, block * BLOCK, BLOCK, 9, slot, 0, 0, 0, new long[0]);
    }

    private RaftNode node(Guards guards, Checkpoint checkpoint, boolean amnesiac, long lastInLog, long hole) {
        List<Entry> log = new ArrayList<>();
        for (long s = checkpoint.a() + 1; s <= lastInLog; s++) {
            if (s != hole) {
                log.add(write(s, s));
            }
        }
        return new RaftNode(
                ThreeVoters.config(false),
                guards,
                new RecoveredState(
                        new HardState(1, 2, 1, 0),
                        new SyncRecord(1, 0, List.of(), List.of()),
                        checkpoint,
                        log,
                        List.of(),
                        amnesiac),
                7,
                now);
    }

    private RaftNode node(long lastInLog) {
        return node(Guards.ALL, checkpoint(false, 2), false, lastInLog, 0);
    }

    private static Checkpoint checkpoint(boolean installing, long e) {
        return new Checkpoint(2, List.of(new OriginRun(1, 2, 1)), List.of(), 2, e, installing);
    }

    /** The leader says that everything up to the watermark, and the runs, are committed; the store applies what it is given. */
    private void commit(RaftNode node, long watermark, SlotRun... runs) {
        node.step(2, 1, new Message.Heartbeat(1, 1, new Message.CommitNotice(watermark, List.of(runs), 0)), now);
        apply(node);
    }

    private void apply(RaftNode node) {
        List<Entry> due = List.copyOf(node.output().applies);
        node.output().applies.clear();
        due.forEach(e -> node.onApplied(e.slot(), now));
    }

    private static boolean matches(RaftNode node, long applied, long reach, long block) {
        return node.matches(new StorePoint(1, applied, reach), block * BLOCK, BLOCK);
    }

    @Test
    void shouldTakeBlocksOfAStoreThatHoldsTheSameSlots() {
        RaftNode node = node(8);
        commit(node, 8);
        assertThat(node.storePoint()).isEqualTo(new StorePoint(1, 8, 8));
        assertThat(matches(node, 8, 8, 5)).isTrue();
    }

    @Test
    void shouldRefuseWhatThePeerMayNotHaveApplied() {
        RaftNode node = node(8);
        commit(node, 8);
        assertThat(matches(node, 4, 6, 5)).as("5 may be there or not").isFalse();
        assertThat(matches(node, 4, 6, 7)).as("7 is not there").isFalse();
        assertThat(matches(node, 4, 6, 4)).as("4 is in both").isTrue();
        assertThat(matches(node, 4, 6, 100)).as("nobody wrote it").isTrue();
    }

    @Test
    void shouldRefuseWhatThePeerHasAndThisStoreHasNot() {
        RaftNode node = node(8);
        commit(node, 4);
        assertThat(matches(node, 8, 8, 6)).isFalse();
        assertThat(matches(node, 4, 6, 6)).isFalse();
        assertThat(matches(node, 8, 8, 3)).isTrue();
    }

    @Test
    void shouldRefuseWhereItDoesNotKnowWhatThePeerApplied() {
        RaftNode node = node(6);
        commit(node, 6);
        assertThat(matches(node, 6, 7, 3)).as("slot 7 is unknown here").isFalse();
        assertThat(matches(node, 1, 6, 100)).as("slot 2 is truncated here").isFalse();
        RaftNode hole = node(Guards.ALL, checkpoint(false, 2), false, 8, 5);
        commit(hole, 4, new SlotRun(6, 8));
        assertThat(matches(hole, 8, 8, 3)).as("slot 5 is a hole").isFalse();
    }

    /** Applied out of order, it is in the own store; whether it is in the other one, only that one's prefix tells. */
    @Test
    void shouldKnowWhatItAppliedOutOfOrder() {
        RaftNode node = node(8);
        commit(node, 4, new SlotRun(7, 7));
        assertThat(matches(node, 8, 8, 7)).as("in both").isTrue();
        assertThat(matches(node, 4, 4, 7)).as("in this one only").isFalse();
        assertThat(matches(node, 8, 8, 5)).as("in the other one only").isFalse();
    }

    @Test
    void shouldCountSlotsInOneLogOnly() {
        RaftNode node = node(8);
        commit(node, 8);
        assertThat(node.matches(new StorePoint(2, 8, 8), 0, BLOCK)).isFalse();
        assertThat(node.matches(new StorePoint(0, 8, 8), 0, BLOCK)).isFalse();
        assertThat(node.matches(new StorePoint(1, 8, 7), 0, BLOCK))
                .as("no such store")
                .isFalse();
    }

    /** An earlier process may have applied all of its log. */
    @Test
    void shouldNotTellOfAStoreThatMayBeAheadOfWhatThisProcessApplied() {
        RaftNode node = node(8);
        assertThat(node.storePoint()).isNull();
        commit(node, 7);
        assertThat(node.storePoint()).isNull();
        assertThat(node.mayMend())
                .as("its own may be mended: what is ahead is applied again")
                .isTrue();
        commit(node, 8);
        assertThat(node.storePoint()).isNotNull();
    }

    @Test
    void shouldNeitherTellNorMendInTheMiddleOfAnInstall() {
        RaftNode installing = node(Guards.ALL, checkpoint(true, 2), false, 2, 0);
        assertThat(installing.storePoint()).isNull();
        assertThat(installing.mayMend()).isFalse();
        assertThat(matches(installing, 2, 2, 100)).isFalse();
        RaftNode unreadable = node(Guards.ALL, checkpoint(false, 5), false, 8, 0);
        commit(unreadable, 4);
        assertThat(unreadable.storePoint()).as("parts of slot 5 may be there").isNull();
        assertThat(unreadable.mayMend()).isFalse();
    }

    @Test
    void shouldNeitherTellNorMendWithAmnesia() {
        RaftNode amnesiac = node(Guards.ALL, checkpoint(false, 2), true, 2, 0);
        assertThat(amnesiac.storePoint()).isNull();
        assertThat(amnesiac.mayMend()).isFalse();
    }

    @Test
    void shouldTakeAnythingWithoutItsGuard() {
        RaftNode node = node(new Guards(EnumSet.of(Guard.REPAIR_MATCHED)), checkpoint(false, 2), false, 8, 0);
        commit(node, 8);
        assertThat(matches(node, 4, 6, 5)).isTrue();
    }
}
