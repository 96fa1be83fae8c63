package io.parablock.metrics;

import io.micrometer.core.instrument.AbstractTimer;
import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.distribution.HistogramSnapshot;
import io.micrometer.core.instrument.distribution.NoopHistogram;
import io.micrometer.core.instrument.distribution.ValueAtPercentile;
import io.micrometer.core.instrument.distribution.pause.NoPauseDetector;
import java.util.concurrent.TimeUnit;

/**
 * A Timer over a {@link LatencyHistogram}: one of Micrometer's own that has percentiles too puts each duration into several
 * histograms besides. Its snapshot has p50, p99 and p99.9 of the last half minute to minute, and the
 * counts of all steps since the start.
 */
final class LatencyTimer extends AbstractTimer {
    private static final double[] PERCENTILES = {0.5, 0.99, 0.999};

    private final LatencyHistogram durations;

    LatencyTimer(Meter.Id id, Clock clock) {
        super(id, clock, NoPauseDetector.INSTANCE, TimeUnit.SECONDS, NoopHistogram.INSTANCE);
        this.durations = new LatencyHistogram(clock.monotonicTime());
    }

    LatencyHistogram durations() {
        return durations;
    }

    @Override
    protected void recordNonNegative(long amount, TimeUnit unit) {
        durations.record(unit.toNanos(amount));
    }

    @Override
    public long count() {
        return durations.count();
    }

    @Override
    public double totalTime(TimeUnit unit) {
        return (double) durations.sumNs() / unit.toNanos(1);
    }

    @Override
    public double max(TimeUnit unit) {
        return durations.window(clock.monotonicTime()).maxNs() / unit.toNanos(1);
    }

    @Override
    public HistogramSnapshot takeSnapshot() {
        LatencyHistogram.Window window = durations.window(clock.monotonicTime());
        ValueAtPercentile[] percentiles = new ValueAtPercentile[PERCENTILES.length];
        for (int i = 0; i < percentiles.length; i++) {
            percentiles[i] = new ValueAtPercentile(PERCENTILES[i], window.percentileNs(PERCENTILES[i]));
        }
        return new HistogramSnapshot(
                count(),
                (double) durations.sumNs(),
                window.maxNs(),
                percentiles,
                durations.cumulative(),
                (out, scale) -> {});
    }
}
