package io.parablock.wal.chronicle;

import io.parablock.wal.AtomicFile;
import io.parablock.wal.WalException;
import io.parablock.wal.WalFailedException;
import io.parablock.wal.WalFullException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Creates, seals and deletes segment files on a thread of its own, so that the writer waits for none of it. A segment
 * is written full of zeros, forced and listed before the writer may have it: a mapped page without disk blocks behind
 * it would kill the process with SIGBUS on a full disk.
 */
final class SegmentKeeper implements AutoCloseable {
    /**
     * One page at a time. The page cache keeps a file in folios as large as the writes that brought it in, and a store
     * into a mapping dirties its whole folio: with zeros by the MiB every force wrote a MiB (2.0 ms instead of 0.3).
     */
    private static final int ZEROS_BYTES = 4096;

    /** Closing waits this long for work in progress; it is bounded by writing one segment. */
    private static final long CLOSE_TIMEOUT_S = 60;

    private final ChronicleWalConfig config;
    private final SegmentManifest manifest;
    private final SegmentEngine engine;
    private final int runId;
    private final ExecutorService worker;
    private volatile @Nullable Throwable failure;
    private int nextSegmentId;
    private @Nullable Future<Segment> next;

    SegmentKeeper(ChronicleWalConfig config, SegmentManifest manifest, SegmentEngine engine, int runId) {
        this.config = config;
        this.manifest = manifest;
        this.engine = engine;
        this.worker = engine.workers().get();
        this.runId = runId;
        this.nextSegmentId = runId;
    }

    /** Why background work failed, if it has. */
    @Nullable
    Throwable failure() {
        return failure;
    }

    /** Starts to prepare the next segment, unless that is already under way. */
    void prepareNext() {
        if (next == null) {
            int id = nextSegmentId;
            next = worker.submit(() -> create(id));
        }
    }

    /** Waits for the next segment. After a {@link WalFullException} the next call tries again. */
    Segment takeNext() {
        prepareNext();
        Future<Segment> taken = next;
        next = null;
        try {
            if (taken == null) {
                throw new IllegalStateException("nothing is being prepared");
            }
            Segment segment = taken.get();
            nextSegmentId++;
            return segment;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof WalException cause) {
                throw cause;
            }
            throw new WalFailedException("cannot create a segment in " + config.directory(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new WalFailedException("interrupted while waiting for a segment", e);
        }
    }

    /** Forces a finished segment and notes how many records it holds; then says so. */
    void seal(Segment segment, Runnable whenForced) {
        int recordCount = segment.recordCount;
        background(() -> {
            engine.storage().force(segment.forceChannel());
            whenForced.run();
            manifest.seal(segment.id, recordCount);
        });
    }

    void delete(Segment segment) {
        background(() -> deleteNow(segment));
    }

    /** Waits until everything asked for so far is done. */
    void drain() {
        try {
            worker.submit(() -> {}).get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new WalException("interrupted while waiting for segment files", e);
        }
    }

    /** Drops a segment that was prepared for nothing, then stops. */
    @Override
    public void close() {
        Future<Segment> unused = next;
        next = null;
        if (unused != null) {
            background(() -> deleteNow(unused.get()));
        }
        worker.shutdown();
        try {
            if (!worker.awaitTermination(CLOSE_TIMEOUT_S, TimeUnit.SECONDS)) {
                throw new WalException("segment files were still being written after " + CLOSE_TIMEOUT_S + " s");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private interface Work {
        void run() throws IOException, ExecutionException, InterruptedException;
    }

    private void background(Work work) {
        var unused = worker.submit(() -> {
            try {
                work.run();
            } catch (ExecutionException notCreated) {
                // A segment that could not be created needs no deletion.
            } catch (IOException | RuntimeException | InterruptedException e) {
                failure = e;
            }
        });
    }

    private Segment create(int id) throws IOException {
        long fileBytes = engine.fileBytes().applyAsLong(config);
        long usableBytes = Files.getFileStore(config.directory()).getUsableSpace();
        if (usableBytes < fileBytes + config.reserveBytes()) {
            throw new WalFullException("no room for another segment in " + config.directory() + ": " + usableBytes
                    + " bytes free, " + fileBytes + " needed, " + config.reserveBytes() + " kept in reserve");
        }
        Path path = Segment.pathOf(config.directory(), runId, id);
        try {
            writeZeros(path, fileBytes);
        } catch (IOException e) {
            Files.deleteIfExists(path);
            if (Files.getFileStore(config.directory()).getUsableSpace() < fileBytes) {
                throw new WalFullException("the disk filled up while a segment was written: " + e.getMessage(), e);
            }
            throw e;
        }
        AtomicFile.forceDirectory(Segment.runDirectory(config.directory(), runId));
        SegmentManifest.Entry entry =
                new SegmentManifest.Entry(id, runId, engine.nonces().getAsLong(), SegmentManifest.UNSEALED, fileBytes);
        manifest.put(entry);
        Segment segment = Segment.open(config.directory(), entry);
        segment.indexed = true;
        return segment;
    }

    private void writeZeros(Path path, long fileBytes) throws IOException {
        ByteBuffer zeros = ByteBuffer.allocateDirect((int) Math.min(ZEROS_BYTES, fileBytes));
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            for (long at = 0; at < fileBytes; ) {
                zeros.position(0).limit((int) Math.min(zeros.capacity(), fileBytes - at));
                at += channel.write(zeros, at);
            }
            // The queue maps a quarter more than its block, where no record goes. Growing the file to that is work that
            // the writer would otherwise wait for.
            zeros.position(0).limit(1);
            channel.write(zeros, fileBytes + fileBytes / 4 - 1);
            channel.force(true);
        }
    }

    private void deleteNow(Segment segment) throws IOException {
        manifest.remove(segment.id);
        segment.close();
        Files.deleteIfExists(segment.path);
        Path runDirectory = Segment.runDirectory(config.directory(), segment.runId);
        if (segment.runId != runId) {
            deleteRunIfEmpty(runDirectory);
        }
    }

    /** A run without segments leaves only the queue's own table behind. */
    static void deleteRunIfEmpty(Path runDirectory) throws IOException {
        try (Stream<Path> files = Files.list(runDirectory)) {
            if (files.anyMatch(file -> file.toString().endsWith(Segment.FILE_SUFFIX))) {
                return;
            }
        }
        try (Stream<Path> files = Files.list(runDirectory)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(runDirectory);
    }
}
