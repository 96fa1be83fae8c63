package io.parablock.wal.chronicle;

import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;

/**
 * How records reach the segment files; what is stable, whole and still needed is decided above it, the same for every
 * engine.
 *
 * @param name for people
 * @param writers makes the writer of an opening
 * @param fileBytes the bytes of a segment file that records can reach
 * @param storage makes a segment file stable
 * @param workers makes the executor that creates, seals and deletes segment files for one opening
 * @param nonces gives each segment a number that payload bytes cannot guess
 */
public record SegmentEngine(
        String name,
        Writers writers,
        ToLongFunction<ChronicleWalConfig> fileBytes,
        StableStorage storage,
        Supplier<ExecutorService> workers,
        LongSupplier nonces) {

    /** Makes the writer of an opening. */
    @FunctionalInterface
    public interface Writers {
        /** To be called before the first segment's file exists. */
        SegmentWriter open(Path runDirectory, int runId, ChronicleWalConfig config);
    }

    static SegmentEngine chronicle(StableStorage storage) {
        return new SegmentEngine(
                "chronicle",
                SegmentAppender::new,
                ChronicleWalConfig::fileBytes,
                storage,
                () -> Executors.newSingleThreadExecutor(task -> {
                    Thread thread = new Thread(task, "wal-segments");
                    thread.setDaemon(true);
                    return thread;
                }),
                new SecureRandom()::nextLong);
    }
}
