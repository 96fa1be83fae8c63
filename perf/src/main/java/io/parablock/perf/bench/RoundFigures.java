package io.parablock.perf.bench;

/**
 * One measurement of one load at one cluster, in figures.
 *
 * @param asked requests of the seconds that counted
 * @param errors see {@link LoadFigures}
 * @param unanswered see {@link LoadFigures}
 * @param cpuUs processor time of all daemons for one request, in microseconds
 * @param all of the requests that were answered
 * @param sendDelays by how much an open loop was late itself
 */
public record RoundFigures(
        double perSecond,
        long asked,
        long errors,
        long unanswered,
        double cpuUs,
        Latencies all,
        Latencies reads,
        Latencies writes,
        Latencies sendDelays) {

    static RoundFigures of(LoadFigures seen, double cpuSeconds) {
        return new RoundFigures(
                seen.perSecond(),
                seen.asked(),
                seen.errors(),
                seen.unanswered(),
                cpuSeconds * 1e6 / Math.max(1, seen.completions()),
                Latencies.of(seen.all()),
                Latencies.of(seen.reads()),
                Latencies.of(seen.writes()),
                Latencies.of(seen.sendDelays()));
    }
}
