package io.parablock.health;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.parablock.http.Reading;
import io.parablock.metrics.Metric;
import io.parablock.metrics.NodeMeters;

/** A node's reading, with what is judged of it. */
public record HealthReading(Reading node, String version, NodeHealth health) implements Reading {
    @Override
    public ObjectNode json() {
        ObjectNode json = node.json();
        json.put("version", version);
        health.into(json);
        return json;
    }

    @Override
    public void figures(NodeMeters meters) {
        node.figures(meters);
        for (String kind : NodeHealth.KINDS) {
            meters.figure(Metric.WARNINGS, health.warningsOf(kind), kind.replace(' ', '_'));
        }
    }
}
