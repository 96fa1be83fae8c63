package io.parablock.wal.segment;

import static io.parablock.wal.TestRecords.append;
import static io.parablock.wal.TestRecords.scan;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parablock.wal.DamagedRecord;
import io.parablock.wal.RecordDescriptor;
import io.parablock.wal.TestJvm;
import io.parablock.wal.TestRecords.Recorder;
import io.parablock.wal.TestRecords.Seen;
import io.parablock.wal.Wal;
import io.parablock.wal.WalException;
import io.parablock.wal.WalRecord;
import io.parablock.wal.segment.LogInspection.Manifest;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class LogInspectionTest {
    private static final int CLUSTER_ID = 42;
    private static final int RECORDS = 150;
    private static final int PAYLOAD_BYTES = 1000;

    @TempDir
    Path directory;

    private static final class Found implements SegmentVisitor {
        final Recorder records = new Recorder();
        final List<ListedSegment> segments = new ArrayList<>();

        @Override
        public void onSegment(ListedSegment segment) {
            segments.add(segment);
        }

        @Override
        public void onRecord(long position, WalRecord record, ByteBuffer payload) {
            assertThat(RecordDescriptor.segmentId(position)).isEqualTo(current().id());
            records.onRecord(position, record, payload);
        }

        @Override
        public void onDamaged(long position, DamagedRecord what) {
            assertThat(RecordDescriptor.segmentId(position)).isEqualTo(current().id());
            records.onDamaged(position, what);
        }

        private ListedSegment current() {
            return segments.get(segments.size() - 1);
        }
    }

    private WalConfig config() {
        return WalConfig.of(directory, CLUSTER_ID)
                .withSegmentBytes(64 << 10)
                .withRecordBytesMax(32 << 10)
                .withReserveBytes(0);
    }

    /** Appends and closes; the positions by slot. */
    private List<Long> write(Engine engine, int count) {
        List<Long> positions = new ArrayList<>();
        try (Wal wal = engine.open(config())) {
            scan(wal);
            for (int slot = 0; slot < count; slot++) {
                positions.add(append(wal, 1, slot, PAYLOAD_BYTES));
                wal.submit();
            }
        }
        return positions;
    }

    /** Looks at the log, and makes sure that this left no trace. */
    private Found inspect() throws IOException {
        Map<String, String> before = everything();
        Found found = new Found();
        try (LogInspection inspection = LogInspection.open(directory)) {
            assertThat(inspection.clusterId()).isEqualTo(CLUSTER_ID);
            assertThat(inspection.isInUse()).isFalse();
            inspection.scan(found);
            assertThat(inspection.hasChanged()).isFalse();
        }
        assertThat(everything()).isEqualTo(before);
        return found;
    }

    /** Names, times and bytes of all that is in the folder. */
    private Map<String, String> everything() throws IOException {
        Map<String, String> all = new TreeMap<>();
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.toList()) {
                FileTime modified = Files.getLastModifiedTime(file);
                CRC32C crc = new CRC32C();
                if (Files.isRegularFile(file)) {
                    crc.update(Files.readAllBytes(file));
                }
                all.put(file.toString(), modified + " " + Files.size(file) + " " + crc.getValue());
            }
        }
        return all;
    }

    /** What a killed process leaves: no seals, so that only the records themselves say what was durable. */
    private void unseal() throws IOException {
        SegmentManifest manifest = SegmentManifest.load(directory, CLUSTER_ID);
        for (SegmentManifest.Entry entry : manifest.entries()) {
            manifest.seal(entry.segmentId(), SegmentManifest.UNSEALED);
        }
    }

    private Path fileOf(long position) throws IOException {
        return WalDirectory.listSegmentFiles(directory).get(RecordDescriptor.segmentId(position));
    }

    private void overwrite(long position, int relativeBytes, byte[] bytes) throws IOException {
        try (FileChannel channel = FileChannel.open(fileOf(position), StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(bytes), RecordDescriptor.offsetBytes(position) + relativeBytes);
        }
    }

    private static List<Long> slotsWithout(long... missing) {
        return LongStream.range(0, RECORDS)
                .filter(slot -> LongStream.of(missing).noneMatch(each -> each == slot))
                .boxed()
                .toList();
    }

    @ParameterizedTest
    @EnumSource
    void shouldShowWhatARecoveryWouldFind(Engine engine) throws IOException {
        List<Long> positions = write(engine, RECORDS);
        overwrite(positions.get(40), RecordDescriptor.DEP_OFFSET + 100, new byte[20]);
        overwrite(positions.get(41), RecordDescriptor.SLOT_OFFSET, new byte[] {-1});
        Found found = inspect();
        assertThat(found.records.slots(1)).isEqualTo(slotsWithout(40, 41));
        assertThat(found.records.damaged().stream().map(DamagedRecord::belowDurable))
                .containsExactly(true, true);
        List<Seen> shown = found.records.seen;
        try (Wal wal = engine.open(config())) {
            assertThat(scan(wal).seen).isEqualTo(shown);
        }
    }

    @ParameterizedTest
    @EnumSource
    void shouldTellOfEachSegment(Engine engine) throws IOException {
        List<Long> positions = write(engine, RECORDS);
        List<ListedSegment> segments = inspect().segments;
        assertThat(segments).hasSizeGreaterThan(2).allSatisfy(segment -> {
            assertThat(segment.file()).isRegularFile();
            assertThat(segment.layout())
                    .isEqualTo(engine == Engine.CHRONICLE ? SegmentLayout.QUEUE : SegmentLayout.WRITES);
            assertThat(segment.isSealed()).isTrue();
            assertThat(segment.durableBytes()).isEqualTo(segment.fileBytes());
        });
        unseal();
        ListedSegment last = inspect().segments.get(segments.size() - 1);
        long lastOffset = RecordDescriptor.offsetBytes(positions.get(RECORDS - 1));
        assertThat(last.isSealed()).isFalse();
        assertThat(last.durableBytes()).isPositive().isLessThanOrEqualTo(lastOffset);
    }

    @ParameterizedTest
    @EnumSource
    void shouldTellTornFromCorruptLikeARecovery(Engine engine) throws IOException {
        List<Long> positions = write(engine, RECORDS);
        unseal();
        overwrite(positions.get(5), RecordDescriptor.DEP_OFFSET, new byte[8]);
        overwrite(positions.get(RECORDS - 1), RecordDescriptor.DEP_OFFSET, new byte[8]);
        Found found = inspect();
        assertThat(found.records.slots(1)).isEqualTo(slotsWithout(5, RECORDS - 1));
        assertThat(found.records.damaged().stream().map(DamagedRecord::belowDurable))
                .containsExactly(true, false);
        assertThat(found.records.damaged().stream().map(DamagedRecord::slot)).containsExactly(5L, RECORDS - 1L);
        try (Wal wal = engine.open(config())) {
            assertThat(scan(wal).seen).isEqualTo(found.records.seen);
        }
    }

    @ParameterizedTest
    @EnumSource
    void shouldLeaveAloneWhatAnOpeningWouldCleanUp(Engine engine) throws IOException {
        List<Long> positions = write(engine, RECORDS);
        Path file = fileOf(positions.get(0));
        int id = 1000;
        Path unlisted = file.resolveSibling(SegmentLayout.require(file).fileName(id));
        Files.copy(file, unlisted);
        assertThat(inspect().segments).noneMatch(segment -> segment.id() == id);
        assertThat(unlisted).exists();
    }

    @ParameterizedTest
    @EnumSource
    void shouldListTheFilesWhenTheManifestIsLost(Engine engine) throws IOException {
        write(engine, RECORDS);
        Path manifest = directory.resolve(SegmentManifest.FILE_NAME);
        Files.write(manifest, "damaged".getBytes(US_ASCII));
        assertThat(manifest()).isEqualTo(Manifest.UNREADABLE);
        assertThat(inspect().records.slots(1)).isEqualTo(slotsWithout());
        Files.delete(manifest);
        assertThat(manifest()).isEqualTo(Manifest.MISSING);
        Found found = inspect();
        assertThat(found.records.slots(1)).isEqualTo(slotsWithout());
        assertThat(found.records.damaged()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void shouldReportSegmentsThatNothingTellsTheNonceOf(Engine engine) throws IOException {
        List<Long> positions = write(engine, 3);
        Files.delete(directory.resolve(SegmentManifest.FILE_NAME));
        Path file = fileOf(positions.get(0));
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.allocate((int) RecordDescriptor.offsetBytes(positions.get(0))), 0);
        }
        Found found = new Found();
        try (LogInspection inspection = LogInspection.open(directory)) {
            assertThat(inspection.clusterId()).isZero();
            inspection.scan(found);
        }
        assertThat(found.records.slots(1)).isEmpty();
        assertThat(found.records.damaged()).hasSize(1);
        assertThat(found.records.damaged().get(0).reason()).contains("nonce");
    }

    private Manifest manifest() {
        try (LogInspection inspection = LogInspection.open(directory)) {
            return inspection.manifest();
        }
    }

    @ParameterizedTest
    @EnumSource
    void shouldReportMissingAndShortFiles(Engine engine) throws IOException {
        List<Long> positions = write(engine, RECORDS);
        unseal();
        ListedSegment last = inspect().segments.stream().reduce((a, b) -> b).orElseThrow();
        Files.delete(fileOf(positions.get(0)));
        try (FileChannel channel = FileChannel.open(fileOf(positions.get(RECORDS - 1)), StandardOpenOption.WRITE)) {
            channel.truncate(last.fileBytes() - 4096);
        }
        Found found = inspect();
        assertThat(found.segments.get(0).file()).isNull();
        assertThat(found.records.damaged()).hasSize(2);
        assertThat(found.records.damaged().get(0).reason()).contains("is missing");
        assertThat(found.records.damaged().get(1).reason()).contains("bytes of " + last.fileBytes());
        assertThat(found.records.damaged().get(1).belowDurable()).isFalse();
    }

    @ParameterizedTest
    @EnumSource
    void shouldReadRecordsLargerThanItsWindow(Engine engine) throws IOException {
        int largest = WalConfig.RECORD_BYTES_MAX_LIMIT - RecordDescriptor.HEADER_LENGTH_MAX;
        WalConfig large = config().withRecordBytesMax(WalConfig.RECORD_BYTES_MAX_LIMIT);
        try (Wal wal = engine.open(large)) {
            append(wal, 1, 0, 100);
            append(wal, 1, 1, largest);
            append(wal, 1, 2, 100);
            wal.submit();
        }
        Found found = inspect();
        assertThat(found.records.slots(1)).containsExactly(0L, 1L, 2L);
        assertThat(found.records.damaged()).isEmpty();
    }

    @Test
    void shouldSeeThatAnotherProcessHasTheLogOpen() throws Exception {
        write(Engine.DIRECT, 3);
        try (LogInspection inspection = LogInspection.open(directory)) {
            assertThat(inspection.isInUse()).isFalse();
            Process owner = startOwner();
            try (BufferedReader out = new BufferedReader(new InputStreamReader(owner.getInputStream(), UTF_8))) {
                assertThat(out.readLine()).isEqualTo("open");
                assertThat(inspection.isInUse()).isTrue();
                assertThat(inspection.hasChanged()).isTrue();
                // To have asked takes nothing away from the owner.
                assertThat(inspection.isInUse()).isTrue();
                Found found = new Found();
                try (LogInspection beside = LogInspection.open(directory)) {
                    beside.scan(found);
                }
                assertThat(found.records.slots(1)).containsExactly(0L, 1L, 2L, 3L);
                assertThat(found.records.damaged()).isEmpty();
            } finally {
                owner.destroyForcibly().waitFor();
            }
            assertThat(inspection.isInUse()).isFalse();
        }
        assertThat(inspect().records.slots(1)).containsExactly(0L, 1L, 2L, 3L);
    }

    private Process startOwner() throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(TestJvm.flags());
        command.addAll(List.of(
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                Owner.class.getName(),
                directory.toString()));
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    /** A process that opens the log, appends one record and waits to be killed. */
    static final class Owner {
        private Owner() {}

        public static void main(String[] args) throws InterruptedException {
            Wal wal = Engine.DIRECT.open(WalConfig.of(Path.of(args[0]), CLUSTER_ID)
                    .withSegmentBytes(64 << 10)
                    .withRecordBytesMax(32 << 10)
                    .withReserveBytes(0));
            scan(wal);
            append(wal, 1, 3, PAYLOAD_BYTES);
            wal.submit();
            System.out.println("open");
            Thread.sleep(Long.MAX_VALUE);
        }
    }

    @ParameterizedTest
    @EnumSource
    void shouldShowWhatWasDeletedWhileItLooked(Engine engine) throws IOException {
        write(engine, RECORDS);
        Found found = new Found();
        try (LogInspection inspection = LogInspection.open(directory)) {
            try (Wal wal = engine.open(config())) {
                scan(wal);
                wal.truncate(1, RECORDS);
            }
            assertThat(inspection.hasChanged()).isTrue();
            inspection.scan(found);
        }
        assertThat(found.records.slots(1)).isEqualTo(slotsWithout());
        assertThat(found.records.damaged()).isEmpty();
    }

    @Test
    void shouldFindNoLogAndRefuseWhatIsNone() throws IOException {
        assertThat(LogInspection.isLog(directory)).isFalse();
        assertThat(LogInspection.isLog(directory.resolve("nowhere"))).isFalse();
        write(Engine.CHRONICLE, 1);
        assertThat(LogInspection.isLog(directory)).isTrue();
        Files.delete(directory.resolve(SegmentManifest.FILE_NAME));
        Path run = Files.createDirectories(directory.resolve("run-of-luck"));
        Files.createFile(run.resolve("0000000077.wal"));
        assertThatThrownBy(() -> LogInspection.open(directory))
                .isInstanceOf(WalException.class)
                .hasMessageContaining("cannot read the log");
    }
}
