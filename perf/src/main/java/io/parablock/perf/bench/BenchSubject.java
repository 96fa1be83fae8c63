package io.parablock.perf.bench;

/**
 * A cluster in one scenario.
 *
 * @param scenario its name; subjects of one scenario are compared with the first of them
 * @param says what the scenario is, for people
 * @param overlapPercent share of the writes that go to the hot blocks, see {@link BenchSettings}
 * @param cluster may be that of other subjects too
 */
public record BenchSubject(String scenario, String says, int overlapPercent, MeasuredCluster cluster) {
    /** The scenario in which nothing is wrong. */
    public static final String CLEAN = "clean";
}
