package io.parablock.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class MetricsPageTest {
    private static final Path PAGE = Path.of("..", "docs", "metrics.md");

    @Test
    void shouldBeThePage() throws Exception {
        assertThat(Files.readString(PAGE))
                .as("docs/metrics.md is made from the catalogue: write it anew with\n    " + MetricsPage.COMMAND)
                .isEqualTo(MetricsPage.text());
    }

    @Test
    void shouldHaveEachNameOnce() {
        List<String> names =
                Arrays.stream(Metric.values()).map(Metric::prometheusName).toList();
        assertThat(names).doesNotHaveDuplicates().allMatch(name -> name.matches("parablock_[a-z_]+"));
    }

    /** Prometheus keeps these endings for itself. */
    @Test
    void shouldNotEndLikeSomethingElse() {
        for (Metric m : Metric.values()) {
            assertThat(m.meterName())
                    .doesNotEndWith(".total")
                    .doesNotEndWith(".info")
                    .doesNotEndWith(".count");
        }
    }
}
