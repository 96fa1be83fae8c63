package io.parablock.perf.bench;

import io.parablock.perf.RoundMedians;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.HdrHistogram.Histogram;

/** All rounds of one load at one variant in one scenario. One thread. */
public final class BenchRow {
    private final String scenario;
    private final LoadShape shape;
    private final String variant;
    private final List<RoundFigures> rounds = new ArrayList<>();
    private final Histogram latencyNs = new Histogram(MeasuredLoad.LATENCY_MAX_NS, 3);
    private String problem = "";

    BenchRow(String scenario, LoadShape shape, String variant) {
        this.scenario = scenario;
        this.shape = shape;
        this.variant = variant;
    }

    void add(LoadFigures seen, double cpuSeconds) {
        rounds.add(RoundFigures.of(seen, cpuSeconds));
        latencyNs.add(seen.all());
        if (problem.isEmpty()) {
            problem = seen.problem();
        }
    }

    public String scenario() {
        return scenario;
    }

    public LoadShape shape() {
        return shape;
    }

    public String variant() {
        return variant;
    }

    /** In order. */
    public List<RoundFigures> rounds() {
        return List.copyOf(rounds);
    }

    /** The latencies of all rounds together, in nanoseconds. */
    public Histogram latencyNs() {
        return latencyNs;
    }

    /** The first error of any round in words, or empty. */
    public String problem() {
        return problem;
    }

    public double median(ToDoubleFunction<RoundFigures> of) {
        return RoundMedians.median(rounds, of);
    }

    /** The median of the rounds' ratios to {@code base}. */
    public double ratio(BenchRow base, ToDoubleFunction<RoundFigures> of) {
        return RoundMedians.medianRatio(rounds, base.rounds, of);
    }

    public long errors() {
        return rounds.stream().mapToLong(RoundFigures::errors).sum();
    }

    public long asked() {
        return rounds.stream().mapToLong(RoundFigures::asked).sum();
    }

    public long unanswered() {
        return rounds.stream().mapToLong(RoundFigures::unanswered).sum();
    }
}
