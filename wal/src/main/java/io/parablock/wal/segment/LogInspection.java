package io.parablock.wal.segment;

import io.parablock.wal.RecordDescriptor;
import io.parablock.wal.UnsupportedFormatException;
import io.parablock.wal.WalException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * A log as it lies on the disk. Shows what a recovery would find there, with the same verdicts, and writes nothing: it
 * needs only the right to read. It takes no lock, so that it keeps no node from starting: ask {@link #isInUse} and
 * {@link #hasChanged} whether what it showed can be relied upon. Keeps all segment files open and one window of the
 * largest record in memory. One thread.
 */
public final class LogInspection implements AutoCloseable {
    /** How the list of segments was come by. */
    public enum Manifest {
        READ,
        /** There is none: the log never had a segment, or has lost the file. Every segment file counts. */
        MISSING,
        /** It is there and damaged. Every segment file counts. */
        UNREADABLE
    }

    private final Path directory;
    private final Manifest manifest;
    private final long clusterId;
    private final List<SegmentManifest.Entry> entries;
    private final TreeMap<Integer, Segment> segments = new TreeMap<>();

    private LogInspection(Path directory, Manifest manifest, long clusterId, List<SegmentManifest.Entry> entries) {
        this.directory = directory;
        this.manifest = manifest;
        this.clusterId = clusterId;
        this.entries = entries;
    }

    /** Whether there is anything of a log in this folder. */
    public static boolean isLog(Path directory) {
        try {
            return WalDirectory.isLog(directory);
        } catch (IOException e) {
            throw new WalException("cannot read " + directory + ": " + e, e);
        }
    }

    /**
     * Reads the manifest; without one, the names of the files and their start records.
     *
     * @throws UnsupportedFormatException if the log was written by a newer version
     * @throws WalException if the folder, or a file in it, may not be read
     */
    public static LogInspection open(Path directory) {
        try {
            LogInspection inspection = list(directory);
            try {
                inspection.openSegments();
                return inspection;
            } catch (IOException | RuntimeException e) {
                inspection.close();
                throw e;
            }
        } catch (IOException | IllegalArgumentException | DateTimeException e) {
            // The latter two: the name of a file that looks like a segment and is none.
            throw new WalException("cannot read the log in " + directory + ": " + e, e);
        }
    }

    private static LogInspection list(Path directory) throws IOException {
        SegmentManifest found = SegmentManifest.load(directory);
        if (found != null) {
            return new LogInspection(directory, Manifest.READ, found.clusterId(), found.entries());
        }
        Path file = directory.resolve(SegmentManifest.FILE_NAME);
        boolean exists = Files.exists(file);
        if (exists && !Files.isReadable(file)) {
            throw new AccessDeniedException(file.toString());
        }
        Map<Integer, Path> files = WalDirectory.listSegmentFiles(directory);
        Long known = WalDirectory.clusterIdOf(files);
        // Without any start record every segment has lost its nonce, too: the scan says so of each.
        long clusterId = known == null ? 0 : known;
        return new LogInspection(
                directory,
                exists ? Manifest.UNREADABLE : Manifest.MISSING,
                clusterId,
                WalDirectory.entriesOf(files, clusterId));
    }

    private void openSegments() throws IOException {
        for (SegmentManifest.Entry entry : entries) {
            Path file = Segment.find(directory, entry);
            if (file != null) {
                try {
                    segments.put(entry.segmentId(), Segment.openToRead(file, entry));
                } catch (NoSuchFileException deletedMeanwhile) {
                    // As if it had been gone before.
                }
            }
        }
    }

    public Path directory() {
        return directory;
    }

    public Manifest manifest() {
        return manifest;
    }

    /** Of the manifest or, without one, of the first start record that can be read; 0 when there is none. */
    public long clusterId() {
        return clusterId;
    }

    /**
     * Whether a node has the log open now: its end may be torn, and segments come and go. Not to be asked in the node's own
     * process, which would give up its lock.
     */
    public boolean isInUse() {
        return WalDirectory.isInUse(directory);
    }

    /** Whether the list of segments is another one since this inspection was opened. */
    public boolean hasChanged() {
        SegmentManifest now = SegmentManifest.load(directory);
        return !Objects.equals(now == null ? null : now.entries(), manifest == Manifest.READ ? entries : null);
    }

    /**
     * Visits the segments in order of their ids, and in each one its records and damages in order of their positions.
     *
     * @throws WalException if a file cannot be opened any more; bad sectors are shown as damage
     */
    public void scan(SegmentVisitor visitor) {
        List<Integer> ids = new ArrayList<>();
        entries.forEach(entry -> ids.add(entry.segmentId()));
        // The window grows to the largest record that it meets.
        LogScan scan = new LogScan(clusterId, WalConfig.RECORD_BYTES_MAX_DEFAULT, ids, segments, ScanProgress.silent());
        for (SegmentManifest.Entry entry : entries) {
            int id = entry.segmentId();
            Segment segment = segments.get(id);
            if (segment == null) {
                if (isListed(id)) {
                    visitor.onSegment(new ListedSegment(id, null, null, entry.recordCount(), entry.fileBytes(), 0));
                    scan.visit(id, visitor);
                }
                continue;
            }
            long durableUpTo = scan.durableUpTo(segment);
            visitor.onSegment(new ListedSegment(
                    id,
                    segment.path,
                    segment.layout,
                    entry.recordCount(),
                    entry.fileBytes(),
                    durableBytes(segment, durableUpTo)));
            scan.visit(id, visitor);
        }
    }

    /** A node deletes a segment from the list first, then its file. */
    private boolean isListed(int id) {
        SegmentManifest now = SegmentManifest.load(directory);
        return now == null || now.entries().stream().anyMatch(entry -> entry.segmentId() == id);
    }

    private static long durableBytes(Segment segment, long durableUpTo) {
        int durableId = RecordDescriptor.segmentId(durableUpTo);
        if (durableId != segment.id) {
            return durableId > segment.id ? segment.fileBytes : 0;
        }
        return RecordDescriptor.offsetBytes(durableUpTo);
    }

    @Override
    public void close() {
        segments.values().forEach(Segment::close);
        segments.clear();
    }
}
