package io.parablock.tools;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The cluster as one, from what each node says of itself; of one node that was asked alone, as far as that node knows.
 *
 * @param line healthy; degraded, no quorum or no leader, and why
 * @param warnings of the nodes, each once, and what only their comparison shows
 */
record ClusterHealth(String line, List<String> warnings) {
    static final String HEALTHY = "healthy";
    private static final String SERVING = "serving";
    private static final String PEER_DOWN = "peer down: ";
    /** These warnings are a cluster that is less than whole. */
    private static final List<String> DEGRADING = List.of("slow follower: ", "damage: ");

    ClusterHealth {
        warnings = List.copyOf(warnings);
    }

    /** @param cluster {@code leader} and {@code nodes} */
    static ClusterHealth of(JsonNode cluster) {
        JsonNode nodes = cluster.path("nodes");
        Set<Integer> known = new LinkedHashSet<>();
        Set<Integer> down = new LinkedHashSet<>();
        List<String> faults = new ArrayList<>();
        List<String> warnings = new ArrayList<>();
        List<int[]> apart = new ArrayList<>();
        Map<String, List<Integer>> versions = new TreeMap<>();
        for (JsonNode node : nodes) {
            int id = node.path("id").asInt();
            known.add(id);
            if (isDown(node)) {
                down.add(id);
                continue;
            }
            String version = node.path("version").asText();
            versions.computeIfAbsent(version.isEmpty() ? "unknown" : version, v -> new ArrayList<>())
                    .add(id);
            JsonNode health = node.path("health");
            String state = health.path("state").asText();
            if (!state.isEmpty() && !state.startsWith(SERVING)) {
                faults.add("node " + id + ": " + state);
            }
            for (JsonNode w : health.path("warnings")) {
                warn(id, w.asText(), faults, warnings);
            }
            for (JsonNode peer : health.path("peers")) {
                if (!peer.path("connected").asBoolean()) {
                    apart.add(new int[] {id, peer.path("id").asInt()});
                }
            }
        }
        if (known.size() == 1) {
            // The others were not asked.
            JsonNode only = nodes.get(0);
            boolean gateway = only.path("role").asText().equals("gateway");
            if (gateway) {
                known.clear();
            }
            for (JsonNode peer :
                    gateway ? only.path("members") : only.path("health").path("peers")) {
                known.add(peer.path("id").asInt());
                if (!peer.path("connected").asBoolean()) {
                    down.add(peer.path("id").asInt());
                }
            }
        }
        for (int[] pair : apart) {
            if (!down.contains(pair[1])) {
                faults.add("node " + pair[0] + " does not reach node " + pair[1]);
            }
        }
        if (versions.size() > 1) {
            warnings.add("mixed versions: "
                    + versions.entrySet().stream()
                            .map(v -> v.getKey() + " on " + nodes(v.getValue()))
                            .collect(Collectors.joining(", ")));
        }
        return new ClusterHealth(line(cluster, known.size(), down, faults), warnings);
    }

    private static boolean isDown(JsonNode node) {
        return node.path("role").asText().equals(ClusterStatus.DOWN);
    }

    private static void warn(int id, String text, List<String> faults, List<String> warnings) {
        if (text.startsWith(PEER_DOWN)) {
            // Told of the node that is down, or of two that do not reach each other.
            return;
        }
        warnings.add("node " + id + ": " + text);
        if (DEGRADING.stream().anyMatch(text::startsWith)) {
            faults.add(text.substring(0, text.indexOf(':')) + " (node " + id + ")");
        }
    }

    private static String line(JsonNode cluster, int all, Set<Integer> down, List<String> faults) {
        int up = all - down.size();
        int needed = all / 2 + 1;
        List<String> why = new ArrayList<>();
        if (!down.isEmpty()) {
            why.add(nodes(List.copyOf(down)) + (down.size() == 1 ? " is" : " are") + " down");
        }
        why.addAll(faults);
        String reasons = why.isEmpty() ? "" : ": " + String.join("; ", why);
        if (up < needed) {
            return "no quorum: " + up + " of " + all + " nodes, " + needed + " are needed; " + String.join("; ", why);
        }
        if (!cluster.path("leader").isInt()) {
            return "no leader" + reasons;
        }
        return why.isEmpty() ? HEALTHY : "degraded" + reasons;
    }

    private static String nodes(List<Integer> ids) {
        return (ids.size() == 1 ? "node " : "nodes ")
                + ids.stream().map(String::valueOf).collect(Collectors.joining(", "));
    }

    /** {@code cluster} and {@code warnings}. */
    void into(ObjectNode json) {
        json.put("cluster", line);
        warnings.forEach(json.putArray("warnings")::add);
    }
}
