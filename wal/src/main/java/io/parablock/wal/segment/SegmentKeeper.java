package io.parablock.wal.segment;

import io.parablock.wal.AtomicFile;
import io.parablock.wal.WalException;
import io.parablock.wal.WalFailedException;
import io.parablock.wal.WalFullException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
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
 * is filled, forced and listed before the writer may have it: a mapped page without disk blocks behind
 * it would kill the process with SIGBUS on a full disk.
 */
final class SegmentKeeper implements AutoCloseable {
    /**
     * One page at a time. The page cache keeps a file in folios as large as the writes that brought it in, and a store
     * into a mapping dirties its whole folio: with zeros by the MiB every force wrote a MiB (2.0 ms instead of 0.3).
     */
    private static final int QUEUE_PIECE_BYTES = 4096;

    /** Past the page cache: few large writes. */
    private static final int WRITES_PIECE_BYTES = 256 << 10;

    /** Closing waits this long for work in progress; it is bounded by writing one segment. */
    private static final long CLOSE_TIMEOUT_S = 60;

    private final WalConfig config;
    private final SegmentManifest manifest;
    private final SegmentFiles files;
    private final int runId;
    private final ExecutorService worker;
    private final SegmentRemoval removal;
    private volatile @Nullable Throwable failure;
    private int nextSegmentId;
    private @Nullable Future<Segment> next;

    SegmentKeeper(WalConfig config, SegmentManifest manifest, SegmentFiles files, int runId) {
        this.config = config;
        this.manifest = manifest;
        this.files = files;
        this.worker = files.workers().get();
        this.removal = files.removals().get();
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
        if (next != null) {
            try {
                return take();
            } catch (WalFullException whenItWasPrepared) {
                // Since then segments may have been deleted, and it is only needed now.
            }
        }
        prepareNext();
        return take();
    }

    private Segment take() {
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
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new WalFailedException(
                    "cannot create a segment in " + config.directory() + ": " + cause.getMessage(), cause);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new WalFailedException("interrupted while waiting for a segment", e);
        }
    }

    /** Forces a finished segment and notes how many records it holds; then says so. */
    void seal(Segment segment, Runnable whenForced) {
        int recordCount = segment.recordCount;
        background(() -> {
            files.storage().force(segment.forceChannel());
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
            removal.finish();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new WalException("interrupted while waiting for segment files", e);
        } catch (IOException e) {
            failure = e;
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
            removal.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            failure = e;
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

    /**
     * Whether there is room for another segment now.
     *
     * @throws WalFullException if not
     */
    void requireRoom() {
        try {
            requireRoom(files.fileBytes().applyAsLong(config));
        } catch (IOException e) {
            throw new WalFailedException("cannot tell how much room is in " + config.directory() + ": " + e, e);
        }
    }

    private void requireRoom(long fileBytes) throws IOException {
        long usableBytes = usableBytes();
        if (usableBytes < fileBytes + config.reserveBytes()) {
            // What is on its way off the disk is room.
            removal.finish();
            usableBytes = usableBytes();
        }
        if (usableBytes < fileBytes + config.reserveBytes()) {
            throw new WalFullException("no room for another segment in " + config.directory() + ": " + usableBytes
                    + " bytes free, " + fileBytes + " needed, " + config.reserveBytes() + " kept in reserve");
        }
    }

    private long usableBytes() throws IOException {
        return Files.getFileStore(config.directory()).getUsableSpace();
    }

    private Segment create(int id) throws IOException {
        long fileBytes = files.fileBytes().applyAsLong(config);
        requireRoom(fileBytes);
        long nonce = files.nonces().getAsLong();
        Path path = Segment.pathOf(config.directory(), runId, id, files.layout());
        try {
            fill(path, fileBytes, nonce);
        } catch (IOException e) {
            Files.deleteIfExists(path);
            if (usableBytes() < fileBytes) {
                throw new WalFullException(
                        "the disk of " + config.directory() + " filled up while a segment was written: "
                                + e.getMessage(),
                        e);
            }
            throw e;
        }
        AtomicFile.forceDirectory(Segment.runDirectory(config.directory(), runId));
        SegmentManifest.Entry entry = new SegmentManifest.Entry(
                id, runId, nonce, SegmentManifest.UNSEALED, fileBytes, files.writesInFlightMax());
        manifest.put(entry);
        Segment segment = Segment.open(path, entry, files.opener());
        segment.indexed = true;
        return segment;
    }

    private void fill(Path path, long fileBytes, long nonce) throws IOException {
        boolean queue = files.layout() == SegmentLayout.QUEUE;
        int pieceBytes = queue ? QUEUE_PIECE_BYTES : WRITES_PIECE_BYTES;
        ByteBuffer piece = ByteBuffer.allocateDirect(pieceBytes + SegmentLayout.WRITE_ALIGNMENT)
                .order(ByteOrder.LITTLE_ENDIAN)
                .alignedSlice(SegmentLayout.WRITE_ALIGNMENT)
                .order(ByteOrder.LITTLE_ENDIAN);
        for (int at = 0; at < pieceBytes; at += Long.BYTES) {
            piece.putLong(at, files.layout().fillWord(nonce));
        }
        try (FileChannel channel = files.opener().open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            for (long at = 0; at < fileBytes; ) {
                piece.limit((int) Math.min(pieceBytes, fileBytes - at)).position(0);
                at += channel.write(piece, at);
            }
            if (queue) {
                // The queue maps a quarter more than its block, where no record goes. Growing the file to that is work
                // that the writer would otherwise wait for.
                channel.write(piece.position(0).limit(1), fileBytes + fileBytes / 4 - 1);
            }
            channel.force(true);
        }
    }

    private void deleteNow(Segment segment) throws IOException {
        manifest.remove(segment.id);
        segment.close();
        removal.remove(segment.path, () -> {
            if (segment.runId != runId) {
                deleteRunIfEmpty(Segment.runDirectory(config.directory(), segment.runId));
            }
        });
    }

    /** A run without segments leaves only the queue's own table behind. */
    static void deleteRunIfEmpty(Path runDirectory) throws IOException {
        try (Stream<Path> files = Files.list(runDirectory)) {
            if (files.anyMatch(file -> SegmentLayout.of(file) != null)) {
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
