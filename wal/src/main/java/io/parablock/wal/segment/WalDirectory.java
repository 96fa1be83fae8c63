package io.parablock.wal.segment;

import io.parablock.wal.AtomicFile;
import io.parablock.wal.WalException;
import io.parablock.wal.WalFailedException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.stream.Stream;

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
            rebuildManifest(config, files);
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
    private void rebuildManifest(WalConfig config, Map<Integer, Path> files) throws IOException {
        SegmentScanner scanner = new SegmentScanner(config.clusterId(), config.recordBytesMax());
        for (var file : files.entrySet()) {
            int runId = runIdOf(file.getValue());
            long fileBytes = Files.size(file.getValue());
            SegmentManifest.Entry entry = new SegmentManifest.Entry(
                    file.getKey(), runId, 0, SegmentManifest.UNSEALED, fileBytes, SegmentManifest.MANY);
            try (Segment segment = Segment.open(file.getValue(), entry, FileOpener.BUFFERED)) {
                long nonce = scanner.findNonce(segment);
                manifest.put(new SegmentManifest.Entry(
                        file.getKey(), runId, nonce, SegmentManifest.UNSEALED, fileBytes, SegmentManifest.MANY));
            }
        }
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

    private static NavigableMap<Integer, Path> listSegmentFiles(Path directory) throws IOException {
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

    private static List<Path> runDirectories(Path directory) throws IOException {
        try (Stream<Path> children = Files.list(directory)) {
            return children.filter(child -> String.valueOf(child.getFileName()).startsWith("run-"))
                    .toList();
        }
    }

    private static int runIdOf(Path file) {
        Path run = file.getParent();
        return Integer.parseInt(
                String.valueOf(run == null ? "" : run.getFileName()).substring("run-".length()));
    }

    private static FileChannel lock(Path directory) {
        FileChannel channel;
        try {
            channel = FileChannel.open(directory.resolve("LOCK"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
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
