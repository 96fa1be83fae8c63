package io.parablock.tools;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code parablock status}: what the nodes of a cluster say of themselves. */
@Command(
        name = "status",
        description = "Shows leader, terms, watermarks, lag and settings of each node.",
        mixinStandardHelpOptions = true)
final class StatusCommand implements Callable<Integer> {
    private static final String[][] COLUMNS = {
        {"node", "id"},
        {"role", "role"},
        {"pid", "pid"},
        {"term", NodeStatus.TERM},
        {"commit", NodeStatus.COMMIT},
        {"applied", NodeStatus.APPLIED},
        {"holes", NodeStatus.HOLES},
        {"in-flight", NodeStatus.IN_FLIGHT},
        {"lag", "lag"},
        {"mode", "mode"},
        {"durability", "durability"},
        {"wal", "wal_engine"},
        {"transport", "transport"},
        {"pipeline", "pipeline"},
        {"nbd", "nbd"},
        {"http", "http"}
    };

    @Option(names = "--json", description = "as JSON, for scripts")
    private boolean asJson;

    @ArgGroup
    private @Nullable Where where;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    /** Whom to ask: all nodes of a folder, or one node. */
    static final class Where {
        @Option(names = "--dir", paramLabel = "DIR", description = "the demo's folder (default: where demo puts it)")
        private @Nullable Path dir;

        @Option(names = "--http", paramLabel = "URL", description = "one node, for example http://127.0.0.1:8080")
        private @Nullable URI http;
    }

    @Override
    public Integer call() throws InterruptedException {
        ObjectNode json = where != null && where.http != null ? askOne(where.http) : askFolder();
        PrintWriter out = spec.commandLine().getOut();
        if (asJson) {
            out.println(json.toPrettyString());
        } else {
            print(json, out);
        }
        out.flush();
        return anyAnswers(json) ? 0 : CommandFailure.FAILED;
    }

    private ObjectNode askFolder() throws InterruptedException {
        Path dir = where != null && where.dir != null ? where.dir : ClusterFolder.defaultDir();
        return ClusterStatus.of(new ClusterFolder(dir)).toJson();
    }

    private static ObjectNode askOne(URI http) throws InterruptedException {
        if (http.getHost() == null) {
            throw CommandFailure.wrongArgument("--http wants a URL like http://127.0.0.1:8080: " + http);
        }
        try {
            return NodeStatus.fetch(http).asCluster();
        } catch (IOException | IllegalArgumentException e) {
            String why = e.getMessage();
            throw new CommandFailure("no status from " + http + (why == null ? "" : ": " + why));
        }
    }

    private static boolean anyAnswers(JsonNode json) {
        for (JsonNode node : json.path("nodes")) {
            if (!node.path("role").asText().equals(ClusterStatus.DOWN)) {
                return true;
            }
        }
        return false;
    }

    private static void print(JsonNode json, PrintWriter out) {
        List<String[]> rows = new ArrayList<>();
        rows.add(new String[COLUMNS.length]);
        for (int column = 0; column < COLUMNS.length; column++) {
            rows.get(0)[column] = COLUMNS[column][0];
        }
        for (JsonNode node : json.path("nodes")) {
            String[] row = new String[COLUMNS.length];
            for (int column = 0; column < COLUMNS.length; column++) {
                row[column] = cell(node.path(COLUMNS[column][1]));
            }
            rows.add(row);
        }
        JsonNode leader = json.path("leader");
        out.println(leader.isInt() ? "leader: node " + leader.asInt() : "no leader");
        printTable(rows, out);
        for (JsonNode node : json.path("nodes")) {
            String forming = node.path("forming").asText();
            if (!forming.isEmpty()) {
                out.println("node " + node.path("id").asText() + " " + forming);
            }
        }
    }

    private static String cell(JsonNode value) {
        if (value.isMissingNode() || value.isNull()) {
            return "-";
        }
        if (!value.isContainerNode()) {
            return value.asText();
        }
        // The lag of each peer: 2:0 3:12
        List<String> parts = new ArrayList<>();
        value.properties()
                .forEach(peer -> parts.add(peer.getKey() + ":" + peer.getValue().asText()));
        return parts.isEmpty() ? "-" : String.join(" ", parts);
    }

    static void printTable(List<String[]> rows, PrintWriter out) {
        int columns = rows.get(0).length;
        int[] widths = new int[columns];
        for (String[] row : rows) {
            for (int column = 0; column < columns; column++) {
                widths[column] = Math.max(widths[column], row[column].length());
            }
        }
        for (String[] row : rows) {
            StringBuilder line = new StringBuilder();
            for (int column = 0; column < columns; column++) {
                line.append(row[column]).append(" ".repeat(widths[column] - row[column].length() + 2));
            }
            out.println(line.toString().stripTrailing());
        }
    }
}
