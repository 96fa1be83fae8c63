package io.parablock.wal.segment;

import java.security.SecureRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;

/**
 * How an engine's segment files are made.
 *
 * @param writesInFlightMax writes that may be on their way at once; of no meaning in a mapped file
 * @param fileBytes the bytes of a segment file that records can reach; these are filled before use
 * @param storage makes a segment file stable
 * @param opener opens the files of this run, to fill them and to read them
 * @param workers makes the executor that creates, seals and deletes segment files for one opening
 * @param removals makes what takes deleted segment files off the disk for one opening
 * @param nonces gives each segment a number that payload bytes cannot guess
 */
public record SegmentFiles(
        SegmentLayout layout,
        int writesInFlightMax,
        ToLongFunction<WalConfig> fileBytes,
        StableStorage storage,
        FileOpener opener,
        Supplier<ExecutorService> workers,
        Supplier<SegmentRemoval> removals,
        LongSupplier nonces) {

    /** With a thread of their own and random nonces. */
    public static SegmentFiles of(
            SegmentLayout layout,
            int writesInFlightMax,
            ToLongFunction<WalConfig> fileBytes,
            StableStorage storage,
            FileOpener opener) {
        return new SegmentFiles(
                layout,
                writesInFlightMax,
                fileBytes,
                storage,
                opener,
                () -> Executors.newSingleThreadExecutor(task -> {
                    Thread thread = new Thread(task, "wal-segments");
                    thread.setDaemon(true);
                    return thread;
                }),
                GradualRemoval::new,
                new SecureRandom()::nextLong);
    }
}
