package io.parablock.metrics;

import io.micrometer.core.instrument.distribution.CountAtBucket;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;

/**
 * Counts durations in twenty steps per decade from 1 µs to 100 s: two atomic additions and no allocation for each. The buckets
 * of Prometheus are a part of these steps, so that their counts are exact. Thread-safe.
 */
final class LatencyHistogram {
    private static final int[] STEPS = {
        100, 112, 125, 140, 160, 180, 200, 224, 250, 280, 315, 355, 400, 450, 500, 560, 630, 710, 800, 900
    };
    private static final int DECADES = 8;
    /** Upper bounds, included; one more bucket has what is longer. */
    private static final long[] BOUNDS_NS = bounds();

    /** Those that Prometheus gets, upper bounds in nanoseconds. */
    private static final long[] PUBLISHED_NS = {
        50_000,
        100_000,
        200_000,
        500_000,
        1_000_000,
        2_000_000,
        5_000_000,
        10_000_000,
        20_000_000,
        50_000_000,
        100_000_000,
        200_000_000,
        500_000_000,
        1_000_000_000,
        2_000_000_000,
        5_000_000_000L,
        10_000_000_000L
    };

    /** Percentiles are of what came in this time at least, and of twice as much at most if they are read often enough. */
    private static final long WINDOW_NS = TimeUnit.SECONDS.toNanos(30);

    private final AtomicLongArray counts = new AtomicLongArray(BOUNDS_NS.length + 1);
    private final LongAdder sumNs = new LongAdder();

    // Guarded by this.
    private long[] windowBegin = new long[BOUNDS_NS.length + 1];
    private long[] nextBegin = new long[BOUNDS_NS.length + 1];
    private long turnedNs;

    /** @param nowNs a clock's time that {@link #window} goes on with */
    LatencyHistogram(long nowNs) {
        this.turnedNs = nowNs;
    }

    private static long[] bounds() {
        long[] out = new long[STEPS.length * DECADES + 1];
        long decadeNs = 10;
        for (int i = 0; i < out.length; i++) {
            if (i % STEPS.length == 0 && i > 0) {
                decadeNs *= 10;
            }
            out[i] = STEPS[i % STEPS.length] * decadeNs;
        }
        return out;
    }

    /** Negative counts as 0. */
    void record(long elapsedNs) {
        int at = Arrays.binarySearch(BOUNDS_NS, elapsedNs);
        counts.getAndIncrement(at >= 0 ? at : -1 - at);
        sumNs.add(Math.max(0, elapsedNs));
    }

    long count() {
        return Arrays.stream(read()).sum();
    }

    long sumNs() {
        return sumNs.sum();
    }

    private long[] read() {
        long[] out = new long[counts.length()];
        for (int i = 0; i < out.length; i++) {
            out[i] = counts.get(i);
        }
        return out;
    }

    /** How many there are up to each bound of {@link #publishedSeconds} and above the one before it; not cumulative. */
    long[] published() {
        long[] all = read();
        long[] out = new long[PUBLISHED_NS.length + 1];
        int at = 0;
        for (int i = 0; i < all.length; i++) {
            while (at < PUBLISHED_NS.length && (i == BOUNDS_NS.length || BOUNDS_NS[i] > PUBLISHED_NS[at])) {
                at++;
            }
            out[at] += all[i];
        }
        return out;
    }

    /** Of each step, how many are up to its bound, which is in nanoseconds; what is longer than all is left out. */
    CountAtBucket[] cumulative() {
        CountAtBucket[] out = new CountAtBucket[BOUNDS_NS.length];
        long below = 0;
        for (int i = 0; i < out.length; i++) {
            below += counts.get(i);
            out[i] = new CountAtBucket((double) BOUNDS_NS[i], below);
        }
        return out;
    }

    /** Upper bounds, the last one infinite. */
    static double[] publishedSeconds() {
        double[] out = new double[PUBLISHED_NS.length + 1];
        for (int i = 0; i < PUBLISHED_NS.length; i++) {
            out[i] = PUBLISHED_NS[i] / 1e9;
        }
        out[PUBLISHED_NS.length] = Double.POSITIVE_INFINITY;
        return out;
    }

    /** Those of the last half minute to minute. */
    synchronized Window window(long nowNs) {
        long[] now = read();
        if (nowNs - turnedNs >= WINDOW_NS) {
            windowBegin = nextBegin;
            nextBegin = now;
            turnedNs = nowNs;
        }
        long[] of = new long[now.length];
        for (int i = 0; i < of.length; i++) {
            of[i] = now[i] - windowBegin[i];
        }
        return new Window(of);
    }

    /** Counts of a limited time. */
    static final class Window {
        private final long[] of;
        private final long total;

        private Window(long[] of) {
            this.of = of;
            this.total = Arrays.stream(of).sum();
        }

        /** Interpolated within the step: at most 6 % beside the truth. 0 if there is nothing. */
        double percentileNs(double part) {
            double wanted = part * total;
            long below = 0;
            for (int i = 0; i < of.length; i++) {
                if (of[i] > 0 && below + of[i] >= wanted) {
                    double inStep = Math.min(1, Math.max(0, (wanted - below) / of[i]));
                    double from = i == 0 ? 0 : BOUNDS_NS[i - 1];
                    double to = BOUNDS_NS[Math.min(i, BOUNDS_NS.length - 1)];
                    return from + (to - from) * inStep;
                }
                below += of[i];
            }
            return 0;
        }

        /** The upper bound of the longest one's step. */
        double maxNs() {
            for (int i = of.length - 1; i >= 0; i--) {
                if (of[i] > 0) {
                    return BOUNDS_NS[Math.min(i, BOUNDS_NS.length - 1)];
                }
            }
            return 0;
        }
    }
}
