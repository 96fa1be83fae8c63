package io.parablock.health;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.parablock.http.GatewayReading;
import io.parablock.http.Reading;
import io.parablock.metrics.Metric;
import io.parablock.metrics.NodeMeters;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** A reading of a gateway without a replica, with what is judged of it: in the words of a node's. */
public record GatewayHealth(GatewayReading gateway, String version) implements Reading {
    private static final String PEER_DOWN = "peer down";

    @Override
    public ObjectNode json() {
        ObjectNode json = gateway.json();
        json.put("version", version);
        ObjectNode health = json.putObject("health").put("state", state());
        warnings().forEach(health.putArray("warnings")::add);
        return json;
    }

    @Override
    public void figures(NodeMeters meters) {
        gateway.figures(meters);
        meters.figure(Metric.WARNINGS, warnings().size(), PEER_DOWN.replace(' ', '_'));
    }

    /** What its clients meet. */
    String state() {
        List<GatewayReading.Group> groups = gateway.groups();
        if (groups.isEmpty()) {
            return State.FORMING.words() + ": no node has told yet what there is to serve";
        }
        Set<Integer> connected = gateway.members().stream()
                .filter(GatewayReading.Member::connected)
                .map(GatewayReading.Member::id)
                .collect(Collectors.toSet());
        List<GatewayReading.Group> waiting =
                groups.stream().filter(g -> !connected.contains(g.leader())).toList();
        if (waiting.isEmpty()) {
            return State.SERVING.words() + ": " + groups.size() + (groups.size() == 1 ? " group" : " groups");
        }
        GatewayReading.Group first = waiting.get(0);
        String more = waiting.size() == 1 ? "" : ", and " + (waiting.size() - 1) + " more";
        return State.ELECTION.words() + ": "
                + (first.leader() == 0
                        ? "no leader is known of group " + first.id()
                        : "node " + first.leader() + " is not connected, the last leader of group " + first.id())
                + more;
    }

    List<String> warnings() {
        return gateway.members().stream()
                .filter(m -> !m.connected())
                .map(m -> PEER_DOWN + ": node " + m.id() + " is not connected")
                .toList();
    }
}
