package io.parablock.perf.bench;

import io.parablock.perf.NbdClient;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.SplittableRandom;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * One measurement over one connection. It does no more for a request than it must, for it shares the processors with what it
 * measures: other than {@link io.parablock.perf.LoadGenerator} it does not look into what it reads, and lets requests overlap.
 *
 * <p>A request counts if it was to begin within the seconds that count, however late its answer comes; those before only warm
 * up.
 */
abstract class MeasuredLoad {
    /** Named limit: a latency above is recorded as this. */
    static final long LATENCY_MAX_NS = 3_600_000_000_000L;

    private static final int DIGITS = 3;
    /** Requests write slices of these random bytes, so that no two neighbours are alike. */
    private static final int SPARE_BYTES = 64 << 10;

    private static final int SLICE_STEP_BYTES = 512;

    private final NbdClient client;
    private final RequestMix mix;
    private final int blockBytes;
    private final ByteBuffer content;
    private final long countedFromNs;
    private final double seconds;

    /** On the clock of {@link System#nanoTime}. */
    final long beginNs;

    /** No request is to begin at it or after. */
    final long endNs;

    // Guarded by this.
    final ArrayDeque<Request> free = new ArrayDeque<>();
    private final Histogram reads = new Histogram(LATENCY_MAX_NS, DIGITS);
    private final Histogram writes = new Histogram(LATENCY_MAX_NS, DIGITS);
    private final Histogram sendDelays = new Histogram(LATENCY_MAX_NS, DIGITS);
    private int sliceBytes;
    private int inFlight;
    private int inFlightCounted;
    private long asked;
    private long unsent;
    private long errors;
    private long completions;
    private boolean stopped;
    private boolean lost;
    private @Nullable String problem;

    /** One of those that can be in flight at once; used again and again. */
    final class Request implements NbdClient.Completion {
        private boolean read;
        private boolean counted;
        private long intendedNs;

        @Override
        public void onReply(int error, ByteBuffer payload) {
            long nowNs = System.nanoTime();
            synchronized (MeasuredLoad.this) {
                if (!stopped) {
                    completed(this, error, nowNs);
                }
            }
        }
    }

    /**
     * @param requestsMax in flight at once
     * @param warmUpNs before what counts
     */
    MeasuredLoad(NbdClient client, RequestMix mix, int requestsMax, long warmUpNs, double seconds) {
        this.client = client;
        this.mix = mix;
        this.blockBytes = mix.blockBytes();
        this.seconds = seconds;
        byte[] random = new byte[blockBytes + SPARE_BYTES];
        new SplittableRandom(blockBytes).nextBytes(random);
        this.content = ByteBuffer.wrap(random);
        for (int i = 0; i < requestsMax; i++) {
            free.add(new Request());
        }
        this.beginNs = System.nanoTime();
        this.countedFromNs = beginNs + warmUpNs;
        this.endNs = countedFromNs + (long) (seconds * 1e9);
    }

    /** Asks until {@link #endNs}; what is still in flight then is waited for by {@link #run}. */
    abstract void ask() throws InterruptedException;

    /** A request has been answered and may be sent again; called with the monitor. */
    abstract void freed(Request request, long nowNs);

    /** Runs to its end and waits for the last answers, at most {@code drainMs}. Once. */
    final LoadFigures run(long drainMs) throws InterruptedException {
        ask();
        synchronized (this) {
            long deadlineNs = Math.max(endNs, System.nanoTime()) + drainMs * 1_000_000;
            while (inFlight > 0 && !lost) {
                long leftNs = deadlineNs - System.nanoTime();
                if (leftNs <= 0) {
                    break;
                }
                wait(leftNs / 1_000_000 + 1);
            }
            stopped = true;
            return new LoadFigures(
                    reads.copy(),
                    writes.copy(),
                    sendDelays.copy(),
                    seconds,
                    asked,
                    errors,
                    inFlightCounted + unsent,
                    completions,
                    problem == null ? "" : problem);
        }
    }

    /** With the monitor. */
    final boolean lost() {
        return lost;
    }

    /** Notes a request that could not even be sent; with the monitor. */
    final void unsent(long intendedNs) {
        if (intendedNs >= countedFromNs) {
            asked++;
            unsent++;
        }
    }

    /** Notes how late a request is sent; with the monitor. */
    final void delayed(long intendedNs, long nowNs) {
        if (intendedNs >= countedFromNs) {
            record(sendDelays, nowNs - intendedNs);
        }
    }

    /** Sends the next request of the mix; with the monitor. */
    final void send(Request request, long intendedNs) {
        request.read = mix.nextIsRead();
        request.intendedNs = intendedNs;
        request.counted = intendedNs >= countedFromNs;
        inFlight++;
        if (request.counted) {
            inFlightCounted++;
            asked++;
        }
        long offsetBytes = (long) mix.nextBlock(request.read) * blockBytes;
        if (request.read) {
            client.read(offsetBytes, blockBytes, request);
        } else {
            sliceBytes = (sliceBytes + SLICE_STEP_BYTES) % SPARE_BYTES;
            client.write(offsetBytes, content.limit(sliceBytes + blockBytes).position(sliceBytes), false, request);
        }
    }

    private void completed(Request request, int error, long nowNs) {
        inFlight--;
        if (request.counted) {
            inFlightCounted--;
        }
        if (error == 0) {
            completions++;
            if (request.counted) {
                record(request.read ? reads : writes, nowNs - request.intendedNs);
            }
        } else {
            errors++;
            lost |= error == NbdClient.CONNECTION_LOST;
            if (problem == null) {
                problem = error == NbdClient.CONNECTION_LOST
                        ? "the connection ended with requests in flight"
                        : "NBD error " + error + " of a " + (request.read ? "read" : "write");
            }
        }
        if (lost) {
            notifyAll();
        } else {
            freed(request, nowNs);
            if (inFlight == 0) {
                notifyAll();
            }
        }
    }

    private static void record(Histogram histogram, long latencyNs) {
        histogram.recordValue(Math.min(LATENCY_MAX_NS, Math.max(0, latencyNs)));
    }
}
