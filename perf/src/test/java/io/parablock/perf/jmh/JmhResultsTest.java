package io.parablock.perf.jmh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JmhResultsTest {
    /** As JMH writes it, shortened. */
    private static final String RESULT = """
            [{"jmhVersion": "1.37", "benchmark": "io.parablock.perf.jmh.ConflictBench.check", "mode": "avgt",
              "params": {"extents": "16"},
              "primaryMetric": {"score": 20.456, "scoreError": 1.5, "scoreUnit": "ns/op",
                                "rawData": [[10.0, 11.0, 50.0], [12.0, 13.0, 14.0]]},
              "secondaryMetrics": {"gc.alloc.rate": {"score": 7.0}, "gc.alloc.rate.norm": {"score": 96.04}}},
             {"jmhVersion": "1.37", "benchmark": "io.parablock.perf.jmh.ChecksumBench.payload", "mode": "avgt",
              "primaryMetric": {"score": 300.0, "scoreError": "NaN", "scoreUnit": "ns/op", "rawData": [[300.0]]},
              "secondaryMetrics": {}}]
            """;

    @TempDir
    Path folder;

    private Path file(String content) throws IOException {
        return Files.writeString(folder.resolve("result.json"), content);
    }

    @Test
    void shouldReadTimesAllocationAndParameters() throws Exception {
        List<JmhRow> rows = JmhRow.read(file(RESULT));
        assertThat(rows).hasSize(2);
        assertThat(rows.get(0))
                .isEqualTo(new JmhRow("ConflictBench.check", Map.of("extents", "16"), 12.5, 10, 20.456, 1.5, 96.04));
        assertThat(rows.get(1).key()).isEqualTo("ChecksumBench.payload");
        assertThat(rows.get(1).errorNs()).isNaN();
        assertThat(rows.get(1).bytes()).isNaN();
    }

    @Test
    void shouldTellInOneLineWhatIsNoResult() {
        assertThatThrownBy(() -> JmhRow.read(folder.resolve("none.json"))).hasMessageContaining("cannot read");
        for (String content : List.of("", "[", "[]", "{}", "[{\"benchmark\": \"A.b\"}]")) {
            assertThatThrownBy(() -> JmhRow.read(file(content)))
                    .as(content)
                    .isInstanceOf(IOException.class)
                    .message()
                    .doesNotContain("\n");
        }
    }

    @Test
    void baselineHasALineForEachBenchmark() throws Exception {
        String json = JmhBaseline.json(Map.of("jdk", "J 17", "processors", "2"), JmhRow.read(file(RESULT)));
        JsonNode baseline = new ObjectMapper().readTree(json);
        assertThat(baseline.path("machine").path("jdk").asText()).isEqualTo("J 17");
        assertThat(baseline.path("machine").path("commit").asText()).isEqualTo("unknown");
        assertThat(json.lines().filter(line -> line.contains("\"name\"")))
                .containsExactly(
                        "    {\"name\":\"ConflictBench.check\",\"params\":{\"extents\":\"16\"},\"ns\":20.5,\"error\":1.5,\"median\":12.5,\"lowest\":10.0,\"bytes\":96.0},",
                        "    {\"name\":\"ChecksumBench.payload\",\"params\":{},\"ns\":300.0,\"error\":null,\"median\":300.0,\"lowest\":300.0,\"bytes\":null}");
    }

    @Test
    void committedBaselineIsOfBenchmarksThatAreThere() throws Exception {
        JsonNode baseline =
                new ObjectMapper().readTree(Path.of("jmh-baseline.json").toFile());
        assertThat(baseline.path("benchmarks")).isNotEmpty().allSatisfy(row -> {
            String[] name = row.path("name").asText().split("\\.", -1);
            assertThat(Class.forName("io.parablock.perf.jmh." + name[0]).getMethods())
                    .extracting("name")
                    .contains(name[1]);
            assertThat(row.path("ns").asDouble()).isPositive();
        });
    }

    private static JmhRow row(String name, double ns) {
        return new JmhRow(name, Map.of("b", "2", "a", "1"), ns, ns / 2, ns, Double.NaN, 8);
    }

    @Test
    void comparisonTellsTheRatioOfMediansAndItsSpread() {
        List<List<JmhRow>> a = List.of(List.of(row("x", 100)), List.of(row("x", 110)), List.of(row("x", 400)));
        List<List<JmhRow>> b = List.of(
                List.of(row("x", 50), row("new", 1)),
                List.of(row("x", 66), row("new", 1)),
                List.of(row("x", 80), row("new", 1)));
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        JmhComparison.print(a, b, new PrintStream(printed, true, StandardCharsets.UTF_8));
        assertThat(printed.toString(StandardCharsets.UTF_8).lines())
                .contains("| x | a=1, b=2 | 110.0 | 66.0 | 0.60 | 0.20 | 0.60 | 0.50 | 8.0 | 8.0 |")
                .contains("not in every round of both: new a=1, b=2")
                .noneMatch(line -> line.startsWith("| new"));
    }
}
