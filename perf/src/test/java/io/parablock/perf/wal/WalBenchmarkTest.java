package io.parablock.perf.wal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WalBenchmarkTest {
    private static final double SECONDS = 0.2;

    @TempDir
    Path folder;

    @Test
    @Tag("e2e")
    @Tag("one-jdk")
    void shouldMeasureEveryEngineBesideFioAndLeaveNothingBehind() throws Exception {
        StringWriter printed = new StringWriter();
        List<String> progress = new ArrayList<>();
        WalBenchmark.run(
                new WalBenchmarkSettings(folder, List.of(1, 16), 4096, SECONDS, 1, 4 << 20),
                new PrintWriter(printed),
                progress::add);
        List<String[]> rows = printed.toString()
                .lines()
                .filter(line -> line.matches("\\| \\d.*"))
                .map(line -> line.split(" *\\| *"))
                .toList();
        assertThat(rows).hasSizeGreaterThanOrEqualTo(2 * 4).allSatisfy(row -> {
            double p50Us = Double.parseDouble(row[3]);
            double perSecond = Double.parseDouble(row[6]);
            int depth = Integer.parseInt(row[1]);
            assertThat(perSecond).isPositive();
            assertThat(p50Us * perSecond / 1e6)
                    .as("records that wait, by Little's law: %s", Arrays.toString(row))
                    .isLessThan(2.0 * depth);
        });
        assertThat(rows).extracting(row -> row[2]).contains("chronicle mapped", "direct fsync, channel");
        assertThat(printed.toString()).contains("| direct | 4 |").contains("| chronicle | 4 |");
        assertThat(progress).isNotEmpty();
        try (Stream<Path> left = Files.list(folder)) {
            assertThat(left).isEmpty();
        }
    }

    @Test
    void shouldRefuseWhatCannotBeMeasured() {
        assertThatThrownBy(() -> new WalBenchmarkSettings(folder, List.of(0), 4096, 1, 1, 0))
                .hasMessageContaining("depths");
        assertThatThrownBy(() -> new WalBenchmarkSettings(folder, List.of(1), 1000, 1, 1, 0))
                .hasMessageContaining("payload");
        assertThatThrownBy(() -> new WalBenchmarkSettings(folder, List.of(1), 4096, 0, 1, 0))
                .hasMessageContaining("seconds");
    }
}
