package io.parablock.metrics;

import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.distribution.CountAtBucket;
import io.micrometer.core.instrument.distribution.HistogramSnapshot;
import io.micrometer.core.instrument.distribution.ValueAtPercentile;
import java.util.concurrent.TimeUnit;

/**
 * What a timer recorded between two readings. Of a timer with histogram buckets the percentiles are those of the interval alone,
 * as exact as the buckets are fine; of one without, those of the timer's own sliding window. One thread at a time.
 */
public final class TimerInterval {
    /** Fewer are the goals of somebody's alarm, not a histogram. */
    private static final int BUCKETS_MIN = 8;

    private final Timer timer;
    private long count;
    private double[] buckets = {};

    /**
     * Microseconds; all NaN if nothing was recorded.
     *
     * @param count recorded in the interval
     */
    public record Percentiles(long count, double p50Us, double p99Us, double p999Us) {
        private static final Percentiles NONE = new Percentiles(0, Double.NaN, Double.NaN, Double.NaN);
    }

    /** The first interval begins here. */
    public TimerInterval(Timer timer) {
        this.timer = timer;
        Percentiles unused = take();
    }

    /** Of the interval since the last call, which ends here. */
    public Percentiles take() {
        HistogramSnapshot now = timer.takeSnapshot();
        long recorded = now.count() - count;
        count = now.count();
        double[] before = buckets;
        CountAtBucket[] after = now.histogramCounts();
        buckets = new double[after.length];
        double[] upTo = new double[after.length];
        for (int i = 0; i < after.length; i++) {
            buckets[i] = after[i].count();
            upTo[i] = buckets[i] - (before.length == after.length ? before[i] : 0);
        }
        if (recorded <= 0) {
            return Percentiles.NONE;
        }
        if (after.length < BUCKETS_MIN) {
            return new Percentiles(recorded, windowUs(now, 0.5), windowUs(now, 0.99), windowUs(now, 0.999));
        }
        double maxUs = now.max(TimeUnit.MICROSECONDS);
        double all = upTo[upTo.length - 1];
        if (maxUs > after[after.length - 1].bucket(TimeUnit.MICROSECONDS)) {
            // Some are in no bucket. Otherwise a difference is only that the snapshot is not of one moment.
            all = Math.max(all, (double) recorded);
        }
        return new Percentiles(
                recorded,
                intervalUs(after, upTo, maxUs, 0.5 * all),
                intervalUs(after, upTo, maxUs, 0.99 * all),
                intervalUs(after, upTo, maxUs, 0.999 * all));
    }

    private static double windowUs(HistogramSnapshot now, double percentile) {
        for (ValueAtPercentile v : now.percentileValues()) {
            if (v.percentile() == percentile) {
                return v.value(TimeUnit.MICROSECONDS);
            }
        }
        return Double.NaN;
    }

    /**
     * @param upTo how many of the interval are not above each bucket's bound
     * @param wanted how many are to be not above the answer
     */
    private static double intervalUs(CountAtBucket[] bounds, double[] upTo, double maxUs, double wanted) {
        double below = 0;
        for (int i = 0; i < bounds.length; i++) {
            if (upTo[i] > below && upTo[i] >= wanted) {
                double fromUs = i == 0 ? 0 : bounds[i - 1].bucket(TimeUnit.MICROSECONDS);
                double toUs = bounds[i].bucket(TimeUnit.MICROSECONDS);
                return Double.isInfinite(toUs)
                        ? Math.max(fromUs, maxUs)
                        : fromUs + (toUs - fromUs) * Math.max(0, wanted - below) / (upTo[i] - below);
            }
            below = upTo[i];
        }
        return maxUs;
    }
}
