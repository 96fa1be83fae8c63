package io.parablock.wal.chronicle;

import static io.parablock.wal.TestRecords.append;
import static io.parablock.wal.TestRecords.scan;
import static io.parablock.wal.TestRecords.slotsWithout;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parablock.wal.DamagedRecord;
import io.parablock.wal.Durability;
import io.parablock.wal.RecordDescriptor;
import io.parablock.wal.TestRecords.Recorder;
import io.parablock.wal.UnsupportedFormatException;
import io.parablock.wal.WalCorruptException;
import io.parablock.wal.WalException;
import io.parablock.wal.WalFailedException;
import io.parablock.wal.WalFullException;
import io.parablock.wal.WalRecord;
import io.parablock.wal.segment.SegmentLayout;
import io.parablock.wal.segment.SegmentManifest;
import io.parablock.wal.segment.StableStorage;
import io.parablock.wal.segment.WalConfig;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** One test for each thing that the queue by itself would get wrong. */
class ChronicleWalPrecautionsTest {
    private static final int RECORD_BYTES_MAX = 32 << 10;

    @TempDir
    Path directory;

    private final List<Long> durable = new ArrayList<>();

    private WalConfig config() {
        return WalConfig.of(directory, 42)
                .withSegmentBytes(64 << 10)
                .withRecordBytesMax(RECORD_BYTES_MAX)
                .withReserveBytes(0);
    }

    private ChronicleWal open() {
        return ChronicleWal.open(config(), durable::add);
    }

    /** Appends and closes; the positions by slot. */
    private List<Long> write(int count, int length) {
        List<Long> positions = new ArrayList<>();
        try (ChronicleWal wal = open()) {
            scan(wal);
            for (int slot = 0; slot < count; slot++) {
                positions.add(append(wal, 1, slot, length));
                wal.submit();
            }
        }
        return positions;
    }

    private Recorder rescan() {
        try (ChronicleWal wal = open()) {
            return scan(wal);
        }
    }

    /** What a killed process leaves: no seals, so that only the records themselves say what was durable. */
    private void unseal() throws IOException {
        SegmentManifest manifest = SegmentManifest.load(directory, 42);
        for (SegmentManifest.Entry entry : manifest.entries()) {
            manifest.seal(entry.segmentId(), SegmentManifest.UNSEALED);
        }
    }

