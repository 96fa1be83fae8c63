package io.parablock.wal.segment;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import io.parablock.wal.TestRecords;
import io.parablock.wal.TestRecords.Recorder;
import io.parablock.wal.TestRecords.Seen;
import io.parablock.wal.chronicle.ChronicleWal;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whatever a segment's bytes turn into: the scan ends, shows only what was once appended and where, and where the segment
 * was sealed it accounts for every record that is gone. Fuzzed with {@code JAZZER_FUZZ=1}; otherwise the kept inputs are run.
 */
class RecoveryScanFuzzTest {
    private static final int CLUSTER_ID = 42;
    private static final int RECORD_BYTES_MAX = 8 << 10;
    private static final int RECORDS = 12;
    private static final int CHANGES_MAX = 8;

    @TempDir
    static Path directory;

    private static byte[] original = {};
    private static SegmentManifest.Entry listed = new SegmentManifest.Entry(0, 0, 1, 0, 0, SegmentManifest.MANY);
    private static final Map<Long, Long> slotByPosition = new HashMap<>();
    private static FileChannel file;
    private static Path path;

    @BeforeAll
    static void writeSegment() throws IOException {
        WalConfig config = WalConfig.of(directory, CLUSTER_ID)
                .withSegmentBytes(64 << 10)
                .withRecordBytesMax(RECORD_BYTES_MAX)
                .withReserveBytes(0);
        slotByPosition.clear();
        try (ChronicleWal wal = ChronicleWal.open(config, token -> {})) {
            TestRecords.scan(wal);
            for (int slot = 0; slot < RECORDS; slot++) {
                long position = TestRecords.append(wal, 1, slot, slot % 3 == 0 ? 4096 : 512 * slot, slot);
                slotByPosition.put(position, (long) slot);
                wal.submit();
            }
        }
        SegmentManifest manifest = SegmentManifest.load(directory, CLUSTER_ID);
        listed = manifest.entries().iterator().next();
        assertThat(listed.recordCount()).isGreaterThan(RECORDS);
        try (Stream<Path> files = Files.walk(directory)) {
            path = files.filter(f -> SegmentLayout.of(f) != null).findFirst().orElseThrow();
        }
        file = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
        original = Files.readAllBytes(path);
    }

    @AfterAll
    static void close() throws IOException {
        file.close();
    }

    @FuzzTest(maxDuration = "10m")
    void scan(FuzzedDataProvider fuzz) throws IOException {
        boolean sealed = fuzz.consumeBoolean();
        byte[] bytes = original.clone();
        int changes = fuzz.consumeInt(1, CHANGES_MAX);
        for (int i = 0; i < changes; i++) {
            change(fuzz, bytes);
        }
        file.write(ByteBuffer.wrap(bytes), 0);
        SegmentManifest.Entry entry = new SegmentManifest.Entry(
                listed.segmentId(),
                listed.runId(),
                listed.nonce(),
                sealed ? listed.recordCount() : SegmentManifest.UNSEALED,
                listed.fileBytes(),
                listed.writesInFlightMax());
        Recorder seen = new Recorder();
        boolean sound;
        try (Segment segment = Segment.openListed(directory, entry)) {
            sound = new SegmentScanner(CLUSTER_ID, RECORD_BYTES_MAX).scan(segment, seen);
        }
        for (Seen each : seen.seen) {
            if (each.record() != null) {
                assertThat(slotByPosition)
                        .containsEntry(each.position(), each.record().slot());
            }
        }
        assertThat(seen.slots(1)).isSorted().doesNotHaveDuplicates();
        assertThat(sound).isEqualTo(seen.damaged().isEmpty());
        if (sealed && seen.slots(1).size() < RECORDS) {
            assertThat(seen.damaged()).isNotEmpty();
        }
    }

    /** Overwrites, copies within the segment (misdirected), or blanks (lost). */
    private static void change(FuzzedDataProvider fuzz, byte[] bytes) {
        int at = fuzz.consumeInt(0, bytes.length - 1);
        switch (fuzz.consumeInt(0, 2)) {
            case 0 -> {
                byte[] with = fuzz.consumeBytes(256);
                System.arraycopy(with, 0, bytes, at, Math.min(with.length, bytes.length - at));
            }
            case 1 -> {
                int from = fuzz.consumeInt(0, bytes.length - 1);
                int length = fuzz.consumeInt(1, RECORD_BYTES_MAX);
                System.arraycopy(bytes.clone(), from, bytes, at, Math.min(length, bytes.length - Math.max(at, from)));
            }
            default -> {
                int end = Math.min(bytes.length, at + fuzz.consumeInt(1, RECORD_BYTES_MAX));
                Arrays.fill(bytes, at, end, (byte) 0);
            }
        }
    }
}
