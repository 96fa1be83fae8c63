package io.parablock.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.raft.log.Entry;
import io.parablock.raft.log.EntryKind;
import io.parablock.wal.MemoryWal;
import io.parablock.wal.Wal;
import io.parablock.wal.WalRecord;
import io.parablock.wal.WalVisitor;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class InlineWalStageTest {
    /** Counts the submits of a log with nothing queued: each writes a marker. */
    private static final class CountingWal implements Wal {
        private final Wal to = new MemoryWal(token -> {});
        private boolean queued;
        private int idleSubmits;

        @Override
        public long append(WalRecord record, ByteBuffer payload, long token) {
            queued = true;
            return to.append(record, payload, token);
        }

        @Override
        public void submit() {
            idleSubmits += queued ? 0 : 1;
            queued = false;
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

    private final CountingWal wal = new CountingWal();
    private final InlineWalStage stage = new InlineWalStage(wal);

    private void write(long slot) {
        stage.append(1, new Entry(slot, 1, EntryKind.TRIM, 0, 4096, 1, slot, 1, 0, 0, new long[0]), null, slot);
        stage.submit();
    }

    @Test
    void shouldLetAnIdleLogWriteItsMarkerOnce() {
        write(1);
        stage.tick();
        assertThat(wal.idleSubmits).isZero();
        stage.tick();
        assertThat(wal.idleSubmits).isEqualTo(1);
        stage.tick();
        stage.tick();
        assertThat(wal.idleSubmits).isEqualTo(1);
    }

    @Test
    void shouldNotWriteMarkersBetweenWrites() {
        for (int slot = 1; slot <= 10; slot++) {
            write(slot);
            stage.tick();
        }
        assertThat(wal.idleSubmits).isZero();
    }
}
