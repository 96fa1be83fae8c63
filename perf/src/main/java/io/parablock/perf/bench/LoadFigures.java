package io.parablock.perf.bench;

import org.HdrHistogram.Histogram;

/**
 * What one measurement saw.
 *
 * @param reads latencies of the reads that were answered, in nanoseconds
 * @param writes latencies of the writes that were answered
 * @param sendDelays by how much the load itself was late with its requests; empty for a closed loop, which never is
 * @param seconds that counted
 * @param asked requests of these seconds
 * @param errors requests answered with an error, or lost with the connection, also outside of these seconds
 * @param unanswered requests of these seconds that had no answer when the measurement gave up
 * @param completions all requests that were answered, the warm-up included
 * @param problem the first error in words, or empty
 */
public record LoadFigures(
        Histogram reads,
        Histogram writes,
        Histogram sendDelays,
        double seconds,
        long asked,
        long errors,
        long unanswered,
        long completions,
        String problem) {

    /** Reads and writes together. */
    public Histogram all() {
        Histogram all = reads.copy();
        all.add(writes);
        return all;
    }

    public long answered() {
        return reads.getTotalCount() + writes.getTotalCount();
    }

    public double perSecond() {
        return answered() / seconds;
    }
}
