package io.parablock.perf.bench;

import io.parablock.perf.RoundMedians;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** What was measured as a table: for a terminal, in Markdown, and for the page. Columns: docs/benchmarks.md. */
public final class BenchTable {
    private static final String NOTHING = "-";
    private static final int TEXT_COLUMNS = 3;
    private static final int COMPARISON_TEXT_COLUMNS = 4;

    private static final int GOAL_TEXT_COLUMNS = 1;

    private final BenchResult result;
    private final boolean compared;

    public BenchTable(BenchResult result) {
        this.result = result;
        this.compared = result.variants().size() > 1;
    }

    List<String> header() {
        List<String> header = new ArrayList<>(List.of(
                "load",
                "scenario",
                "variant",
                "mean µs",
                "per second",
                "p50 µs",
                "p99 µs",
                "p99.9 µs",
                "max µs",
                "CPU µs",
                "p50 / floor",
                "p50 / round trip"));
        if (compared) {
            header.addAll(List.of("rate / A", "p50 / A", "p99 / A"));
        }
        return header;
    }

    List<List<String>> lines() {
        List<List<String>> lines = new ArrayList<>();
        for (BenchRow row : result.rows()) {
            lines.add(line(row));
            result.crossChecks().stream()
                    .filter(c -> c.scenario().equals(row.scenario())
                            && c.shape().equals(row.shape())
                            && c.variant().equals(row.variant()))
                    .forEach(c -> lines.add(line(c)));
        }
        return lines;
    }

    private List<String> line(BenchRow row) {
        List<String> line = new ArrayList<>(List.of(
                row.shape().label(),
                row.scenario(),
                row.variant(),
                whole(row.median(r -> r.all().meanUs())),
                whole(row.median(RoundFigures::perSecond)),
                whole(row.median(r -> r.all().p50Us())),
                whole(row.median(r -> r.all().p99Us())),
                whole(row.median(r -> r.all().p999Us())),
                whole(row.median(r -> r.all().maxUs())),
                whole(row.median(RoundFigures::cpuUs)),
                ofFloor(row, FloorRound::floorUs),
                ofFloor(row, FloorRound::roundTripUs)));
        if (compared) {
            BenchRow base = result.base(row);
            line.add(ratio(row, base, RoundFigures::perSecond));
            line.add(ratio(row, base, r -> r.all().p50Us()));
            line.add(ratio(row, base, r -> r.all().p99Us()));
        }
        return line;
    }

    private List<String> line(CrossCheck check) {
        List<String> line = new ArrayList<>(List.of(
                check.shape().label(),
                check.scenario(),
                check.variant() + ", seen by fio",
                NOTHING,
                whole(RoundMedians.median(check.rounds(), FioRound::perSecond)),
                whole(RoundMedians.median(check.rounds(), FioRound::p50Us)),
                whole(RoundMedians.median(check.rounds(), FioRound::p99Us))));
        while (line.size() < header().size()) {
            line.add(NOTHING);
        }
        return line;
    }

    /** Only one request at a time can be compared with what one takes. */
    private String ofFloor(BenchRow row, ToDoubleFunction<FloorRound> of) {
        return row.shape().alone() ? two(floorRatio(result, row, of)) : NOTHING;
    }

    /** The median of the rounds' p50 over what the machine allowed in the same round; NaN if that is not known. */
    static double floorRatio(BenchResult result, BenchRow row, ToDoubleFunction<FloorRound> of) {
        double[] ratios = new double[result.floor().size()];
        for (int i = 0; i < ratios.length; i++) {
            ratios[i] = row.rounds().get(i).all().p50Us()
                    / of.applyAsDouble(result.floor().get(i));
        }
        return RoundMedians.median(ratios);
    }

    List<String> comparisonHeader() {
        return List.of("load", "scenario", "parallel", "over strict", "mean", "p99", "per second");
    }

    /** Parallel over strict, in every scenario and for every load; empty if no variants differ in their mode alone. */
    List<List<String>> comparisonLines() {
        return ModeComparison.of(result).stream()
                .map(c -> List.of(
                        c.shape().label(),
                        c.scenario(),
                        c.parallel(),
                        c.strict(),
                        two(c.mean()),
                        two(c.p99()),
                        two(c.perSecond())))
                .toList();
    }

    List<String> goalHeader() {
        return List.of("goal", "bar", "figure", "met");
    }

    /** Of those goals that this run has measured. */
    List<List<String>> goalLines() {
        return BenchGoals.of(result).stream()
                .map(g -> List.of(g.what(), g.bar(), g.figure(), g.met() ? "yes" : "no"))
                .toList();
    }

    private static String ratio(BenchRow row, BenchRow base, ToDoubleFunction<RoundFigures> of) {
        return two(row.ratio(base, of));
    }

    private static String whole(double value) {
        return String.format(Locale.ROOT, "%.0f", value);
    }

    private static String two(double value) {
        return Double.isFinite(value) ? String.format(Locale.ROOT, "%.2f", value) : NOTHING;
    }

    /** What stands below: the floor, what A is, and what a reader must know. */
    List<String> remarks() {
        List<String> remarks = new ArrayList<>();
        double roundTripUs = RoundMedians.median(result.floor(), FloorRound::roundTripUs);
        double diskUs = RoundMedians.median(result.floor(), FloorRound::diskUs);
        if (Double.isFinite(diskUs)) {
            remarks.add(String.format(
                    Locale.ROOT,
                    "floor: %.0f µs = %.0f µs (p50 of the median of three writers of 8 KiB, O_DIRECT and O_DSYNC, by fio) +"
                            + " %.0f µs (a round trip of 4 KiB over the loopback)",
                    RoundMedians.median(result.floor(), FloorRound::floorUs),
                    diskUs,
                    roundTripUs));
        } else {
            remarks.add(String.format(
                    Locale.ROOT,
                    "a round trip of 4 KiB over the loopback: %.0f µs; the disk's floor is not known",
                    roundTripUs));
        }
        if (compared) {
            remarks.add("A: " + result.variants().keySet().iterator().next());
        }
        result.scenarios().forEach((name, says) -> remarks.add(name + ": " + says));
        result.rows().stream()
                .filter(row -> row.shape().open())
                .map(row -> String.format(
                        Locale.ROOT,
                        "%s, %s, %s: the load itself was late by %.0f µs (p50), %.0f µs (p99); that is in its latencies",
                        row.shape().label(),
                        row.scenario(),
                        row.variant(),
                        row.median(r -> r.sendDelays().p50Us()),
                        row.median(r -> r.sendDelays().p99Us())))
                .forEach(remarks::add);
        remarks.addAll(result.notes());
        return remarks;
    }

    /** In Markdown. */
    public void print(PrintWriter out) {
        print(out, header(), TEXT_COLUMNS, lines());
        List<List<String>> comparisons = comparisonLines();
        if (!comparisons.isEmpty()) {
            print(out, comparisonHeader(), COMPARISON_TEXT_COLUMNS, comparisons);
        }
        List<List<String>> goals = goalLines();
        if (!goals.isEmpty()) {
            print(out, goalHeader(), GOAL_TEXT_COLUMNS, goals);
        }
        for (String remark : remarks()) {
            out.println("- " + remark);
        }
        out.flush();
    }

    private static void print(PrintWriter out, List<String> header, int textColumns, List<List<String>> lines) {
        out.println("| " + String.join(" | ", header) + " |");
        out.println("|" + "---|".repeat(textColumns) + "---:|".repeat(header.size() - textColumns));
        for (List<String> line : lines) {
            out.println("| " + String.join(" | ", line) + " |");
        }
        out.println();
    }
}
