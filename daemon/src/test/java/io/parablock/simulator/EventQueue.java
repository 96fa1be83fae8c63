package io.parablock.simulator;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** What is to happen, by (time, order of {@link #add}): a binary heap in flat arrays. */
final class EventQueue {
    private static final int FIRST_CAPACITY = 256;

    private long[] timesNs = new long[FIRST_CAPACITY];
    private long[] sequences = new long[FIRST_CAPACITY];
    private @Nullable Runnable[] works = new @Nullable Runnable[FIRST_CAPACITY];
    private int size;
    private long nextSequence;

    boolean isEmpty() {
        return size == 0;
    }

    /** Of the next event; only if there is one. */
    long firstNs() {
        return timesNs[0];
    }

    void add(long timeNs, Runnable work) {
        if (size == works.length) {
            timesNs = Arrays.copyOf(timesNs, 2 * size);
            sequences = Arrays.copyOf(sequences, 2 * size);
            works = Arrays.copyOf(works, 2 * size);
        }
        long sequence = nextSequence++;
        int at = size++;
        while (at > 0) {
            int parent = (at - 1) >>> 1;
            // It has the highest sequence of all.
            if (timesNs[parent] <= timeNs) {
                break;
            }
            move(parent, at);
            at = parent;
        }
        place(at, timeNs, sequence, work);
    }

    /** Takes the next event; only if there is one. */
    Runnable remove() {
        Runnable first = works[0];
        if (first == null) {
            throw new IllegalStateException("no event");
        }
        int last = --size;
        long timeNs = timesNs[last];
        long sequence = sequences[last];
        Runnable work = works[last];
        works[last] = null;
        int at = 0;
        for (int child = 1; child < last; child = 2 * at + 1) {
            if (child + 1 < last && isBefore(child + 1, timesNs[child], sequences[child])) {
                child++;
            }
            if (!isBefore(child, timeNs, sequence)) {
                break;
            }
            move(child, at);
            at = child;
        }
        if (last > 0) {
            place(at, timeNs, sequence, work);
        }
        return first;
    }

    private boolean isBefore(int at, long timeNs, long sequence) {
        return timesNs[at] != timeNs ? timesNs[at] < timeNs : sequences[at] < sequence;
    }

    private void move(int from, int to) {
        place(to, timesNs[from], sequences[from], works[from]);
    }

    private void place(int at, long timeNs, long sequence, @Nullable Runnable work) {
        timesNs[at] = timeNs;
        sequences[at] = sequence;
        works[at] = work;
    }
}