    /** Bytes that this process has made dirty in the page cache. */
    private static long dirtiedBytes() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/io"))) {
            if (line.startsWith("write_bytes: ")) {
                return Long.parseLong(line.substring("write_bytes: ".length()));
            }
        }
        throw new IOException("no write_bytes in /proc/self/io");
    }

    private Path fileOf(long position) throws IOException {
        List<Path> files = segmentFiles();
        files.removeIf(file -> SegmentLayout.QUEUE.segmentIdOf(file) != RecordDescriptor.segmentId(position));
        return files.get(0);
    }

    /** Also while a log is open: nothing is looked at that its worker may be replacing. */
    private List<Path> segmentFiles() throws IOException {
        try (Stream<Path> children = Files.list(directory)) {
            return children.filter(child -> child.getFileName().toString().startsWith("run-"))
                    .flatMap(run -> Stream.of(run.toFile().list()).map(run::resolve))
                    .filter(file -> SegmentLayout.of(file) == SegmentLayout.QUEUE)
                    .sorted()
                    .collect(Collectors.toList());
        }
    }

    private void overwrite(long position, int relativeBytes, byte[] bytes) throws IOException {
        try (FileChannel channel = FileChannel.open(fileOf(position), StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(bytes), RecordDescriptor.offsetBytes(position) + relativeBytes);
        }
    }

    private void flip(long position, int relativeBytes) throws IOException {
        long offset = RecordDescriptor.offsetBytes(position) + relativeBytes;
        try (RandomAccessFile file = new RandomAccessFile(fileOf(position).toFile(), "rw")) {
            file.seek(offset);
            int one = file.read();
            file.seek(offset);
            file.write(one ^ 0x40);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"FSYNC", "MAPPED"})
    void shouldReportDamagedPayloadByIdentity(Durability durability) throws IOException {
        long damaged;
        try (ChronicleWal wal = ChronicleWal.open(config().withDurability(durability), durable::add)) {
            append(wal, 1, 0, 1000);
            damaged = append(wal, 1, 1, 1000);
            append(wal, 1, 2, 1000);
            wal.submit();
            flip(damaged, RecordDescriptor.DEP_OFFSET + 500);
            assertThatThrownBy(() -> wal.read(damaged, new Recorder())).isInstanceOf(WalCorruptException.class);
        }
        Recorder recorder = rescan();
        assertThat(recorder.slots(1)).containsExactly(0L, 2L);
        assertThat(recorder.damaged()).containsExactly(new DamagedRecord(true, 1, 1, 7, true, 1, "payload CRC"));
    }

    @Test
    void shouldForceLittleMoreThanWasAppended() throws Exception {
        int records = 200;
        int recordBytes = 4096;
        try (ChronicleWal wal = ChronicleWal.open(config().withSegmentBytes(16 << 20), durable::add)) {
            scan(wal);
            // The next segment is being filled with zeros meanwhile.
            wal.drain();
            long before = dirtiedBytes();
            for (int slot = 0; slot < records; slot++) {
                append(wal, 1, slot, recordBytes);
                wal.submit();
            }
            // Two pages of the record, one of the queue's index, and one more for what else this process does.
            assertThat((dirtiedBytes() - before) / records).isLessThan(4L * 4096);
        }
    }

    @Test
    void shouldReportDamagedHeaderAsGap() throws IOException {
        List<Long> positions = write(5, 1000);
        for (int at : new int[] {RecordDescriptor.MAGIC_OFFSET, RecordDescriptor.SLOT_OFFSET}) {
            flip(positions.get(2), at);
            Recorder recorder = rescan();
            assertThat(recorder.slots(1)).isEqualTo(slotsWithout(5, 2));
            assertThat(recorder.damaged()).hasSize(1);
            assertThat(recorder.damaged().get(0).identified()).isFalse();
            assertThat(recorder.damaged().get(0).recordCount()).isEqualTo(1);
            assertThat(recorder.damaged().get(0).belowDurable()).isTrue();
            flip(positions.get(2), at);
        }
    }

    @Test
    void shouldReadPastZeroedLengthWord() throws IOException {
        List<Long> positions = write(5, 1000);
        overwrite(positions.get(2), -4, new byte[4]);
        Recorder recorder = rescan();
        assertThat(recorder.slots(1)).isEqualTo(slotsWithout(5));
        assertThat(recorder.damaged()).isEmpty();
    }

    @Test
    void shouldReportZeroedPagesAndGiveWhatFollows() throws IOException {
        List<Long> positions = write(20, 1000);
        long from = positions.get(5);
        overwrite(from, -4, new byte[(int) (positions.get(9) - from)]);
        Recorder recorder = rescan();
        assertThat(recorder.slots(1)).isEqualTo(slotsWithout(20, 5, 6, 7, 8));
        assertThat(recorder.damaged()).hasSize(1);
        assertThat(recorder.damaged().get(0).recordCount()).isEqualTo(4);
    }

    @Test
    void shouldReportZeroedEndOfSealedSegment() throws IOException {
        List<Long> positions = write(5, 1000);
        overwrite(positions.get(3), -4, new byte[4096]);
        Recorder recorder = rescan();
        assertThat(recorder.slots(1)).containsExactly(0L, 1L, 2L);
        assertThat(recorder.damaged()).hasSize(1);
        assertThat(recorder.damaged().get(0).recordCount()).isEqualTo(2);
        assertThat(recorder.damaged().get(0).belowDurable()).isTrue();
    }

    @Test
    void shouldReportMissingSegmentFile() throws IOException {
        List<Long> positions = write(200, 1000);
        Files.delete(fileOf(positions.get(100)));
        Recorder recorder = rescan();
        assertThat(recorder.slots(1)).contains(0L, 199L).doesNotContain(100L);
        assertThat(recorder.damaged()).hasSize(1);
        assertThat(recorder.damaged().get(0).belowDurable()).isTrue();
    }

    @Test
    void shouldTellTornFromCorruptAfterKill() throws IOException {
        List<Long> positions = write(5, 1000);
        unseal();
        // The last record was never known durable by a later header; the first was.
        flip(positions.get(4), RecordDescriptor.DEP_OFFSET + 10);
        flip(positions.get(0), RecordDescriptor.DEP_OFFSET + 10);
        Recorder recorder = rescan();
        assertThat(recorder.slots(1)).isEqualTo(slotsWithout(5, 0, 4));
        assertThat(recorder.damaged().stream().map(DamagedRecord::belowDurable).toList())
                .containsExactly(true, false);
    }

    @Test
    void shouldReportTornLastHeaderAndForgiveBlankOne() throws IOException {
        List<Long> positions = write(5, 1000);
        unseal();
        flip(positions.get(4), RecordDescriptor.SLOT_OFFSET);
        Recorder torn = rescan();
        assertThat(torn.slots(1)).isEqualTo(slotsWithout(5, 4));
        assertThat(torn.damaged()).hasSize(1);
        assertThat(torn.damaged().get(0).belowDurable()).isFalse();
        overwrite(positions.get(4), 0, new byte[1200]);
        Recorder blank = rescan();
        assertThat(blank.slots(1)).isEqualTo(slotsWithout(5, 4));
        assertThat(blank.damaged()).isEmpty();
    }

    /** A sector that holds only dep words never reached the disk; a later record did. */
    @Test
    void shouldTellAHeaderWithUnwrittenDepWordsTorn() throws IOException {
        long[] dep = new long[WalRecord.DEP_WORDS_MAX];
        Arrays.fill(dep, -1);
        long torn;
        try (ChronicleWal wal = open()) {
            append(wal, 1, 0, 1000);
            wal.submit();
            torn = append(wal, 1, 1, 1000, dep);
            append(wal, 1, 2, 1000);
            wal.submit();
        }
        unseal();
        long end = RecordDescriptor.offsetBytes(torn) + RecordDescriptor.HEADER_LENGTH_MAX;
        long sector = (end - 1) / 512 * 512;
        overwrite(torn, (int) (sector - RecordDescriptor.offsetBytes(torn)), new byte[512]);
        Recorder recorder = rescan();
        assertThat(recorder.slots(1)).isEqualTo(slotsWithout(3, 1));
        assertThat(recorder.damaged()).hasSize(1).allMatch(DamagedRecord::torn);
    }

    @Test
    void shouldRecordDurabilityInIdleMarkerOnce() throws IOException {
        long last;
        try (ChronicleWal wal = open()) {
            append(wal, 1, 0, 1000);
            last = append(wal, 1, 1, 1000);
            wal.submit();
            wal.submit();
            wal.submit();
            long next = append(wal, 1, 2, 1000);
            assertThat(next - last).isBetween(1000L, 1500L);
            wal.submit();
        }
        unseal();
        flip(last, RecordDescriptor.DEP_OFFSET);
        assertThat(rescan().damaged().get(0).belowDurable()).isTrue();
    }

    @Test
    void shouldNotTakePayloadForRecord() throws IOException {
        List<Long> positions = write(3, 1000);
        byte[] file = Files.readAllBytes(fileOf(positions.get(0)));
        int start = (int) RecordDescriptor.offsetBytes(positions.get(0));
        byte[] record = Arrays.copyOfRange(file, start, start + 1112);
        // A stale record in the place of another one, as a misdirected write would leave it.
        overwrite(positions.get(1), 0, record);
        Recorder recorder = rescan();
        assertThat(recorder.slots(1)).containsExactly(0L, 2L);
        assertThat(recorder.damaged()).hasSize(1);
    }

    @Test
    void shouldNeverTouchEarlierRunAgain() throws IOException {
        write(150, 1000);
        Map<Path, byte[]> before = new HashMap<>();
        for (Path file : segmentFiles()) {
            before.put(file, Files.readAllBytes(file));
        }
        try (ChronicleWal wal = open()) {
            scan(wal);
            long position = append(wal, 1, 150, 1000);
            wal.submit();
            assertThat(before).doesNotContainKey(fileOf(position));
        }
        for (Map.Entry<Path, byte[]> each : before.entrySet()) {
            assertThat(Files.readAllBytes(each.getKey())).isEqualTo(each.getValue());
        }
    }

    @Test
    void shouldDeleteFilesAtTruncation() throws IOException {
        try (ChronicleWal wal = open()) {
            for (int slot = 0; slot < 300; slot++) {
                append(wal, 1, slot, 1000);
            }
            wal.submit();
            wal.drain();
            assertThat(segmentFiles()).hasSizeGreaterThanOrEqualTo(5);
            wal.truncate(1, 299);
            wal.drain();
            // The current one and the one prepared ahead.
            assertThat(segmentFiles()).hasSize(2);
        }
        assertThat(segmentFiles()).hasSize(1);
        assertThat(rescan().damaged()).isEmpty();
    }

    @Test
    void shouldDeleteRunFolderWithItsLastSegment() throws IOException {
        write(10, 1000);
        try (ChronicleWal wal = open()) {
            scan(wal);
            wal.truncate(1, 9);
        }
        rescan();
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files.map(file -> file.getFileName().toString()).filter(name -> name.startsWith("run-")))
                    .hasSizeLessThanOrEqualTo(1);
        }
    }

    @Test
    void shouldRecoverWithoutManifest() throws IOException {
        write(150, 1000);
        Files.write(directory.resolve(SegmentManifest.FILE_NAME), "damaged".getBytes(US_ASCII));
        Recorder recorder = rescan();
        assertThat(recorder.slots(1)).isEqualTo(slotsWithout(150));
        assertThat(recorder.damaged()).isEmpty();
    }

    @Test
    void shouldFailForGoodAfterFailedForce() {
        AtomicBoolean broken = new AtomicBoolean();
        ChronicleWal wal = ChronicleWal.open(config(), durable::add, channel -> {
            if (broken.get()) {
                throw new IOException("Input/output error");
            }
            channel.force(false);
        });
        try (wal) {
            append(wal, 1, 0, 1000);
            wal.submit();
            append(wal, 1, 1, 1000);
            broken.set(true);
            assertThatThrownBy(wal::submit).isInstanceOf(WalFailedException.class);
            broken.set(false);
            assertThatThrownBy(wal::submit).isInstanceOf(WalFailedException.class);
            assertThatThrownBy(wal::force).isInstanceOf(WalFailedException.class);
            assertThatThrownBy(() -> append(wal, 1, 2, 1000)).isInstanceOf(WalFailedException.class);
        }
        assertThat(durable).containsExactly(0L);
    }

    @Test
    void shouldFailForGoodAfterFailedForceInBackground() {
        AtomicBoolean broken = new AtomicBoolean();
        WalConfig mapped = config().withDurability(Durability.MAPPED);
        try (ChronicleWal wal = ChronicleWal.open(mapped, durable::add, channel -> {
            if (broken.get()) {
                throw new IOException("Input/output error");
            }
            channel.force(false);
        })) {
            broken.set(true);
            assertThatThrownBy(() -> {
                        for (int slot = 0; slot < 100; slot++) {
                            append(wal, 1, slot, 1000);
                        }
                        wal.submit();
                        wal.drain();
                        wal.submit();
                    })
                    .isInstanceOf(WalFailedException.class);
        }
    }

    @Test
    void shouldForceEachBatchOnceAndMappedOnlyOnDemand() {
        AtomicInteger forces = new AtomicInteger();
        StableStorage counting = channel -> {
            forces.incrementAndGet();
            channel.force(false);
        };
        try (ChronicleWal wal = ChronicleWal.open(config(), durable::add, counting)) {
            for (int slot = 0; slot < 16; slot++) {
                append(wal, 1, slot, 1000);
            }
            wal.submit();
            assertThat(forces.get()).isEqualTo(1);
            wal.force();
            assertThat(forces.get()).isEqualTo(1);
        }
        forces.set(0);
        WalConfig mapped = config().withDurability(Durability.MAPPED);
        try (ChronicleWal wal = ChronicleWal.open(mapped, durable::add, counting)) {
            append(wal, 1, 16, 1000);
            wal.submit();
            assertThat(durable).contains(16L);
            assertThat(forces.get()).isZero();
            wal.force();
            assertThat(forces.get()).isEqualTo(1);
        }
    }

    @Test
    void shouldRefuseBeforeTheDiskIsFullAndRecover() throws IOException {
        write(10, 1000);
        long usable = Files.getFileStore(directory).getUsableSpace();
        try (ChronicleWal wal = ChronicleWal.open(config().withReserveBytes(usable * 2), durable::add)) {
            assertThat(scan(wal).slots(1)).hasSize(10);
            assertThatThrownBy(() -> append(wal, 1, 10, 1000)).isInstanceOf(WalFullException.class);
            assertThatThrownBy(() -> append(wal, 1, 10, 1000)).isInstanceOf(WalFullException.class);
            wal.truncate(1, 9);
        }
        write(10, 1000);
    }

    @Test
    void shouldWriteZerosAheadAndStayInThem() throws IOException {
        write(200, 30_000);
        for (Path file : segmentFiles()) {
            byte[] bytes = Files.readAllBytes(file);
            long zerosBytes = SegmentEngine.fileBytes(config());
            for (int at = (int) zerosBytes; at < bytes.length; at++) {
                assertThat(bytes[at]).isZero();
            }
        }
    }

    @Test
    void shouldRefuseSecondOpeningAndOtherCluster() {
        try (ChronicleWal wal = open()) {
            assertThat(wal.engine()).isEqualTo("chronicle");
            assertThatThrownBy(this::open).isInstanceOf(WalException.class).hasMessageContaining("in use");
        }
        assertThatThrownBy(() -> ChronicleWal.open(WalConfig.of(directory, 43), durable::add))
                .isInstanceOf(UnsupportedFormatException.class)
                .hasMessageContaining("belongs to cluster 42");
        open().close();
    }

    @Test
    void shouldReadAfterInterruptedReader() throws Exception {
        try (ChronicleWal wal = open()) {
            long position = append(wal, 1, 0, 1000);
            wal.submit();
            Thread reader = new Thread(() -> {
                Thread.currentThread().interrupt();
                assertThatThrownBy(() -> wal.read(position, new Recorder())).isInstanceOf(WalException.class);
            });
            reader.start();
            reader.join();
            Recorder recorder = new Recorder();
            wal.read(position, recorder);
            assertThat(recorder.slots(1)).containsExactly(0L);
            append(wal, 1, 1, 1000);
            wal.submit();
        }
    }
}
