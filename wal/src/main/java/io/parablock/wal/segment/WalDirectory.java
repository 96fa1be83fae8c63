package io.parablock.wal.segment;

import io.parablock.wal.AtomicFile;
import io.parablock.wal.RecordDescriptor;
import io.parablock.wal.WalException;
import io.parablock.wal.WalFailedException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The folder of a log as an opening finds it:
 *
 * <pre>
 *   LOCK                      held while the log is open
 *   segments                  the manifest
 *   run-0000000001/           one opening of the log, named after its first segment
 *       metadata.cq4t         the queue's own table; worthless after the run
 *       19700101-01F.cq4      segment 1, of the queue
 *   run-0000000002/
 *       0000000002.wal        segment 2, of writes
 * </pre>
 */
final class WalDirectory implements AutoCloseable {
    private static final String LOCK_NAME = "LOCK";
    private static final String RUN_PREFIX = "run-";

    private final Path path;
    private final FileChannel lockChannel;
    private final SegmentManifest manifest;
    private final List<Integer> earlierSegmentIds = new ArrayList<>();
    private final ConcurrentSkipListMap<Integer, Segment> segments = new ConcurrentSkipListMap<>();
    private final int runId;

    private WalDirectory(WalConfig config, FileChannel lockChannel, StableStorage storage) throws IOException {
        this.path = config.directory();
        this.lockChannel = lockChannel;
        for (Path run : runDirectories(path)) {
            // A process killed while it created a segment left its name in the cache: listed below, it has to stay.
            AtomicFile.forceDirectory(run);
        }
        NavigableMap<Integer, Path> files = listSegmentFiles(path);
        SegmentManifest loaded = SegmentManifest.load(path, config.clusterId());
        if (loaded == null) {
            manifest = SegmentManifest.empty(path, config.clusterId());
            for (SegmentManifest.Entry entry : entriesOf(files, config.clusterId())) {
                manifest.put(entry);
            }
        } else {
            manifest = loaded;
            deleteUnlisted(files);
        }
        openSegments(storage);
        int lastFile = files.isEmpty() ? 0 : files.lastKey();
        runId = Math.max(manifest.lastSegmentId(), lastFile) + 1;
    }

    static WalDirectory open(WalConfig config, StableStorage storage) {
        AtomicFile.createDirectories(config.directory());
        FileChannel lockChannel = lock(config.directory());
        try {
            return new WalDirectory(config, lockChannel, storage);
        } catch (IOException e) {
            closeQuietly(lockChannel);
            throw new WalFailedException("cannot open the log in " + config.directory() + ": " + e.getMessage(), e);
        } catch (RuntimeException e) {
            closeQuietly(lockChannel);
            throw e;
        }
    }

    SegmentManifest manifest() {
        return manifest;
    }

    /** Segments of earlier runs, whether their files are there or not, in order. */
    List<Integer> earlierSegmentIds() {
        return earlierSegmentIds;
    }

    ConcurrentSkipListMap<Integer, Segment> segments() {
        return segments;
    }

    int runId() {
        return runId;
    }

    Path createRunDirectory() {
        Path runDirectory = Segment.runDirectory(path, runId);
        AtomicFile.createDirectories(runDirectory);
        return runDirectory;
    }

    @Override
    public void close() {
        closeQuietly(lockChannel);
    }

    private void openSegments(StableStorage storage) throws IOException {
        for (SegmentManifest.Entry entry : manifest.entries()) {
            earlierSegmentIds.add(entry.segmentId());
            Path file = Segment.find(path, entry);
            if (file == null) {
                continue;
            }
            Segment segment = Segment.open(file, entry, FileOpener.BUFFERED);
            if (entry.recordCount() == SegmentManifest.UNSEALED) {
                // What a killed process left may be in the page cache only; the scan is about to vouch for it.
                SegmentRewriter.rewrite(segment);
                storage.force(segment.forceChannel());
            }
            segments.put(segment.id, segment);
        }
    }

    /** The manifest is damaged or was never written: every file counts, and each one tells its own nonce. */
    static List<SegmentManifest.Entry> entriesOf(Map<Integer, Path> files, long clusterId) throws IOException {
        SegmentScanner scanner = new SegmentScanner(clusterId, RecordDescriptor.HEADER_LENGTH_MAX);
        List<SegmentManifest.Entry> entries = new ArrayList<>();
        for (Path file : files.values()) {
            SegmentManifest.Entry unknown = entryOf(file, HeaderFinder.NO_NONCE);
            try (Segment segment = Segment.openToRead(file, unknown)) {
                entries.add(entryOf(file, scanner.findNonce(segment)));
            }
        }
        return entries;
    }

