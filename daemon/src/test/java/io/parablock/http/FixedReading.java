package io.parablock.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.parablock.metrics.NodeMeters;

/** Says what a test has written. */
record FixedReading(ObjectNode json) implements Reading {
    /** @param json may use single quotes */
    static ObjectNode node(String json) {
        try {
            return (ObjectNode) new ObjectMapper().readTree(json.replace('\'', '"'));
        } catch (JsonProcessingException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void figures(NodeMeters meters) {}
}
