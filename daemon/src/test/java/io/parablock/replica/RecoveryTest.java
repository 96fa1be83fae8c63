package io.parablock.replica;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.Unpooled;
import io.parablock.raft.Mode;
import io.parablock.raft.RaftConfig;
import io.parablock.raft.RaftNode;
import io.parablock.raft.log.Entry;
import io.parablock.raft.log.EntryKind;
import io.parablock.raft.log.OriginRun;
import io.parablock.raft.message.Message;
import io.parablock.raft.state.Checkpoint;
import io.parablock.raft.state.HardState;
import io.parablock.raft.state.RecoveredState;
import io.parablock.raft.state.SyncRecord;
import io.parablock.wal.DamagedRecord;
import io.parablock.wal.MemoryStateStore;
import io.parablock.wal.MemoryWal;
import io.parablock.wal.StateStore;
import io.parablock.wal.Wal;
import io.parablock.wal.WalRecord;
import io.parablock.wal.WalVisitor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecoveryTest {
    private static final Identity ID = new Identity(1, 3, 2, 1);

    /** A WAL that reports damage in its scan, beside what it holds. */
    private static final class DamagedWal implements Wal {
        private final Wal to;
        final List<DamagedRecord> damage = new ArrayList<>();

        DamagedWal(Wal to) {
            this.to = to;
        }

        @Override
        public long append(WalRecord record, ByteBuffer payload, long token) {
            return to.append(record, payload, token);
        }

        @Override
        public void submit() {
            to.submit();
        }

        @Override
        public void force() {
            to.force();
        }

        @Override
        public void read(long position, WalVisitor visitor) {
            to.read(position, visitor);
        }

        @Override
        public void scan(WalVisitor visitor) {
            to.scan(visitor);
            damage.forEach(d -> visitor.onDamaged(1_000, d));
        }

        @Override
        public void truncate(int groupId, long slot) {
            to.truncate(groupId, slot);
        }

        @Override
        public long sizeBytes() {
            return to.sizeBytes();
        }

        @Override
        public String engine() {
            return to.engine();
        }

        @Override
        public void close() {
            to.close();
        }
    }

    private final DamagedWal wal = new DamagedWal(new MemoryWal(token -> {}));
    private final StateStore store = new MemoryStateStore();

    private Recovery.Recovered recover(boolean unclean) {
        return Recovery.recover(wal, List.of(new Recovery.Group(ID, store)), unclean, true)
                .get(3);
    }

    private void append(int group, long slot, long origin) {
        int crc = LogReader.crc(Unpooled.wrappedBuffer(new byte[512]));
        Entry e = new Entry(slot, origin, EntryKind.WRITE, slot * 512, 512, 1, slot, 1, crc, 512, new long[] {1});
        wal.append(InlineWalStage.recordOf(group, e), ByteBuffer.allocate(512), 1);
        wal.submit();
    }

    private void meta(long term, long syncTerm) {
        store.saveMeta(StateCodec.encodeMeta(ID, new HardState(term, 2, syncTerm, syncTerm == 0 ? 0 : 2)));
    }

    private void syncRecord(long term) {
        store.saveSyncRecord(
                StateCodec.encodeSyncRecord(new SyncRecord(term, 2, List.of(new OriginRun(1, 2, 1)), List.of())));
    }

    @Test
    void shouldWriteItsIdentityOnAFreshDisk() {
        Recovery.Recovered r = recover(false);
        assertThat(r.fresh()).isTrue();
        assertThat(r.state().amnesiac()).isFalse();
        assertThat(StateCodec.decodeMeta(store.loadMeta()).identity()).isEqualTo(ID);
        Identity other = new Identity(1, 3, 4, 1);
        assertThatThrownBy(() -> Recovery.recover(wal, List.of(new Recovery.Group(other, store)), false, true))
                .isInstanceOf(Identity.WrongIdentityException.class);
    }

    @Test
    void shouldFindTheGroupsEntriesAboveTheLogBase() {
        meta(3, 3);
        syncRecord(3);
        store.saveCheckpoint(
                StateCodec.encodeCheckpoint(new Checkpoint(2, List.of(new OriginRun(1, 2, 1)), List.of(), 1)));
        append(3, 1, 1);
        append(3, 2, 1);
        append(9, 2, 1);
        append(3, 3, 3);
        Recovery.Recovered r = recover(false);
        assertThat(r.state().entries()).extracting(Entry::slot).containsExactly(2L, 3L);
        Entry e = r.state().entries().get(1);
        assertThat(e.payload).isNull();
        assertThat(e.walPosition).isEqualTo(3);
        assertThat(e.dep()).containsExactly(1L);
        assertThat(e.payloadCrc()).isEqualTo(LogReader.crc(Unpooled.wrappedBuffer(new byte[512])));
        assertThat(r.state().amnesiac()).isFalse();
    }

    @Test
    void shouldNotVoteWhenTheSyncRecordIsLost() {
        meta(3, 3);
        Recovery.Recovered r = recover(false);
        assertThat(r.state().amnesiac()).isTrue();
        assertThat(r.state().stateLost()).isTrue();
        assertThat(r.notes()).hasSize(1).first().asString().contains("SYNCREC is lost");
    }

    /** It starts all the same: other groups share its process, and a node that has not formed waits for its hello. */
    @Test
    void shouldStartAsABystanderWhenTheSyncRecordIsUnreadable() {
        for (long syncTerm : new long[] {3, 0}) {
            meta(3, syncTerm);
            syncRecord(3);
            byte[] before = store.loadMeta();
            ((MemoryStateStore) store).lose(StateStore.Part.SYNC_RECORD);
            for (int start = 0; start < 2; start++) {
                Recovery.Recovered r = recover(false);
                assertThat(r.state().stateLost()).isTrue();
                assertThat(r.notes()).hasSize(1).first().asString().contains("SYNCREC is unreadable");
                assertSilent(r.state());
                assertThat(store.loadMeta())
                        .as("nothing is written over the damage")
                        .isEqualTo(before);
            }
        }
    }

    @Test
    void shouldTakeTheSyncTermOfTheSyncRecordWhenItIsAhead() {
        meta(3, 0);
        syncRecord(3);
        HardState expected = new HardState(3, 2, 3, 2);
        assertThat(recover(false).state().hardState()).isEqualTo(expected);
        assertThat(StateCodec.decodeMeta(store.loadMeta()).hardState()).isEqualTo(expected);
    }

    @Test
    void shouldCallDamagedEffectiveSlotsUnknown() {
        meta(3, 3);
        syncRecord(3);
        wal.damage.add(new DamagedRecord(true, 3, 2, 1, true, 1, "payload CRC"));
        // Dead: the merged log has slot 1 of term 1, and above m only term 3 counts.
        wal.damage.add(new DamagedRecord(true, 3, 1, 2, true, 1, "payload CRC"));
        wal.damage.add(new DamagedRecord(true, 3, 5, 2, true, 1, "payload CRC"));
        wal.damage.add(new DamagedRecord(false, 0, 0, 0, false, 1, "torn").asTorn());
        Recovery.Recovered r = recover(false);
        assertThat(r.state().damagedSlots()).containsExactly(2L);
        assertThat(r.state().damagedAboveDurable()).isEmpty();
        assertThat(r.state().amnesiac()).isFalse();
    }

    @Test
    void shouldMarkDamageAboveDAndTakeTornRecordsForAbsent() {
        meta(3, 0);
        wal.damage.add(new DamagedRecord(true, 3, 4, 3, true, 1, "payload CRC"));
        wal.damage.add(new DamagedRecord(true, 3, 5, 3, false, 1, "payload CRC"));
        wal.damage.add(new DamagedRecord(true, 3, 6, 3, false, 1, "payload CRC").asTorn());
        RecoveredState state = recover(false).state();
        assertThat(state.damagedSlots()).containsExactly(4L, 5L);
        assertThat(state.damagedAboveDurable()).containsExactly(5L);
        assertThat(state.amnesiac()).isFalse();
    }

    @Test
    void shouldHaveAmnesiaWhenARecordAboveDHasNoNameAndIsNotSurelyTorn() {
        meta(3, 0);
        wal.damage.add(new DamagedRecord(false, 0, 0, 0, false, 1, "header CRC"));
        assertThat(recover(false).state().amnesiac()).isTrue();
    }

    @Test
    void shouldHaveAmnesiaWhenADurableRecordHasNoName() {
        meta(3, 0);
        wal.damage.add(new DamagedRecord(false, 0, 0, 0, true, 1, "header CRC"));
        RecoveredState state = recover(false).state();
        assertThat(state.amnesiac()).isTrue();
        assertThat(state.stateLost()).isFalse();
    }

    @Test
    void shouldHaveAmnesiaWhenMetaIsMissingBesideALog() {
        append(3, 1, 1);
        assertThat(recover(false).state().stateLost()).isTrue();
        assertThat(store.loadMeta()).isNull();
    }

    /** It answers no leader and writes nothing. */
    private static void assertSilent(RecoveredState state) {
        RaftConfig config = new RaftConfig(
                3,
                2,
                new int[] {1, 2, 3},
                Mode.PARALLEL,
                8,
                300_000_000L,
                50_000_000L,
                100_000_000L,
                64,
                4,
                1 << 20,
                8,
                16,
                64,
                false);
        RaftNode node = new RaftNode(config, state, 7, 1);
        node.step(1, 1, new Message.Heartbeat(5, 1, Message.CommitNotice.NONE), 2);
        assertThat(node.output().hardState).isNull();
        assertThat(node.output().messages).isEmpty();
    }

    /** The clean mark makes every later start unclean; that must not turn the loss into something that a leader cures. */
    @Test
    void shouldFindLostMetaLostAtEveryStart() {
        meta(3, 3);
        syncRecord(3);
        ((MemoryStateStore) store).lose(StateStore.Part.META);
        for (boolean unclean : new boolean[] {false, true, true}) {
            RecoveredState state = recover(unclean).state();
            assertThat(state.stateLost()).isTrue();
            assertSilent(state);
        }
    }

    @Test
    void shouldHaveAmnesiaAfterAnUncleanMachineRestart() {
        meta(3, 0);
        Recovery.Recovered r = recover(true);
        assertThat(r.state().amnesiac()).isTrue();
        assertThat(r.notes().get(0)).contains("the machine restarted without a clean stop");
    }

    @Test
    void shouldTellCleanFromUncleanMachineRestarts(@TempDir Path dir) throws IOException {
        assertThat(new CleanMark(dir, "a").begin()).isFalse();
        // The process died, the machine did not.
        assertThat(new CleanMark(dir, "a").begin()).isFalse();
        CleanMark mark = new CleanMark(dir, "a");
        mark.end();
        assertThat(Files.exists(dir.resolve("clean"))).isTrue();
        CleanMark after = new CleanMark(dir, "b");
        assertThat(after.begin()).isFalse();
        assertThat(Files.exists(dir.resolve("clean"))).isFalse();
        CleanMark lost = new CleanMark(dir, "c");
        assertThat(lost.begin()).isTrue();
        // Not cured yet: still so after another start.
        assertThat(new CleanMark(dir, "c").begin()).isTrue();
        lost.cured();
        assertThat(new CleanMark(dir, "c").begin()).isFalse();
    }

    @Test
    void shouldRememberAmnesiaThatNoRestartTells(@TempDir Path dir) throws IOException {
        CleanMark mark = new CleanMark(dir, "a");
        assertThat(mark.begin()).isFalse();
        mark.amnesiac(false);
        CleanMark next = new CleanMark(dir, "a");
        assertThat(next.begin()).isTrue();
        assertThat(next.isUncured()).isTrue();
        next.cured();
        assertThat(new CleanMark(dir, "a").begin()).isFalse();
    }
}
