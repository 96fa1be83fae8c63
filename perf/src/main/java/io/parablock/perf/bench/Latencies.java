package io.parablock.perf.bench;

import org.HdrHistogram.Histogram;

/** Percentiles in microseconds; all 0 if nothing was recorded. */
public record Latencies(
        long count, double meanUs, double p50Us, double p90Us, double p99Us, double p999Us, double maxUs) {
    private static final double NS_PER_US = 1e3;

    /** @param latencyNs in nanoseconds */
    static Latencies of(Histogram latencyNs) {
        return new Latencies(
                latencyNs.getTotalCount(),
                latencyNs.getMean() / NS_PER_US,
                us(latencyNs, 50),
                us(latencyNs, 90),
                us(latencyNs, 99),
                us(latencyNs, 99.9),
                latencyNs.getMaxValue() / NS_PER_US);
    }

    private static double us(Histogram latencyNs, double percentile) {
        return latencyNs.getValueAtPercentile(percentile) / NS_PER_US;
    }
}
