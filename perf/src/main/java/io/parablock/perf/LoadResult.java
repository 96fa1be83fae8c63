package io.parablock.perf;

import java.util.List;
import org.HdrHistogram.Histogram;

/**
 * What a load saw.
 *
 * @param latencyNs of the recorded completions
 * @param errors requests answered with an error, or lost with a connection that was not to be replaced
 * @param verifyErrors reads that returned something no write put there, or something older than an answered write
 * @param unanswered requests still in flight when the load gave up
 * @param longestGapNs the longest time in which no request completed while some were wanted
 * @param problems the first few errors in words
 */
public record LoadResult(
        Histogram latencyNs,
        long reads,
        long writes,
        long errors,
        long verifyErrors,
        long unanswered,
        long reconnects,
        long longestGapNs,
        long elapsedNs,
        List<String> problems) {

    public LoadResult {
        problems = List.copyOf(problems);
    }

    public boolean clean() {
        return errors == 0 && verifyErrors == 0 && unanswered == 0;
    }

    public double operationsPerSecond() {
        return elapsedNs == 0 ? 0 : (reads + writes) * 1e9 / elapsedNs;
    }

    public double latencyUs(double percentile) {
        return latencyNs.getValueAtPercentile(percentile) / 1e3;
    }

    public double longestGapMs() {
        return longestGapNs / 1e6;
    }
}
