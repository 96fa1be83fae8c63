package io.parablock.wal.segment;

import static io.parablock.wal.TestRecords.append;
import static io.parablock.wal.TestRecords.scan;
import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.wal.InMemoryFolder;
import io.parablock.wal.TestRecords.Recorder;
import io.parablock.wal.Wal;
import io.parablock.wal.WalVisitor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScanProgressTest {
    @TempDir(factory = InMemoryFolder.class)
    Path directory;

    private long nowNs;
    private final List<String> lines = new ArrayList<>();

    @Test
    void shouldSayALineNowAndThenAndOneAtTheEnd() {
        ScanProgress progress = new ScanProgress(() -> nowNs, lines::add);
        progress.begin(300_000_000);
        progress.beginSegment(100_000_000);
        progress.reached(50_000_000);
        assertThat(lines).isEmpty();
        progress.beginSegment(200_000_000);
        nowNs = ScanProgress.INTERVAL_MS * 1_000_000;
        progress.reached(50_000_000);
        progress.reached(60_000_000);
        assertThat(lines).containsExactly("recovery scan: 150 of 300 MB, 75 MB/s");
        nowNs *= 2;
        progress.end(2);
        assertThat(lines)
                .hasSize(2)
                .last()
                .isEqualTo("recovery scan: read 300 MB in 4.0 s, 75 MB/s: 2 segments, 0 records, 0 damages");
    }

    /** What is announced is what is read: segments that nobody vouches for are read twice. */
    @ParameterizedTest
    @CsvSource({"CHRONICLE,true", "CHRONICLE,false", "DIRECT,true", "DIRECT,false"})
    void shouldComeToItsTotal(Engine engine, boolean sealed) throws IOException {
        WalConfig config = WalConfig.of(directory, 42)
                .withSegmentBytes(64 << 10)
                .withRecordBytesMax(32 << 10)
                .withReserveBytes(0);
        try (Wal wal = engine.open(config)) {
            scan(wal);
            for (int slot = 0; slot < 100; slot++) {
                append(wal, 1, slot, 4096);
                wal.submit();
            }
        }
        SegmentManifest manifest = SegmentManifest.load(directory, 42);
        long bytes = 0;
        Map<Integer, Segment> segments = new TreeMap<>();
        for (SegmentManifest.Entry entry : manifest.entries()) {
            if (!sealed) {
                manifest.seal(entry.segmentId(), SegmentManifest.UNSEALED);
            }
        }
        for (SegmentManifest.Entry entry : manifest.entries()) {
            segments.put(entry.segmentId(), Segment.openListed(directory, entry));
            bytes += entry.fileBytes() * (sealed ? 1 : 2);
        }
        assertThat(segments).hasSizeGreaterThan(3);
        nowNs = 1;
        ScanProgress progress = new ScanProgress(() -> nowNs, lines::add);
        Recorder found = new Recorder();
        WalVisitor counting = progress.counting(found);
        LogScan scan = new LogScan(42, 32 << 10, segments.keySet(), segments, progress);
        nowNs += ScanProgress.INTERVAL_MS * 1_000_000;
        for (int id : segments.keySet()) {
            scan.visit(id, counting);
        }
        progress.end(segments.size());
        segments.values().forEach(Segment::close);
        assertThat(lines.get(0)).contains(" of " + Math.round(bytes / 1e6) + " MB");
        assertThat(lines.get(lines.size() - 1))
                .contains("read " + Math.round(bytes / 1e6) + " MB")
                .endsWith(segments.size() + " segments, 100 records, 0 damages");
    }
}
