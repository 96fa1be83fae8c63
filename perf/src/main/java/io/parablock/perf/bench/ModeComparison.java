package io.parablock.perf.bench;

import java.util.ArrayList;
import java.util.List;

/**
 * One load in one scenario: the figures of a parallel variant over those of the strict one that differs in nothing else, each the
 * median of the rounds' ratios. Below 1 is better for the latencies, above 1 for the rate.
 */
public record ModeComparison(
        String scenario, LoadShape shape, String parallel, String strict, double mean, double p99, double perSecond) {

    /** In the order of the rows. */
    static List<ModeComparison> of(BenchResult result) {
        List<ModeComparison> all = new ArrayList<>();
        for (BenchRow row : result.rows()) {
            String strict = result.strictVariants().get(row.variant());
            result.rows().stream()
                    .filter(r ->
                            r.scenario().equals(row.scenario()) && r.shape().equals(row.shape()))
                    .filter(r -> r.variant().equals(strict))
                    .map(base -> of(row, base))
                    .forEach(all::add);
        }
        return all;
    }

    private static ModeComparison of(BenchRow row, BenchRow strict) {
        return new ModeComparison(
                row.scenario(),
                row.shape(),
                row.variant(),
                strict.variant(),
                row.ratio(strict, r -> r.all().meanUs()),
                row.ratio(strict, r -> r.all().p99Us()),
                row.ratio(strict, RoundFigures::perSecond));
    }
}
