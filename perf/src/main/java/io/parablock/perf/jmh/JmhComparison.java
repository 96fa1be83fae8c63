package io.parablock.perf.jmh;

import io.parablock.perf.RoundMedians;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Two programs, measured in turn, round after round: what else the machine does falls on both. Prints Markdown: the ratio of
 * the medians, from where to where the ratios of single rounds go, and the ratio of the lowest iterations of all.
 */
public final class JmhComparison {
    private static final String BETWEEN = "--";
    private static final int EXIT_BAD = 2;

    private JmhComparison() {}

    /** Arguments: A's result files, one of each round, "--", B's. */
    public static void main(String[] args) {
        List<String> all = List.of(args);
        int between = all.indexOf(BETWEEN);
        if (between < 1 || all.size() != 2 * between + 1) {
            System.err.println("JmhComparison: A1 A2 … -- B1 B2 …, as many of B as of A");
            System.exit(EXIT_BAD);
        }
        try {
            print(rounds(all.subList(0, between)), rounds(all.subList(between + 1, all.size())), System.out);
        } catch (IOException e) {
            System.err.println("JmhComparison: " + e.getMessage());
            System.exit(EXIT_BAD);
        }
    }

    private static List<List<JmhRow>> rounds(List<String> files) throws IOException {
        List<List<JmhRow>> rounds = new ArrayList<>();
        for (String file : files) {
            rounds.add(JmhRow.read(Path.of(file)));
        }
        return rounds;
    }

    /** @param a a list of rows for each round, and {@code b} one for each of the same rounds */
    static void print(List<List<JmhRow>> a, List<List<JmhRow>> b, PrintStream out) {
        Map<String, List<JmhRow>> ofA = byKey(a);
        Map<String, List<JmhRow>> ofB = byKey(b);
        out.println(
                "| benchmark | parameters | A ns | B ns | B / A | rounds from | to | lowest B / A | A bytes | B bytes |");
        out.println("|---|---|---:|---:|---:|---:|---:|---:|---:|---:|");
        List<String> alone = new ArrayList<>();
        ofA.forEach((key, rowsA) -> {
            List<JmhRow> rowsB = ofB.remove(key);
            if (rowsB == null || rowsB.size() != a.size() || rowsA.size() != a.size()) {
                alone.add(key);
            } else {
                printRow(rowsA, rowsB, out);
            }
        });
        alone.addAll(ofB.keySet());
        for (String key : alone) {
            out.println();
            out.println("not in every round of both: " + key);
        }
    }

    private static Map<String, List<JmhRow>> byKey(List<List<JmhRow>> rounds) {
        Map<String, List<JmhRow>> byKey = new LinkedHashMap<>();
        for (List<JmhRow> round : rounds) {
            for (JmhRow row : round) {
                byKey.computeIfAbsent(row.key(), k -> new ArrayList<>()).add(row);
            }
        }
        return byKey;
    }

    private static double lowest(List<JmhRow> rounds) {
        return rounds.stream().mapToDouble(JmhRow::lowestNs).min().orElse(Double.NaN);
    }

    private static void printRow(List<JmhRow> a, List<JmhRow> b, PrintStream out) {
        double lowest = Double.POSITIVE_INFINITY;
        double highest = 0;
        for (int i = 0; i < a.size(); i++) {
            double ratio = b.get(i).medianNs() / a.get(i).medianNs();
            lowest = Math.min(lowest, ratio);
            highest = Math.max(highest, ratio);
        }
        double nsA = RoundMedians.median(a, JmhRow::medianNs);
        double nsB = RoundMedians.median(b, JmhRow::medianNs);
        out.printf(
                Locale.ROOT,
                "| %s | %s | %.1f | %.1f | %.2f | %.2f | %.2f | %.2f | %.1f | %.1f |%n",
                a.get(0).name(),
                a.get(0).shownParams(),
                nsA,
                nsB,
                nsB / nsA,
                lowest,
                highest,
                lowest(b) / lowest(a),
                RoundMedians.median(a, JmhRow::bytes),
                RoundMedians.median(b, JmhRow::bytes));
    }
}
