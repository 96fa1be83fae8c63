package io.parablock.wal.segment;

import static io.parablock.wal.TestRecords.append;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parablock.wal.Durability;
import io.parablock.wal.RecordDescriptor;
import io.parablock.wal.TestRecords.Recorder;
import io.parablock.wal.Wal;
import io.parablock.wal.WalCorruptException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Reads of single records: what is in the file now, for whoever asks for that. */
class SegmentReaderTest {
    private static final int PAYLOAD_BYTES = 1000;
    private static final WalConfig TINY = new WalConfig(Path.of("."), 42, Durability.FSYNC, 1 << 20, 64 << 10, 0);

    @TempDir
    Path dir;

    private Wal open(Engine engine) {
        return engine.open(new WalConfig(
                dir,
                TINY.clusterId(),
                TINY.durability(),
                TINY.segmentBytes(),
                TINY.recordBytesMax(),
                TINY.reserveBytes()));
    }

    private void flip(long position) throws IOException {
        int id = RecordDescriptor.segmentId(position);
        for (Path file : files(dir)) {
            SegmentLayout layout = SegmentLayout.of(file);
            if (layout != null && file.endsWith(layout.fileName(id))) {
                flip(file, RecordDescriptor.offsetBytes(position) + RecordDescriptor.headerLength(0) + 5);
                return;
            }
        }
        throw new AssertionError("no file of segment " + id);
    }

    /** By their names: the log renames and removes some meanwhile, and {@link Files#walk} fails for each that goes. */
    private static List<Path> files(Path folder) {
        List<Path> found = new ArrayList<>();
        String[] names = folder.toFile().list();
        for (String name : names == null ? new String[0] : names) {
            found.add(folder.resolve(name));
            found.addAll(files(folder.resolve(name)));
        }
        return found;
    }

    private static void flip(Path file, long offset) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            ByteBuffer one = ByteBuffer.allocate(1);
            channel.read(one, offset);
            channel.write(ByteBuffer.wrap(new byte[] {(byte) ~one.get(0)}), offset);
            channel.force(false);
        }
    }

    /** Reading ahead is for catch-up; a scrub that reads the same records in each of its rounds must not be served from it. */
    @ParameterizedTest
    @EnumSource(Engine.class)
    void shouldSeeWhatBecameOfARecordThatItHasReadBefore(Engine engine) throws IOException {
        try (Wal wal = open(engine)) {
            long[] positions = new long[20];
            for (int slot = 0; slot < positions.length; slot++) {
                positions[slot] = append(wal, 1, slot, PAYLOAD_BYTES);
            }
            wal.submit();
            wal.force();
            Recorder recorder = new Recorder();
            for (long position : positions) {
                wal.read(position, recorder);
            }
            flip(positions[7]);
            wal.forgetReadAhead();
            for (int slot = 0; slot < positions.length; slot++) {
                long position = positions[slot];
                if (slot == 7) {
                    assertThatThrownBy(() -> wal.read(position, recorder)).isInstanceOf(WalCorruptException.class);
                } else {
                    wal.read(position, recorder);
                }
            }
            assertThat(recorder.slots(1)).hasSize(2 * positions.length - 1);
        }
    }
}
