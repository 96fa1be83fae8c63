package io.parablock.tools;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The whole command with its clusters. How long anything takes is not looked at. */
@Tag("e2e")
@Tag("one-jdk")
class BenchE2eTest {
    private static final Pattern PICTURE = Pattern.compile("data:image/svg\\+xml;base64,([A-Za-z0-9+/=]+)");
    private static final Pattern TOTAL_COUNT = Pattern.compile("Total count\\s+=\\s+(\\d+)");

    @TempDir
    Path folder;

    @Test
    void shouldMeasureBothModesInTurnAndReportAllOfIt() throws Exception {
        System.setProperty("parablock.home", ArchitectureTest.root().toString());
        Path disk = Files.createDirectory(folder.resolve("disk"));
        Path out = folder.resolve("reports/of/today");
        StringWriter printed = new StringWriter();
        StringWriter progress = new StringWriter();
        int exitCode = new CommandLine(new BenchCommand())
                .setOut(new PrintWriter(printed))
                .setErr(new PrintWriter(progress))
                .execute(("--quick --depths 1,4 --rates 200 --rounds 2 --seconds 0.2 --warm-up 0.3 --size 4MiB"
                                + " --read-percent 30 --overlap 20 --scenarios lane-stall --socket unix --dir " + disk
                                + " --out "
                                + out)
                        .split(" "));
        assertThat(exitCode).as(progress.toString()).isZero();

        JsonNode json = new ObjectMapper().readTree(out.resolve("bench.json").toFile());
        List<String> rows = new ArrayList<>();
        for (JsonNode row : json.path("rows")) {
            String load = row.path("loop").asText()
                    + row.path("depth").asText()
                    + row.path("rate_per_second").asText();
            assertThat(row.path("scenario").asText()).isEqualTo("lane-stall");
            rows.add(load + " " + row.path("variant").asText());
            requireWhole(row, Files.readString(out.resolve(row.path("histogram").asText())));
        }
        assertThat(rows)
                .containsExactly(
                        "closed1 parallel fsync",
                        "closed1 strict fsync",
                        "closed4 parallel fsync",
                        "closed4 strict fsync",
                        "open200 parallel fsync",
                        "open200 strict fsync");
        assertThat(json.path("variants").path(0).path("mode").asText()).isEqualTo("parallel");
        assertThat(json.path("variants").path(1).path("mode").asText()).isEqualTo("strict");
        assertThat(json.path("variants").path(1).path("wal_engine").asText()).isNotEmpty();
        assertThat(json.path("variants").path(0).path("impairment.stall").asText())
                .isEqualTo("20ms");
        assertThat(json.path("comparisons")).hasSize(3).allSatisfy(comparison -> {
            assertThat(comparison.path("parallel").asText()).isEqualTo("parallel fsync");
            assertThat(comparison.path("strict").asText()).isEqualTo("strict fsync");
            assertThat(comparison.path("mean_ratio").asDouble()).isPositive();
        });
        assertThat(json.path("variants").path(0).path("socket").asText()).isEqualTo("unix");
        assertThat(json.path("machine").path("commit").asText()).isNotEmpty();
        assertThat(json.path("floor")).hasSize(2);
        assertThat(json.path("floor").path(0).path("round_trip_us").asDouble()).isPositive();

        requirePage(Files.readString(out.resolve("bench.html")));
        assertThat(printed.toString().lines().filter(line -> line.startsWith("| depth 4 | lane-stall |")))
                .as("two rows, and parallel over strict")
                .hasSize(3);
        try (Stream<Path> left = Files.list(disk)) {
            assertThat(left).isEmpty();
        }
        assertThat(ProcessHandle.current().descendants().filter(ProcessHandle::isAlive))
                .isEmpty();
    }

    /** Every request that was asked is answered, and every answer is in the histogram. */
    private static void requireWhole(JsonNode row, String histogram) {
        assertThat(row.path("rounds")).hasSize(2);
        long answered = 0;
        for (JsonNode round : row.path("rounds")) {
            long count = round.path("all").path("count").asLong();
            assertThat(count)
                    .isPositive()
                    .isEqualTo(round.path("asked").asLong())
                    .isEqualTo(round.path("reads").path("count").asLong()
                            + round.path("writes").path("count").asLong());
            assertThat(round.path("errors").asLong() + round.path("unanswered").asLong())
                    .isZero();
            answered += count;
        }
        Matcher total = TOTAL_COUNT.matcher(histogram);
        assertThat(total.find()).as(histogram).isTrue();
        assertThat(Long.parseLong(total.group(1))).isEqualTo(answered);
    }

    private static void requirePage(String page) {
        assertThat(page).contains("<td>depth 4</td>", "<td>200/s</td>");
        List<String> pictures = PICTURE.matcher(page)
                .results()
                .map(found -> new String(Base64.getDecoder().decode(found.group(1)), StandardCharsets.UTF_8))
                .toList();
        assertThat(pictures)
                .as("rate and p99 by depth, percentiles of each load")
                .hasSize(5);
        // The first two of the report's colours: curve and legend.
        assertThat(pictures).allSatisfy(svg -> {
            assertThat(lines(svg, "stroke:rgb(0,114,178)")).isGreaterThan(1);
            assertThat(lines(svg, "stroke:rgb(213,94,0)")).isGreaterThan(1);
        });
    }

    private static long lines(String svg, String stroke) {
        return svg.lines()
                .filter(line -> line.contains("<line") && line.contains(stroke))
                .count();
    }
}
