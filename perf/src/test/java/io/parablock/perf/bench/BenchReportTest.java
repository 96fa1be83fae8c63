package io.parablock.perf.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.awt.Color;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchReportTest {
    private static final LoadShape ALONE = LoadShape.closed(1);
    private static final LoadShape DEEP = LoadShape.closed(32);
    private static final LoadShape STEADY = LoadShape.open(1000);
    private static final String A = "parallel fsync";
    private static final String B = "strict fsync";

    @TempDir
    Path folder;

    @Test
    void shouldTellEveryRoundInJson() {
        JsonNode json = BenchJson.of(result(List.of(100.0, 300.0, 200.0)));
        assertThat(json.path("machine").path("commit").asText()).isEqualTo("abc <i>");
        assertThat(json.path("settings").path("loads")).hasSize(3);
        assertThat(json.path("variants").path(1).path("mode").asText()).isEqualTo("strict");
        assertThat(json.path("rows")).hasSize(6);
        JsonNode alone = json.path("rows").path(0);
        assertThat(alone.path("loop").asText()).isEqualTo("closed");
        assertThat(alone.path("depth").asInt()).isEqualTo(1);
        assertThat(alone.path("rounds")).hasSize(2);
        assertThat(alone.path("rounds").path(0).path("all").path("p50_us").asDouble())
                .isCloseTo(400, within(1.0));
        assertThat(alone.path("rounds").path(0).path("all").path("count").asLong())
                .isEqualTo(100);
        assertThat(alone.path("rounds").path(0).path("reads").path("count").asLong())
                .isZero();
        assertThat(alone.path("rounds").path(0).path("cpu_us").asDouble()).isEqualTo(5_000);
        // The median writer takes 200 and the loopback 50; the medians of the rounds' ratios.
        assertThat(alone.path("ratios").path("p50_to_floor").asDouble()).isCloseTo(1.6, within(0.01));
        assertThat(alone.path("ratios").path("per_second_to_first").asDouble()).isEqualTo(1);
        JsonNode other = json.path("rows").path(1);
        assertThat(other.path("variant").asText()).isEqualTo(B);
        assertThat(other.path("ratios").path("p50_to_first").asDouble()).isCloseTo(2, within(0.01));
        assertThat(json.path("rows").path(4).path("rate_per_second").asInt()).isEqualTo(1000);
        assertThat(json.path("rows").path(4).path("rounds").path(0).has("send_delays"))
                .isTrue();
        assertThat(json.path("cross_checks")
                        .path(0)
                        .path("rounds")
                        .path(0)
                        .path("p99_us")
                        .asDouble())
                .isEqualTo(900);
        assertThat(json.path("floor").path(0).path("writers_p50_us")).hasSize(3);
        assertThat(json.path("notes").path(0).asText()).isEqualTo("a note & more");
    }

    @Test
    void shouldSayWhatIsNotKnown() {
        BenchResult result = result(List.of());
        JsonNode json = BenchJson.of(result);
        assertThat(json.path("floor").path(0).path("floor_us").isNull()).isTrue();
        assertThat(json.path("rows").path(0).path("ratios").path("p50_to_floor").isNull())
                .isTrue();
        StringWriter printed = new StringWriter();
        new BenchTable(result).print(new PrintWriter(printed));
        assertThat(printed.toString())
                .contains("the disk's floor is not known")
                .contains("| depth 1 | clean | " + A + " |");
        assertThat(printed.toString()).doesNotContain("NaN");
    }

    @Test
    void shouldPrintARowForEachLoadAndVariantAndForFio() {
        StringWriter printed = new StringWriter();
        new BenchTable(result(List.of(100.0, 300.0, 200.0))).print(new PrintWriter(printed));
        List<String[]> rows = printed.toString()
                .lines()
                .takeWhile(line -> !line.isEmpty())
                .filter(line -> line.startsWith("| ") && !line.startsWith("| load"))
                .map(line -> line.split(" *\\| *"))
                .toList();
        assertThat(rows)
                .extracting(row -> row[1] + ", " + row[3])
                .containsExactly(
                        "depth 1, " + A,
                        "depth 1, " + B,
                        "depth 32, " + A,
                        "depth 32, " + A + ", seen by fio",
                        "depth 32, " + B,
                        "1000/s, " + A,
                        "1000/s, " + B);
        assertThat(rows.get(1)).endsWith("2.00", "2.00");
        assertThat(rows.get(0)[11]).isEqualTo("1.60");
        assertThat(rows.get(2)[11]).as("the floor is that of one request").isEqualTo("-");
        assertThat(printed.toString()).contains("- A: " + A).contains("- a note & more");
    }

    @Test
    void shouldCompareTheModesInEachScenario() throws Exception {
        BenchResult result = result(List.of(), BenchSubject.CLEAN, "lane-stall");
        List<ModeComparison> all = ModeComparison.of(result);
        assertThat(all)
                .extracting(c -> c.scenario() + ", " + c.shape().label())
                .containsExactly(
                        "clean, depth 1",
                        "clean, depth 32",
                        "clean, 1000/s",
                        "lane-stall, depth 1",
                        "lane-stall, depth 32",
                        "lane-stall, 1000/s");
        assertThat(all).allMatch(c -> c.parallel().equals(A) && c.strict().equals(B));
        assertThat(all.get(1).mean()).isCloseTo(0.5, within(0.001));
        assertThat(all.get(4).mean()).isCloseTo(0.25, within(0.001));
        assertThat(all.get(4).p99()).isCloseTo(0.25, within(0.001));
        assertThat(all.get(4).perSecond()).isEqualTo(1);

        JsonNode json = BenchJson.of(result);
        assertThat(json.path("scenarios").path("lane-stall").asText()).isEqualTo("what is wrong in lane-stall");
        assertThat(json.path("rows")).hasSize(12);
        JsonNode row = json.path("rows").path(9);
        assertThat(row.path("scenario").asText()).isEqualTo("lane-stall");
        assertThat(row.path("histogram").asText()).isEqualTo("lane-stall_depth-32_strict-fsync.hgrm");
        assertThat(row.path("ratios").path("p50_to_first").asDouble()).isCloseTo(4, within(0.01));
        JsonNode comparison = json.path("comparisons").path(4);
        assertThat(comparison.path("scenario").asText()).isEqualTo("lane-stall");
        assertThat(comparison.path("depth").asInt()).isEqualTo(32);
        assertThat(comparison.path("p99_ratio").asDouble()).isCloseTo(0.25, within(0.001));

        StringWriter printed = new StringWriter();
        new BenchTable(result).print(new PrintWriter(printed));
        assertThat(printed.toString())
                .contains("| depth 32 | lane-stall | " + A + " | " + B + " | 0.25 | 0.25 | 1.00 |")
                .contains("- lane-stall: what is wrong in lane-stall");
        String page = BenchPage.of(result);
        assertThat(page).contains("<h2>Parallel over strict</h2>", "<td>lane-stall</td>", "depth 32, lane-stall");
        assertThat(pictures(page)).hasSize(10);
    }

    @Test
    void shouldSayWhichGoalsARunHasMet() throws Exception {
        BenchResult result = result(List.of(100.0, 300.0, 200.0), BenchSubject.CLEAN, "lane-stall", "slow-follower");
        assertThat(BenchGoals.of(result))
                .extracting(g -> g.what().replace(A, "A") + " " + g.bar() + ": " + g.figure() + " " + g.met())
                .containsExactly(
                        "clean, depth 1, A: p50 / floor ≤ 1.50: 1.60 false",
                        "clean, depth 32, A: per second ≥ 18000: 100 false",
                        "clean, depth 32, A: p99 µs ≤ 6000: 401 true",
                        "slow-follower, depth 1, A: p99 / clean ≤ 1.20: 1.00 true",
                        "slow-follower, depth 32, A: p99 / clean ≤ 1.20: 1.00 true",
                        "clean, depth 1, A: rate / strict ≥ 0.95: 1.00 true",
                        "clean, depth 32, A: rate / strict ≥ 0.95: 1.00 true",
                        "lane-stall, depth 1, A: mean / strict ≤ 0.40: 0.25 true",
                        "lane-stall, depth 1, A: p99 / strict ≤ 0.20: 0.25 false",
                        "lane-stall, depth 1, A: rate / strict ≥ 2.00: 1.00 false",
                        "lane-stall, depth 32, A: mean / strict ≤ 0.40: 0.25 true",
                        "lane-stall, depth 32, A: p99 / strict ≤ 0.20: 0.25 false",
                        "lane-stall, depth 32, A: rate / strict ≥ 2.00: 1.00 false",
                        "slow-follower, depth 1, A: rate / strict ≥ 0.95: 1.00 true",
                        "slow-follower, depth 32, A: rate / strict ≥ 0.95: 1.00 true");
        assertThat(BenchJson.of(result).path("goals")).hasSize(15);
        assertThat(BenchPage.of(result)).contains("<h2>Goals</h2>", "<td>clean, depth 1, " + A + ": p50 / floor</td>");
        StringWriter printed = new StringWriter();
        new BenchTable(result).print(new PrintWriter(printed));
        assertThat(printed.toString()).contains("| clean, depth 1, " + A + ": p50 / floor | ≤ 1.50 | 1.60 | no |");
    }

    @Test
    void shouldHoldCheckpointsToTwiceTheTailWithoutThem() throws Exception {
        BenchResult result = result(List.of(100.0, 300.0, 200.0), BenchSubject.CLEAN, "rare-checkpoints");
        assertThat(BenchGoals.of(result))
                .filteredOn(g -> g.what().contains("checkpoints"))
                .extracting(g -> g.what().replace(A, "A") + " " + g.bar() + ": " + g.figure() + " " + g.met())
                .startsWith(
                        "clean, depth 1, A: p99 / rare checkpoints ≤ 2.00: 1.00 true",
                        "clean, depth 32, A: p99 / rare checkpoints ≤ 2.00: 1.00 true");
    }

    @Test
    void shouldHoldALookedAtClusterToTheRateOfOneThatNobodyMeasures() throws Exception {
        BenchResult result = result(List.of(100.0, 300.0, 200.0), BenchSubject.OBSERVED, "unobserved");
        assertThat(BenchGoals.of(result))
                .filteredOn(g -> g.what().contains("unobserved") && g.what().startsWith("observed"))
                .extracting(g -> g.what().replace(A, "A") + " " + g.bar() + ": " + g.figure() + " " + g.met())
                .containsExactly(
                        "observed, depth 1, A: p50 / unobserved ≤ 1.02: 1.00 true",
                        "observed, depth 32, A: rate / unobserved ≥ 0.98: 1.00 true");
    }

    @Test
    void shouldDrawACurveForEachVariantOnAPageThatNeedsNothingElse() throws Exception {
        String page = BenchPage.of(result(List.of(100.0, 300.0, 200.0)));
        assertThat(page).contains("<td>depth 32</td>", "abc &lt;i&gt;", "a note &amp; more");
        assertThat(page).doesNotContain("http://", "https://", "<script", "<link");
        List<String> pictures = pictures(page);
        assertThat(pictures).as("two by depth, one for each load").hasSize(5);
        assertThat(pictures).allSatisfy(svg -> {
            assertThat(curves(svg, 0)).as("of A, and its legend").isGreaterThan(1);
            assertThat(curves(svg, 1)).as("of B, and its legend").isGreaterThan(1);
            assertThat(curves(svg, 2)).as("of nobody").isZero();
        });
    }

    @Test
    void shouldWritePercentilesOfAllRounds() throws Exception {
        BenchResult result = result(List.of());
        HgrmFiles.write(result, folder);
        try (var files = Files.list(folder)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .contains("depth-32_parallel-fsync.hgrm", "1000-per-second_strict-fsync.hgrm")
                    .hasSize(6);
        }
        assertThat(Files.readString(folder.resolve("depth-1_parallel-fsync.hgrm")))
                .contains("Total count    =          200");
    }

    @Test
    void shouldRefuseWhatCannotBeMeasured() {
        assertThatThrownBy(() -> settings(0, 0, 8)).hasMessageContaining("nothing to measure");
        assertThatThrownBy(() -> settings(0, 0, 8, LoadShape.closed(0))).hasMessageContaining("depth 0");
        assertThatThrownBy(() -> settings(0, 0, 8, LoadShape.closed(1025))).hasMessageContaining("depth 1025");
        assertThatThrownBy(() -> settings(0, 0, 8, LoadShape.open(0))).hasMessageContaining("rate of 0");
        assertThatThrownBy(() -> settings(101, 0, 8, ALONE)).hasMessageContaining("reads 101");
        assertThatThrownBy(() -> settings(0, 0, 0, ALONE)).hasMessageContaining("hot blocks 0");
    }

    /** What is inside of a page's images. */
    static List<String> pictures(String page) {
        List<String> pictures = new ArrayList<>();
        Pattern.compile("data:image/svg\\+xml;base64,([A-Za-z0-9+/=]+)")
                .matcher(page)
                .results()
                .forEach(found ->
                        pictures.add(new String(Base64.getDecoder().decode(found.group(1)), StandardCharsets.UTF_8)));
        return pictures;
    }

    private static long curves(String svg, int variant) {
        Color color = BenchPictures.COLORS[variant];
        String stroke = "stroke:rgb(" + color.getRed() + "," + color.getGreen() + "," + color.getBlue() + ")";
        return svg.lines()
                .filter(line -> line.contains("<line") && line.contains(stroke))
                .count();
    }

    static BenchSettings settings(int readPercent, int overlapPercent, int hotBlocks, LoadShape... shapes) {
        return new BenchSettings(
                List.of(shapes), 4096, readPercent, Addresses.uniform, overlapPercent, hotBlocks, 64 << 20, 1, 0, 2, 1);
    }

    private static BenchResult result(List<Double> writersP50Us) {
        return result(writersP50Us, BenchSubject.CLEAN);
    }

    /** Two rounds of three loads at two variants; B takes twice as long as A, four times where something is wrong. */
    private static BenchResult result(List<Double> writersP50Us, String... names) {
        List<BenchRow> rows = new ArrayList<>();
        Map<String, String> scenarios = new LinkedHashMap<>();
        for (String scenario : names) {
            scenarios.put(scenario, "what is wrong in " + scenario);
            long slower = scenario.equals(BenchSubject.CLEAN) ? 2 : 4;
            for (LoadShape shape : List.of(ALONE, DEEP, STEADY)) {
                for (String variant : List.of(A, B)) {
                    BenchRow row = new BenchRow(scenario, shape, variant);
                    for (int round = 0; round < 2; round++) {
                        row.add(figures(variant.equals(A) ? 400_000 : 400_000 * slower), 0.5);
                    }
                    rows.add(row);
                }
            }
        }
        Map<String, Map<String, String>> variants = new LinkedHashMap<>();
        variants.put(A, Map.of("mode", "parallel", "durability", "fsync"));
        variants.put(B, Map.of("mode", "strict", "durability", "fsync"));
        FloorRound floor = new FloorRound(writersP50Us, 50);
        return new BenchResult(
                settings(0, 0, 8, ALONE, DEEP, STEADY),
                variants,
                Map.of(A, B),
                scenarios,
                Map.of("commit", "abc <i>"),
                rows,
                List.of(floor, floor),
                List.of(new CrossCheck(
                        names[0], DEEP, A, List.of(new FioRound(80, 410, 900), new FioRound(80, 410, 900)))),
                List.of("a note & more"),
                Instant.EPOCH,
                12);
    }

    private static LoadFigures figures(long latencyNs) {
        Histogram writes = new Histogram(MeasuredLoad.LATENCY_MAX_NS, 3);
        for (int i = 0; i < 100; i++) {
            writes.recordValue(latencyNs + i * 10L);
        }
        Histogram none = new Histogram(MeasuredLoad.LATENCY_MAX_NS, 3);
        return new LoadFigures(none, writes, none, 1, 100, 0, 0, 100, "");
    }
}
