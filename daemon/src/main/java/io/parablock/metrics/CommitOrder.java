package io.parablock.metrics;

import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How far the latest committed writes overtook each other: of each, how many writes in lower slots of its group were not
 * committed yet at that moment. All zeros in strict mode. Only a leader knows; empty on other nodes. Thread-safe.
 */
public final class CommitOrder {
    /** Named limit: so many writes are remembered. */
    public static final int WRITES_MAX = 4096;

    private final AtomicIntegerArray overtaken = new AtomicIntegerArray(WRITES_MAX);
    private final AtomicLong count = new AtomicLong();

    /** @param lowerUncommitted writes in lower slots that were not committed yet */
    void add(int lowerUncommitted) {
        overtaken.set((int) (count.getAndIncrement() % WRITES_MAX), lowerUncommitted);
    }

    /** Of the latest writes, oldest first; from any thread. While writes are committed the oldest may be newer ones. */
    public int[] recent() {
        long end = count.get();
        int size = (int) Math.min(end, WRITES_MAX);
        int[] out = new int[size];
        for (int i = 0; i < size; i++) {
            out[i] = overtaken.get((int) ((end - size + i) % WRITES_MAX));
        }
        return out;
    }

    /** Writes since the start of the process. */
    public long count() {
        return count.get();
    }
}
