package io.parablock.perf.bench;

import java.util.Map;

/**
 * A cluster in one scenario.
 *
 * @param scenario its name; subjects of one scenario are compared with the first of them
 * @param says what the scenario is, for people
 * @param overlapPercent share of the writes that go to the hot blocks, see {@link BenchSettings}
 * @param observed whether a browser and a Prometheus ask its daemons for their pages meanwhile
 * @param reloaded configuration keys that its daemons have only while this subject is measured
 * @param cluster may be that of other subjects too
 */
public record BenchSubject(
        String scenario,
        String says,
        int overlapPercent,
        boolean observed,
        Map<String, String> reloaded,
        MeasuredCluster cluster) {
    /** The scenario in which nothing is wrong. */
    public static final String CLEAN = "clean";

    /** The scenario in which somebody looks at every page. */
    public static final String OBSERVED = "observed";
}
