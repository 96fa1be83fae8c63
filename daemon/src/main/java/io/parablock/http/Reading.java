package io.parablock.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.parablock.metrics.NodeMeters;

/** What a process says of itself at one moment. */
public interface Reading {
    /** The page {@code /status}. */
    ObjectNode json();

    /** The figures of {@code /metrics} that nobody counts as they happen. */
    void figures(NodeMeters meters);
}
