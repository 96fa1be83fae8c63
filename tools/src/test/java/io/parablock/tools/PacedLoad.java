package io.parablock.tools;

import io.parablock.perf.NbdClient;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.locks.LockSupport;

/** One connection that asks for a write and a read at fixed moments, whatever is unanswered, and measures how long each takes. */
final class PacedLoad implements AutoCloseable {
    private static final long INTERVAL_NS = 2_000_000;
    private static final int IN_FLIGHT_MAX = 512;
    private static final int BLOCK_BYTES = 4096;
    private static final int BLOCKS = 1024;

    private final NbdClient client;
    private final long firstByte;
    private final Thread thread = new Thread(this::drive, "paced-load");
    private final byte[] content = new byte[BLOCK_BYTES];

    // Guarded by this.
    private long[] latencyNs = new long[1 << 12];
    private int count;
    private long takenNs = System.nanoTime();
    private int inFlight;
    private int errors;
    private boolean closing;

    PacedLoad(InetSocketAddress address, long firstByte) throws IOException {
        this.client = NbdClient.connect(address, LiveCluster.EXPORT);
        this.firstByte = firstByte;
        Arrays.fill(content, (byte) 7);
        thread.setDaemon(true);
        thread.start();
    }

    private void drive() {
        long nextNs = System.nanoTime();
        for (int turn = 0; !isClosing(); turn++) {
            long offset = firstByte + (long) (turn * 37 % BLOCKS) * BLOCK_BYTES;
            if (mayAsk()) {
                long sentNs = System.nanoTime();
                client.write(offset, ByteBuffer.wrap(content), false, (error, none) -> answered(sentNs, error));
                client.read(offset, BLOCK_BYTES, (error, found) -> answered(sentNs, error));
            }
            nextNs = Math.max(nextNs + INTERVAL_NS, System.nanoTime());
            LockSupport.parkNanos(nextNs - System.nanoTime());
            while (System.nanoTime() < nextNs && !Thread.interrupted()) {
                LockSupport.parkNanos(nextNs - System.nanoTime());
            }
        }
    }

    private synchronized boolean isClosing() {
        return closing;
    }

    private synchronized boolean mayAsk() {
        boolean may = inFlight < IN_FLIGHT_MAX;
        inFlight += may ? 2 : 0;
        return may;
    }

    private synchronized void answered(long sentNs, int error) {
        inFlight--;
        errors += error == 0 || closing ? 0 : 1;
        if (count == latencyNs.length) {
            latencyNs = Arrays.copyOf(latencyNs, 2 * count);
        }
        latencyNs[count++] = System.nanoTime() - sentNs;
    }

    /**
     * The 99th percentile of the latencies since the last call, in milliseconds. If nothing was answered since then, that time:
     * it has lasted as long at least.
     */
    synchronized double takeP99Ms() {
        long sinceNs = System.nanoTime() - takenNs;
        takenNs += sinceNs;
        if (count == 0) {
            return sinceNs / 1e6;
        }
        long[] sorted = Arrays.copyOf(latencyNs, count);
        Arrays.sort(sorted);
        count = 0;
        return sorted[(int) (sorted.length * 0.99)] / 1e6;
    }

    /** The latencies up to now count no more. */
    synchronized void forget() {
        takenNs = System.nanoTime();
        count = 0;
    }

    /** Requests that were answered with an error or not at all. */
    synchronized int errors() {
        return errors;
    }

    @Override
    public void close() {
        synchronized (this) {
            closing = true;
        }
        client.close();
    }
}
