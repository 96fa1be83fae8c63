package io.parablock.wal.segment;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Shortens a file step by step before it deletes it. A file system that is mounted with {@code discard}, or lies on a file of
 * a host, gives freed blocks back to the disk, and all other writes to that disk wait meanwhile: for one step instead of for a
 * segment (of 64 MiB: 0.5 ms instead of 13 ms, docs/benchmarks.md).
 */
final class GradualRemoval implements SegmentRemoval {
    static final long STEP_BYTES = 1 << 20;
    /** 100 MiB/s with the step. */
    static final long PAUSE_NS = 10_000_000;
    /** With more files than this waiting it does not pause: a log that is written faster would fill the disk. */
    static final int UNHURRIED_FILES_MAX = 16;

    private final ExecutorService thread = Executors.newSingleThreadExecutor(task -> {
        Thread made = new Thread(task, "wal-removal");
        made.setDaemon(true);
        return made;
    });
    private final AtomicInteger waiting = new AtomicInteger();
    private volatile boolean hurried;
    private volatile @Nullable IOException failure;

    @Override
    public void remove(Path file, Then then) throws IOException {
        requireSound();
        waiting.incrementAndGet();
        Future<?> unused = thread.submit(() -> {
            try {
                shorten(file);
                Files.deleteIfExists(file);
                then.run();
            } catch (IOException e) {
                failure = e;
            } catch (UncheckedIOException e) {
                failure = e.getCause();
            } finally {
                waiting.decrementAndGet();
            }
        });
    }

    private void shorten(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            for (long left = channel.size() - STEP_BYTES; left > 0; left -= STEP_BYTES) {
                channel.truncate(left);
                if (!hurried && waiting.get() <= UNHURRIED_FILES_MAX) {
                    LockSupport.parkNanos(PAUSE_NS);
                }
            }
        } catch (NoSuchFileException gone) {
            // As it is to be.
        }
    }

    @Override
    public void finish() throws IOException {
        hurried = true;
        try {
            thread.submit(() -> {}).get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while segment files were removed", e);
        } finally {
            hurried = false;
        }
        requireSound();
    }

    @Override
    public void close() throws IOException {
        try {
            finish();
        } finally {
            hurried = true;
            thread.shutdown();
        }
    }

    private void requireSound() throws IOException {
        IOException e = failure;
        if (e != null) {
            throw e;
        }
    }
}
