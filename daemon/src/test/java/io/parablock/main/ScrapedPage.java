package io.parablock.main;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.hawkular.agent.prometheus.text.TextPrometheusMetricsProcessor;
import org.hawkular.agent.prometheus.types.Counter;
import org.hawkular.agent.prometheus.types.Gauge;
import org.hawkular.agent.prometheus.types.Histogram;
import org.hawkular.agent.prometheus.types.Metric;
import org.hawkular.agent.prometheus.types.MetricFamily;
import org.hawkular.agent.prometheus.types.MetricType;
import org.hawkular.agent.prometheus.walkers.CollectorPrometheusMetricsWalker;

/** A process's {@code /metrics}, as a scraper's parser understands it. */
final class ScrapedPage {
    /** By the name that TYPE lines have. */
    final Map<String, MetricFamily> families = new TreeMap<>();

    private ScrapedPage(String text) {
        CollectorPrometheusMetricsWalker all = new CollectorPrometheusMetricsWalker();
        new TextPrometheusMetricsProcessor(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)), all).walk();
        for (MetricFamily family : all.getAllMetricFamilies()) {
            assertThat(families.put(family.getName(), family))
                    .as("a second family %s", family.getName())
                    .isNull();
        }
        // The parser passes over what it does not understand.
        Set<String> typed = new HashSet<>();
        text.lines().filter(line -> line.startsWith("# TYPE ")).forEach(line -> typed.add(line.split(" ")[2]));
        assertThat(families.keySet()).isEqualTo(typed);
    }

    static ScrapedPage of(int httpPort) throws IOException {
        try (var in =
                URI.create("http://127.0.0.1:" + httpPort + "/metrics").toURL().openStream()) {
            return new ScrapedPage(new String(in.readAllBytes(), StandardCharsets.UTF_8));
        }
    }

    /** Labels of each series, with the names that expressions have for them. */
    Map<String, Set<String>> series() {
        Map<String, Set<String>> out = new TreeMap<>();
        families.forEach((name, family) -> {
            Set<String> labels = new HashSet<>();
            family.getMetrics().forEach(m -> labels.addAll(m.getLabels().keySet()));
            if (family.getType() == MetricType.HISTOGRAM || family.getType() == MetricType.SUMMARY) {
                out.put(name + "_count", labels);
                out.put(name + "_sum", labels);
                Set<String> withBound = new HashSet<>(labels);
                withBound.add(family.getType() == MetricType.HISTOGRAM ? "le" : "quantile");
                out.put(family.getType() == MetricType.HISTOGRAM ? name + "_bucket" : name, withBound);
            } else {
                out.put(name, labels);
            }
        });
        return out;
    }

    private Metric find(String name, String label, String value) {
        MetricFamily family = families.get(name);
        assertThat(family).as(name).isNotNull();
        return family.getMetrics().stream()
                .filter(m -> label.isEmpty() || value.equals(m.getLabels().get(label)))
                .findFirst()
                .orElseThrow(() -> new AssertionError(name + " has none with " + label + "=" + value));
    }

    /** How many durations a histogram has counted. */
    long count(String name, String label, String value) {
        return ((Histogram) find(name, label, value)).getSampleCount();
    }

    /** The value of a gauge or counter. */
    double value(String name, String label, String value) {
        return value(find(name, label, value));
    }

    private static double value(Metric m) {
        return m instanceof Counter c ? c.getValue() : ((Gauge) m).getValue();
    }

    /** Over all its series. */
    double sum(String name) {
        MetricFamily family = families.get(name);
        assertThat(family).as(name).isNotNull();
        return family.getMetrics().stream().mapToDouble(ScrapedPage::value).sum();
    }
}
