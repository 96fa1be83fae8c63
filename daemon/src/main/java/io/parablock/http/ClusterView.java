package io.parablock.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import java.util.TreeMap;

/**
 * The cluster as this process sees it: it knows itself, whom it has a connection to, and who leads; how far each peer lags, only
 * the leader knows.
 */
final class ClusterView {
    private ClusterView() {}

    /**
     * Each node's {@code id}, {@code role} (leader, follower, candidate, unknown), {@code connected}, {@code leads} (number of
     * groups) and, if known, {@code lag} in slots.
     *
     * @param status of a node or a gateway
     */
    static ArrayNode nodes(JsonNode status) {
        boolean gateway = isGateway(status);
        ArrayNode nodes = JsonNodeFactory.instance.arrayNode();
        Map<Integer, Integer> leads = new TreeMap<>();
        for (JsonNode group : status.path("groups")) {
            leads.merge(group.path("leader").asInt(), 1, Integer::sum);
        }
        Map<Integer, Long> lag = lag(status);
        int self = gateway ? 0 : status.path("id").asInt();
        for (Map.Entry<Integer, Boolean> member : connected(status, gateway).entrySet()) {
            int id = member.getKey();
            boolean leader = leads.getOrDefault(id, 0) > 0;
            ObjectNode node = nodes.addObject().put("id", id).put("self", id == self);
            node.put("connected", member.getValue()).put("leads", leads.getOrDefault(id, 0));
            if (id == self) {
                node.put("role", leader ? "leader" : status.path("role").asText());
            } else if (leader) {
                node.put("role", "leader");
            } else {
                boolean follows = member.getValue() && leads.getOrDefault(0, 0) == 0 && !leads.isEmpty();
                node.put("role", follows ? "follower" : "unknown");
            }
            if (id != self && lag.containsKey(id)) {
                node.put("lag", lag.get(id));
            }
        }
        return nodes;
    }

    static boolean isGateway(JsonNode status) {
        return status.path("role").asText().equals("gateway");
    }

    private static Map<Integer, Boolean> connected(JsonNode status, boolean gateway) {
        Map<Integer, Boolean> connected = new TreeMap<>();
        if (gateway) {
            for (JsonNode member : status.path("members")) {
                connected.put(
                        member.path("id").asInt(), member.path("connected").asBoolean());
            }
            return connected;
        }
        for (JsonNode voter : status.path("voters")) {
            connected.put(voter.asInt(), false);
        }
        for (JsonNode peer : status.path("connected")) {
            connected.put(peer.asInt(), true);
        }
        if (status.has("id")) {
            connected.put(status.path("id").asInt(), true);
        }
        return connected;
    }

    /** Slots that each peer is behind, over all groups that this node leads; empty if it leads none. */
    static Map<Integer, Long> lag(JsonNode status) {
        Map<Integer, Long> lag = new TreeMap<>();
        for (JsonNode group : status.path("groups")) {
            for (Map.Entry<String, JsonNode> peer : group.path("lag").properties()) {
                int id = Integer.parseInt(peer.getKey());
                if (id != status.path("id").asInt()) {
                    lag.merge(id, peer.getValue().asLong(), Long::sum);
                }
            }
        }
        return lag;
    }
}
