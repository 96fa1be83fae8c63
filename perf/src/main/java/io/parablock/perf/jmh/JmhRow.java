package io.parablock.perf.jmh;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.parablock.perf.RoundMedians;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * One benchmark with its parameters, from a JSON result file of JMH.
 *
 * @param name class and method
 * @param medianNs median of all iterations of all forks, in ns for one operation
 * @param lowestNs the lowest iteration: what is nearest to a machine of one's own, if iterations are short
 * @param scoreNs mean of them, as JMH tells it
 * @param errorNs half of JMH's interval of 99.9 %; NaN if there were too few iterations
 * @param bytes allocated for one operation; NaN without {@code -prof gc}
 */
record JmhRow(
        String name,
        Map<String, String> params,
        double medianNs,
        double lowestNs,
        double scoreNs,
        double errorNs,
        double bytes) {
    private static final String ALLOCATION = "gc.alloc.rate.norm";
    private static final String UNIT = "ns/op";

    JmhRow {
        params = Map.copyOf(params);
    }

    /** @throws IOException if the file cannot be read or is no result of JMH with times in ns, in words for people */
    static List<JmhRow> read(Path file) throws IOException {
        if (!Files.isReadable(file)) {
            throw new IOException("cannot read " + file);
        }
        JsonNode results;
        try {
            results = new ObjectMapper().readTree(file.toFile());
        } catch (com.fasterxml.jackson.core.JacksonException e) {
            throw new IOException(file + " is no JSON: " + e.getOriginalMessage(), e);
        }
        if (!results.isArray() || results.isEmpty()) {
            throw new IOException(file + " has no results of JMH");
        }
        List<JmhRow> rows = new ArrayList<>();
        for (JsonNode result : results) {
            JsonNode primary = result.path("primaryMetric");
            if (!UNIT.equals(primary.path("scoreUnit").asText())) {
                throw new IOException(file + ": " + result.path("benchmark").asText() + " is not in " + UNIT);
            }
            rows.add(of(result, primary));
        }
        return rows;
    }

    private static JmhRow of(JsonNode result, JsonNode primary) {
        String[] path = result.path("benchmark").asText().split("\\.", -1);
        String name = path.length < 2 ? path[0] : path[path.length - 2] + "." + path[path.length - 1];
        Map<String, String> params = new TreeMap<>();
        result.path("params")
                .properties()
                .forEach(p -> params.put(p.getKey(), p.getValue().asText()));
        List<Double> iterations = new ArrayList<>();
        primary.path("rawData").forEach(fork -> fork.forEach(ns -> iterations.add(ns.asDouble())));
        double bytes = Double.NaN;
        // Older versions of JMH put a mark before the name.
        for (Map.Entry<String, JsonNode> metric :
                result.path("secondaryMetrics").properties()) {
            if (metric.getKey().endsWith(ALLOCATION)) {
                bytes = metric.getValue().path("score").asDouble(Double.NaN);
            }
        }
        return new JmhRow(
                name,
                params,
                RoundMedians.median(iterations, Double::doubleValue),
                iterations.stream().mapToDouble(Double::doubleValue).min().orElse(Double.NaN),
                primary.path("score").asDouble(Double.NaN),
                primary.path("scoreError").asDouble(Double.NaN),
                bytes);
    }

    /** Name and parameters: what tells it from other rows. */
    String key() {
        return params.isEmpty() ? name : name + " " + shownParams();
    }

    String shownParams() {
        List<String> shown = new ArrayList<>();
        new TreeMap<>(params).forEach((name, value) -> shown.add(name + "=" + value));
        return String.join(", ", shown);
    }
}
