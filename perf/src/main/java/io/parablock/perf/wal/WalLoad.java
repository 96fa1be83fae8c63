package io.parablock.perf.wal;

import io.netty.channel.IoEventLoop;
import io.parablock.wal.RecordChecksum;
import io.parablock.wal.Wal;
import io.parablock.wal.WalFailedException;
import io.parablock.wal.WalListener;
import io.parablock.wal.WalRecord;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * Keeps so many records waiting for a log, as a node does whose clients are never idle: what became free is appended and
 * submitted once for each pass of the loop. Runs on one thread, the event loop's if there is one.
 */
final class WalLoad implements WalListener {
    private static final int GROUP = 1;
    private static final byte KIND = 1;
    private static final long TRUNCATE_EVERY_RECORDS = 8192;
    private static final long HIGHEST_NS = 60_000_000_000L;

    private final ByteBuffer payload;
    private final int payloadCrc;
    private final long[] appendedNs;
    private final int[] free;
    private final Histogram latencyNs = new Histogram(HIGHEST_NS, 3);
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final boolean truncating;
    private final long recordsMax;
    private final Wal wal;
    private final @Nullable IoEventLoop loop;
    private int freeCount;
    private boolean refillQueued;
    private long slot;
    private long countedFromNs;
    private long endNs;

    private WalLoad(
            WalSubject subject,
            Path directory,
            int depth,
            int payloadBytes,
            @Nullable IoEventLoop loop,
            boolean truncating,
            long recordsMax) {
        this.loop = loop;
        this.truncating = truncating;
        this.recordsMax = recordsMax;
        payload = ByteBuffer.allocateDirect(payloadBytes);
        byte[] bytes = new byte[payloadBytes];
        new Random(payloadBytes).nextBytes(bytes);
        payload.put(bytes).flip();
        payloadCrc = new RecordChecksum().ofPayload(payload);
        appendedNs = new long[depth];
        free = new int[depth];
        for (int i = 0; i < depth; i++) {
            free[i] = i;
        }
        freeCount = depth;
        wal = subject.open(directory, this);
    }

    /** Appends and forgets for some seconds. */
    static LogTiming run(
            WalSubject subject, Path directory, int depth, int payloadBytes, double seconds, @Nullable IoEventLoop loop)
            throws IOException, InterruptedException {
        WalLoad load = new WalLoad(subject, directory, depth, payloadBytes, loop, true, Long.MAX_VALUE);
        return load.run(subject, seconds);
    }

    /** Leaves a log with so many records. */
    static void fill(WalSubject subject, Path directory, int payloadBytes, long records)
            throws IOException, InterruptedException {
        new WalLoad(subject, directory, 64, payloadBytes, null, false, records).run(subject, Integer.MAX_VALUE);
    }

    private LogTiming run(WalSubject subject, double seconds) throws IOException, InterruptedException {
        long beginNs = System.nanoTime();
        countedFromNs = beginNs + (long) (seconds * 0.25e9);
        endNs = countedFromNs + (long) (seconds * 1e9);
        try {
            if (loop != null) {
                subject.attach(wal, loop);
                loop.execute(this::refill);
                ended.get();
                subject.detach(wal, loop);
            } else {
                while (!ended.isDone()) {
                    refill();
                }
                ended.get();
            }
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new IOException(subject.label + ": " + cause.getMessage(), cause);
        } finally {
            wal.close();
        }
        return new LogTiming(
                latencyNs.getValueAtPercentile(50) / 1e3,
                latencyNs.getValueAtPercentile(99) / 1e3,
                latencyNs.getValueAtPercentile(99.9) / 1e3,
                latencyNs.getTotalCount() / seconds);
    }

    private void refill() {
        refillQueued = false;
        try {
            if (System.nanoTime() < endNs && slot < recordsMax) {
                while (freeCount > 0) {
                    append(free[--freeCount]);
                }
            }
            wal.submit();
            if (freeCount == free.length && (System.nanoTime() >= endNs || slot >= recordsMax)) {
                ended.complete(null);
            }
        } catch (RuntimeException e) {
            ended.completeExceptionally(e);
        }
    }

    private void append(int token) {
        slot++;
        WalRecord entry = new WalRecord(
                GROUP,
                slot,
                1,
                KIND,
                slot * payload.remaining(),
                payload.remaining(),
                1,
                slot,
                slot,
                payloadCrc,
                payload.remaining(),
                WalRecord.NO_DEP);
        appendedNs[token] = System.nanoTime();
        wal.append(entry, payload, token);
        if (truncating && slot % TRUNCATE_EVERY_RECORDS == 0) {
            wal.truncate(GROUP, slot - free.length);
        }
    }

    @Override
    public void onDurable(long token) {
        long nowNs = System.nanoTime();
        if (nowNs >= countedFromNs && nowNs < endNs) {
            latencyNs.recordValue(Math.min(HIGHEST_NS, nowNs - appendedNs[(int) token]));
        }
        free[freeCount++] = (int) token;
        if (loop != null && !refillQueued) {
            refillQueued = true;
            loop.execute(this::refill);
        }
    }

    @Override
    public void onFailed(WalFailedException failure) {
        ended.completeExceptionally(failure);
    }
}