    /** The cluster that the first readable start record names, or null when there is none. */
    static @Nullable Long clusterIdOf(Map<Integer, Path> files) throws IOException {
        for (Path file : files.values()) {
            try (Segment segment = Segment.openToRead(file, entryOf(file, HeaderFinder.NO_NONCE))) {
                Long clusterId = SegmentScanner.findClusterId(segment);
                if (clusterId != null) {
                    return clusterId;
                }
            }
        }
        return null;
    }

    private static SegmentManifest.Entry entryOf(Path file, long nonce) throws IOException {
        return new SegmentManifest.Entry(
                SegmentLayout.require(file).segmentIdOf(file),
                runIdOf(file),
                nonce,
                SegmentManifest.UNSEALED,
                Files.size(file),
                SegmentManifest.MANY);
    }

    /** A crash can leave a file that was created but not listed yet, or is no longer listed: nothing in it is needed. */
    private void deleteUnlisted(Map<Integer, Path> files) throws IOException {
        TreeMap<Integer, Path> unlisted = new TreeMap<>(files);
        manifest.entries().forEach(entry -> unlisted.remove(entry.segmentId()));
        for (Path file : unlisted.values()) {
            Files.delete(file);
        }
        for (Path run : runDirectories(path)) {
            SegmentKeeper.deleteRunIfEmpty(run);
        }
    }

    static NavigableMap<Integer, Path> listSegmentFiles(Path directory) throws IOException {
        TreeMap<Integer, Path> files = new TreeMap<>();
        for (Path run : runDirectories(directory)) {
            try (Stream<Path> names = Files.list(run)) {
                for (Path file : names.toList()) {
                    SegmentLayout layout = SegmentLayout.of(file);
                    if (layout != null) {
                        files.put(layout.segmentIdOf(file), file);
                    }
                }
            }
        }
        return files;
    }

    static List<Path> runDirectories(Path directory) throws IOException {
        try (Stream<Path> children = Files.list(directory)) {
            return children.filter(child -> String.valueOf(child.getFileName()).startsWith(RUN_PREFIX))
                    .toList();
        }
    }

    private static int runIdOf(Path file) {
        Path run = file.getParent();
        return Integer.parseInt(
                String.valueOf(run == null ? "" : run.getFileName()).substring(RUN_PREFIX.length()));
    }

    /**
     * Whether another process has the log open. Asks for a shared lock, and gives it back at once: that takes no right to
     * write, and keeps no node from starting for longer than a moment. Not for a process that holds the lock itself: to
     * close any channel to a file gives up all POSIX locks of the process on it.
     */
    static boolean isInUse(Path directory) {
        try (FileChannel channel = FileChannel.open(directory.resolve(LOCK_NAME), StandardOpenOption.READ)) {
            return channel.tryLock(0, Long.MAX_VALUE, true) == null;
        } catch (NoSuchFileException neverOpened) {
            return false;
        } catch (OverlappingFileLockException heldByThisProcess) {
            return true;
        } catch (IOException e) {
            throw new WalException("cannot tell whether the log in " + directory + " is in use: " + e, e);
        }
    }

    /** Whether there is anything of a log in a folder. */
    static boolean isLog(Path directory) throws IOException {
        return Files.exists(directory.resolve(SegmentManifest.FILE_NAME))
                || (Files.isDirectory(directory) && !runDirectories(directory).isEmpty());
    }

    private static FileChannel lock(Path directory) {
        FileChannel channel;
        try {
            channel =
                    FileChannel.open(directory.resolve(LOCK_NAME), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        } catch (IOException e) {
            throw new WalException("cannot lock the log in " + directory + ": " + e.getMessage(), e);
        }
        if (!isLocked(channel)) {
            closeQuietly(channel);
            throw new WalException("the log in " + directory + " is in use");
        }
        return channel;
    }

    private static boolean isLocked(FileChannel channel) {
        try {
            return channel.tryLock() != null;
        } catch (OverlappingFileLockException heldByThisProcess) {
            return false;
        } catch (IOException e) {
            closeQuietly(channel);
            throw new WalException("cannot lock the log: " + e.getMessage(), e);
        }
    }

    private static void closeQuietly(FileChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            throw new WalException("cannot close the lock file", e);
        }
    }
}
