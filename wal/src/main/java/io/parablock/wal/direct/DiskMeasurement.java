package io.parablock.wal.direct;

import io.parablock.wal.PastPageCache;
import io.parablock.wal.RecordDescriptor;
import io.parablock.wal.segment.SegmentLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Finds out, in about a second, how many writes at once serve a disk best – the same records that wait go out as one large
 * write, or as several smaller ones side by side – and how large one write may be before it gains nothing more. What else
 * uses the disk meanwhile counts, as it will later.
 *
 * @param recordsPerSecond by writes in flight; empty where the file system has no direct I/O
 * @param bytesPerSecond by the bytes of one write, one at a time; empty likewise
 */
public record DiskMeasurement(Map<Integer, Double> recordsPerSecond, Map<Integer, Double> bytesPerSecond) {
    /** Records that wait at any time. */
    private static final int RECORDS = 32;

    private static final int RECORD_BYTES = 4096 + RecordDescriptor.HEADER_LENGTH_MIN;
    private static final int[] WRITES_IN_FLIGHT = {1, 4, 8, 32};
    private static final int[] WRITE_BYTES = {64 << 10, 128 << 10, 256 << 10, 512 << 10, 1 << 20};
    private static final int ROUNDS = 2;
    private static final long WARM_UP_NS = 10_000_000;
    private static final long TRY_NS = 50_000_000;

    /**
     * A tail of several writes is harder to judge after a power loss than one, and what comes while a large write is on
     * its way waits longer: more of either must be worth it.
     */
    private static final double GAIN_MIN = 1.15;

    /** Each write in flight has a place of its own for so many of its writes. */
    private static final int PLACES = 4;

    public DiskMeasurement {
        recordsPerSecond = Map.copyOf(recordsPerSecond);
        bytesPerSecond = Map.copyOf(bytesPerSecond);
    }

    /** @throws IOException if the folder cannot be written to */
    public static DiskMeasurement of(Path directory) throws IOException {
        if (!ChannelIo.probe(directory).isPastPageCache()) {
            return new DiskMeasurement(Map.of(), Map.of());
        }
        Path file = directory.resolve("disk-measurement.tmp");
        ExecutorService writers = Executors.newFixedThreadPool(WRITES_IN_FLIGHT[WRITES_IN_FLIGHT.length - 1], task -> {
            Thread thread = new Thread(task, "disk-measurement");
            thread.setDaemon(true);
            return thread;
        });
        try {
            fill(file);
            Map<Integer, Double> records = new TreeMap<>();
            Map<Integer, Double> bytes = new TreeMap<>();
            try (FileChannel channel = PastPageCache.open(file, StandardOpenOption.WRITE, StandardOpenOption.DSYNC)) {
                for (int round = 0; round < ROUNDS; round++) {
                    for (int atOnce : WRITES_IN_FLIGHT) {
                        double rate = rate(channel, writers, atOnce, writeBytes(atOnce));
                        records.merge(atOnce, rate * RECORDS / atOnce, Math::max);
                    }
                    for (int size : WRITE_BYTES) {
                        bytes.merge(size, rate(channel, writers, 1, size) * size, Math::max);
                    }
                }
            }
            return new DiskMeasurement(records, bytes);
        } finally {
            writers.shutdown();
            Files.deleteIfExists(file);
        }
    }

    /** Writes that may be in flight at once: the fewest that are not clearly worse than more. */
    public int writesInFlight() {
        return leastWorthIt(WRITES_IN_FLIGHT, recordsPerSecond, 1);
    }

    /** What is put into one write, in bytes: the least that is not clearly worse than more. */
    public int writeBytes() {
        return leastWorthIt(WRITE_BYTES, bytesPerSecond, DirectConfig.WRITE_BYTES_MAX_DEFAULT);
    }

    private static int leastWorthIt(int[] choices, Map<Integer, Double> rates, int unmeasured) {
        if (rates.isEmpty()) {
            return unmeasured;
        }
        int best = choices[0];
        for (int choice : choices) {
            if (rates.getOrDefault(choice, 0.0) > GAIN_MIN * rates.getOrDefault(best, 0.0)) {
                best = choice;
            }
        }
        return best;
    }

    /** For people. */
    @Override
    public String toString() {
        if (recordsPerSecond.isEmpty()) {
            return "no direct I/O";
        }
        return Stream.concat(
                        new TreeMap<>(recordsPerSecond)
                                .entrySet().stream()
                                        .map(e -> String.format(
                                                Locale.ROOT,
                                                "%d at once: %.0f records of 4 KiB per second",
                                                e.getKey(),
                                                e.getValue())),
                        new TreeMap<>(bytesPerSecond)
                                .entrySet().stream()
                                        .map(e -> String.format(
                                                Locale.ROOT,
                                                "writes of %d KiB: %.0f MB/s",
                                                e.getKey() >> 10,
                                                e.getValue() / 1e6)))
                .collect(Collectors.joining("; "));
    }

    private static int writeBytes(int writesInFlight) {
        return (int) SegmentLayout.alignUp((long) RECORDS / writesInFlight * RECORD_BYTES);
    }

    /** Blocks that were never written cost more than those of a log. */
    private static void fill(Path file) throws IOException {
        long bytes = 0;
        for (int writesInFlight : WRITES_IN_FLIGHT) {
            bytes = Math.max(bytes, (long) writesInFlight * PLACES * writeBytes(writesInFlight));
        }
        for (int size : WRITE_BYTES) {
            bytes = Math.max(bytes, (long) PLACES * size);
        }
        Files.write(file, new byte[Math.toIntExact(bytes)], StandardOpenOption.CREATE, StandardOpenOption.SYNC);
    }

    /** Writes in a second. */
    private static double rate(FileChannel channel, ExecutorService writers, int atOnce, int bytes) throws IOException {
        long fromNs = System.nanoTime() + WARM_UP_NS;
        long untilNs = fromNs + TRY_NS;
        List<Future<Long>> counts = new ArrayList<>();
        for (int i = 0; i < atOnce; i++) {
            counts.add(writers.submit(writer(channel, (long) i * PLACES * bytes, bytes, fromNs, untilNs)));
        }
        long writes = 0;
        try {
            for (Future<Long> count : counts) {
                writes += count.get();
            }
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
        return writes * 1e9 / TRY_NS;
    }

    private static Callable<Long> writer(FileChannel channel, long place, int bytes, long fromNs, long untilNs) {
        return () -> {
            ByteBuffer buffer = ByteBuffer.allocateDirect(bytes + SegmentLayout.WRITE_ALIGNMENT)
                    .alignedSlice(SegmentLayout.WRITE_ALIGNMENT)
                    .limit(bytes);
            long counted = 0;
            for (int i = 0; ; i++) {
                long offset = place + (long) (i % PLACES) * bytes;
                buffer.position(0);
                while (buffer.hasRemaining()) {
                    channel.write(buffer, offset + buffer.position());
                }
                long nowNs = System.nanoTime();
                if (nowNs >= untilNs) {
                    return counted;
                }
                counted += nowNs >= fromNs ? 1 : 0;
            }
        };
    }
}
