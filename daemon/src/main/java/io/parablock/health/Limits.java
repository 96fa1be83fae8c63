package io.parablock.health;

import io.parablock.config.NodeConfig;

/** From where on something is told: the one place where status, events, metrics and the live page have it from. */
public record Limits(NodeConfig.HealthKeys health, NodeConfig.SlowKeys slow) {
    /** As of now: a reload changes them. */
    public static Limits of(NodeConfig config) {
        return new Limits(config.health(), config.raft().slow());
    }
}
