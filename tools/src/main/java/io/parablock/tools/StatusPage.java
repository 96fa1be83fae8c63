package io.parablock.tools;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Help.Ansi.Style;

/** What {@code parablock status} shows, in lines. */
final class StatusPage implements AutoCloseable {
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
        {"version", "version"},
        {"nbd", "nbd"},
        {"http", "http"}
    };
    private static final int BARS_MAX = 8;

    private final boolean withBars;
    private final Bars bars = new Bars();
    /** What was left of each catch-up and install when it was seen first. */
    private final Map<String, Long> atFirst = new HashMap<>();

    /** @param withBars of what is under way: for a page that is drawn again and again on a terminal */
    StatusPage(boolean withBars) {
        this.withBars = withBars;
    }

    /** @param cluster what {@link ClusterChoice#status} gives */
    List<String> lines(JsonNode cluster) {
        List<String> out = new ArrayList<>();
        String health = cluster.path("cluster").asText();
        out.add("cluster: " + Terminal.paint(health, styleOf(health)));
        JsonNode leader = cluster.path("leader");
        out.add(leader.isInt() ? "leader: node " + leader.asInt() : "no leader");
        catalogue(cluster, out);
        out.addAll(Table.lines(rows(cluster)));
        List<Bars.Task> tasks = new ArrayList<>();
        for (JsonNode node : cluster.path("nodes")) {
            String state = node.path("health").path("state").asText();
            if (!state.isEmpty()) {
                out.add("node " + node.path("id").asText() + ": "
                        + Terminal.paint(state, state.startsWith("serving") ? Style.fg_green : Style.fg_yellow));
            }
            tasks(node, tasks);
        }
        for (JsonNode w : cluster.path("warnings")) {
            out.add(Terminal.paint("warning: " + w.asText(), Style.fg_yellow));
        }
        if (withBars) {
            atFirst.keySet().retainAll(tasks.stream().map(Bars.Task::name).toList());
            out.addAll(bars.lines(tasks.subList(0, Math.min(BARS_MAX, tasks.size()))));
        }
        return out;
    }

    /** As the node knows it that serves the latest version. */
    private static void catalogue(JsonNode cluster, List<String> out) {
        JsonNode latest = null;
        for (JsonNode node : cluster.path("nodes")) {
            JsonNode one = node.path("catalogue");
            if (one.isObject()
                    && (latest == null
                            || one.path("version").asLong()
                                    > latest.path("version").asLong())) {
                latest = one;
            }
        }
        // Who has never created a volume need not know of it.
        if (latest != null && latest.path("version").asLong() > 0) {
            int volumes = latest.path("volumes").asInt();
            JsonNode leader = latest.path("leader");
            out.add("catalogue: version " + latest.path("version").asLong() + ", " + volumes
                    + (volumes == 1 ? " volume created, " : " volumes created, ")
                    + (leader.isInt() ? "node " + leader.asInt() + " leads it" : "no leader"));
        }
    }

    private static Style styleOf(String health) {
        return health.equals(ClusterHealth.HEALTHY)
                ? Style.fg_green
                : health.startsWith("degraded") ? Style.fg_yellow : Style.fg_red;
    }

    private static List<String[]> rows(JsonNode cluster) {
        List<String[]> rows = new ArrayList<>();
        rows.add(new String[COLUMNS.length]);
        for (int column = 0; column < COLUMNS.length; column++) {
            rows.get(0)[column] = COLUMNS[column][0];
        }
        for (JsonNode node : cluster.path("nodes")) {
            String[] row = new String[COLUMNS.length];
            for (int column = 0; column < COLUMNS.length; column++) {
                row[column] = cell(node.path(COLUMNS[column][1]));
            }
            rows.add(row);
        }
        return rows;
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

    private void tasks(JsonNode node, List<Bars.Task> out) {
        for (JsonNode group : node.path("groups")) {
            JsonNode health = group.path("health");
            long remaining = health.path("remaining").asLong();
            if (remaining <= 0) {
                continue;
            }
            String state = health.path("state").asText();
            String what = state.substring(0, Math.max(0, state.indexOf(':')));
            String name = "node " + node.path("id").asText() + " group "
                    + group.path("group").asText() + " " + what;
            boolean bytes = what.equals("installing");
            long max = Math.max(atFirst.getOrDefault(name, 0L), remaining);
            atFirst.put(name, max);
            out.add(new Bars.Task(name, bytes ? "MiB" : " slots", bytes ? 1 << 20 : 1, max - remaining, max));
        }
    }

    @Override
    public void close() {
        bars.close();
    }
}
