package io.parablock.perf.bench;

import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * What a run has measured.
 *
 * @param variants by name what the daemons said of themselves; the first is the one that the others are compared with
 * @param strictVariants by the name of a parallel variant that of the strict one that differs in nothing else
 * @param scenarios by name what they are, for people; in order
 * @param machine what it was measured on
 * @param rows by scenario, in it by load, in the order of the settings, and in that by variant
 * @param floor of each round
 * @param crossChecks one or none
 * @param notes what a reader must know, each a line
 * @param tookSeconds all of it, starts of clusters left out
 */
public record BenchResult(
        BenchSettings settings,
        Map<String, Map<String, String>> variants,
        Map<String, String> strictVariants,
        Map<String, String> scenarios,
        Map<String, String> machine,
        List<BenchRow> rows,
        List<FloorRound> floor,
        List<CrossCheck> crossChecks,
        List<String> notes,
        Instant began,
        double tookSeconds) {
    public BenchResult {
        rows = List.copyOf(rows);
        floor = List.copyOf(floor);
        crossChecks = List.copyOf(crossChecks);
        notes = List.copyOf(notes);
    }

    /** The row of the same load in the same scenario at the variant that the others are compared with. */
    public BenchRow base(BenchRow row) {
        return rows.stream()
                .filter(r -> r.scenario().equals(row.scenario()) && r.shape().equals(row.shape()))
                .findFirst()
                .orElse(row);
    }

    public long errors() {
        return rows.stream().mapToLong(BenchRow::errors).sum();
    }
}
