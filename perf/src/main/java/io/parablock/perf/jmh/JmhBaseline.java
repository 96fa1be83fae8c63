package io.parablock.perf.jmh;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.parablock.perf.bench.MachineFacts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Makes perf/jmh-baseline.json, the figures that are kept with the code, of a JSON result file of JMH. */
public final class JmhBaseline {
    private static final List<String> FACTS = List.of("commit", "jdk", "architecture", "processors", "processor");
    private static final int EXIT_BAD = 2;

    private JmhBaseline() {}

    /** Arguments: result file, baseline file, checkout. */
    public static void main(String[] args) throws InterruptedException {
        if (args.length != 3) {
            System.err.println("JmhBaseline: RESULT BASELINE CHECKOUT");
            System.exit(EXIT_BAD);
        }
        try {
            Path checkout = Path.of(args[2]);
            Map<String, String> facts = MachineFacts.of(checkout, checkout);
            List<JmhRow> rows = JmhRow.read(Path.of(args[0]));
            Files.writeString(Path.of(args[1]), json(facts, rows));
            System.out.println(args[1] + ": " + rows.size() + " benchmarks");
        } catch (IOException e) {
            System.err.println("JmhBaseline: " + e.getMessage());
            System.exit(EXIT_BAD);
        }
    }

    /** A line for each benchmark, so that a later baseline differs from it in few. */
    static String json(Map<String, String> facts, List<JmhRow> rows) throws JsonProcessingException {
        ObjectMapper mapper = new ObjectMapper();
        ObjectNode machine = mapper.createObjectNode();
        for (String fact : FACTS) {
            machine.put(fact, facts.getOrDefault(fact, "unknown"));
        }
        List<String> lines = new ArrayList<>();
        for (JmhRow row : rows) {
            ObjectNode line = mapper.createObjectNode();
            line.put("name", row.name());
            ObjectNode params = line.putObject("params");
            new TreeMap<>(row.params()).forEach(params::put);
            putNumber(line, "ns", row.scoreNs(), 10);
            putNumber(line, "error", row.errorNs(), 10);
            putNumber(line, "median", row.medianNs(), 10);
            putNumber(line, "lowest", row.lowestNs(), 10);
            putNumber(line, "bytes", row.bytes(), 10);
            lines.add("    " + mapper.writeValueAsString(line));
        }
        return "{\n  \"madeBy\": \"perf/jmh --baseline\",\n  \"machine\": "
                + mapper.writeValueAsString(machine)
                + ",\n  \"benchmarks\": [\n"
                + String.join(",\n", lines)
                + "\n  ]\n}\n";
    }

    /** What is not known is null. */
    private static void putNumber(ObjectNode line, String name, double value, int parts) {
        if (Double.isFinite(value)) {
            line.put(name, Math.round(value * parts) / (double) parts);
        } else {
            line.putNull(name);
        }
    }
}
