package io.parablock.wal.direct;

import static io.parablock.wal.TestRecords.append;
import static io.parablock.wal.TestRecords.scan;
import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.wal.InMemoryFolder;
import io.parablock.wal.segment.FileOpener;
import io.parablock.wal.segment.SegmentFiles;
import io.parablock.wal.segment.SegmentLayout;
import io.parablock.wal.segment.StableStorage;
import io.parablock.wal.segment.WalConfig;
import java.lang.ref.WeakReference;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClosedLogTest {
    private static final int COLLECTIONS_MAX = 20;

    @TempDir(factory = InMemoryFolder.class)
    Path directory;

    /** Whoever opens a log's files may know the log, as a simulated node does. */
    private static final class Owner {
        @Nullable
        DirectWal wal;

        int opened;
    }

    /** A thread that has read in a log may outlive it, and hundreds of others: a simulation's does. */
    @Test
    void shouldNotBeKeptByAThreadThatHasReadInIt() throws InterruptedException {
        WeakReference<DirectWal> closed = readAndClose();
        for (int i = 0; i < COLLECTIONS_MAX && !closed.refersTo(null); i++) {
            System.gc();
            Thread.sleep(50);
        }
        assertThat(closed.refersTo(null)).isTrue();
    }

    private WeakReference<DirectWal> readAndClose() {
        WalConfig config = WalConfig.of(directory, 42)
                .withSegmentBytes(64 << 10)
                .withRecordBytesMax(32 << 10)
                .withReserveBytes(0);
        DirectConfig direct = new DirectConfig(4, 16 << 10);
        Owner owner = new Owner();
        ChannelIo channels = ChannelIo.probe(directory);
        FileOpener opener = (path, options) -> {
            owner.opened++;
            return FileChannel.open(path, options);
        };
        SegmentFiles files = SegmentFiles.of(
                SegmentLayout.WRITES, 4, c -> DirectWal.fileBytes(c, direct), StableStorage.FDATASYNC, opener);
        try (DirectWal wal = DirectWal.open(config, direct, token -> {}, files, channels)) {
            owner.wal = wal;
            scan(wal);
            long position = append(wal, 1, 1, 4096);
            wal.submit();
            int[] records = new int[1];
            wal.read(position, (at, record, payload) -> records[0]++);
            assertThat(records[0]).isEqualTo(1);
            assertThat(owner.opened).isPositive();
            assertThat(owner.wal).isSameAs(wal);
            return new WeakReference<>(wal);
        }
    }
}
