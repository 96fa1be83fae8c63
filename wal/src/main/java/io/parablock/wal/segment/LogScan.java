package io.parablock.wal.segment;

import io.parablock.wal.DamagedRecord;
import io.parablock.wal.RecordDescriptor;
import io.parablock.wal.WalVisitor;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One look at the segments that a log has on disk, with what each run tells of its durability (protocol.md §12). Changes
 * nothing on disk. One thread.
 */
final class LogScan {
    private final SegmentScanner scanner;
    private final Map<Integer, Segment> segments;
    private final Map<Integer, Long> durableByRun;

    /**
     * Reads the headers of runs with unfinished segments.
     *
     * @param ids the segments to look at, whether their files are there or not
     * @param segments those whose files are there
     */
    LogScan(
            long clusterId,
            int recordBytesMax,
            Collection<Integer> ids,
            Map<Integer, Segment> segments,
            ScanProgress progress) {
        this.scanner = new SegmentScanner(clusterId, recordBytesMax, progress);
        this.segments = segments;
        List<Segment> present = new ArrayList<>();
        for (int id : ids) {
            Segment segment = segments.get(id);
            if (segment != null) {
                present.add(segment);
            }
        }
        progress.begin(bytesToRead(present));
        this.durableByRun = durableByRun(present);
    }

    /** The headers of runs that were never finished are read once more. */
    private static long bytesToRead(List<Segment> present) {
        long bytes = 0;
        Set<Integer> unfinishedRuns = new HashSet<>();
        for (Segment segment : present) {
            if (segment.sealedRecordCount == SegmentManifest.UNSEALED) {
                unfinishedRuns.add(segment.runId);
            }
            bytes += segment.fileBytes * (unfinishedRuns.contains(segment.runId) ? 2 : 1);
        }
        return bytes;
    }

    /**
     * What the headers of a run tell of its durability, from its first unfinished segment on. A run knows nothing of the
     * runs before it: what these left torn stays torn, however much was made durable since.
     */
    private Map<Integer, Long> durableByRun(List<Segment> present) {
        Map<Integer, Long> durable = new HashMap<>();
        for (Segment segment : present) {
            boolean unfinished = segment.sealedRecordCount == SegmentManifest.UNSEALED;
            if (unfinished || durable.containsKey(segment.runId)) {
                durable.merge(segment.runId, scanner.durableUpTo(segment), Math::max);
            }
        }
        return durable;
    }

    /** The position below which everything in a segment's run was durable; a sealed segment is durable as a whole. */
    long durableUpTo(Segment segment) {
        boolean sealed = segment.sealedRecordCount != SegmentManifest.UNSEALED;
        return sealed ? RecordDescriptor.position(segment.id + 1, 0) : durableByRun.getOrDefault(segment.runId, 0L);
    }

    /** Visits what one segment holds. Returns whether all of it was sound. */
    boolean visit(int id, WalVisitor visitor) {
        Segment segment = segments.get(id);
        if (segment == null) {
            visitor.onDamaged(
                    RecordDescriptor.position(id, 0),
                    DamagedRecord.unidentified(1, true, "the file of segment " + id + " is missing"));
            return false;
        }
        return scanner.scan(segment, durableUpTo(segment), visitor);
    }
}
