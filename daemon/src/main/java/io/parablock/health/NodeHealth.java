package io.parablock.health;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/**
 * The state of a node.
 *
 * @param state that of the worst group, in words
 * @param warnings each begins with a word of its kind and a colon
 * @param scrub percent that are left of the round under way
 * @param scrubBytesPerSecond of the last seconds
 * @param clockJumps since the start
 */
public record NodeHealth(
        String state,
        List<GroupHealth> groups,
        List<PeerHealth> peers,
        List<String> warnings,
        Remaining scrub,
        double scrubBytesPerSecond,
        long clockJumps) {
    /** What warnings begin with; scripts may depend on it. */
    static final List<String> KINDS =
            List.of("disk", "disk nearly full", "log large", "peer down", "slow follower", "clock jump", "damage");

    public NodeHealth {
        groups = List.copyOf(groups);
        peers = List.copyOf(peers);
        warnings = List.copyOf(warnings);
    }

    /** How many warnings there are of one of {@link #KINDS}. */
    long warningsOf(String kind) {
        return warnings.stream().filter(w -> w.startsWith(kind + ": ")).count();
    }

    /** Into what /status has: {@code health}, and each group's in {@code groups}. */
    void into(ObjectNode status) {
        ObjectNode health = JsonNodeFactory.instance.objectNode().put("state", state);
        warnings.forEach(health.putArray("warnings")::add);
        for (PeerHealth p : peers) {
            p.into(health.withArray("/peers").addObject());
        }
        health.put("clock_jumps", clockJumps);
        status.set("health", health);
        JsonNode each = status.path("groups");
        for (int i = 0; i < each.size() && i < groups.size(); i++) {
            ((ObjectNode) each.get(i)).set("health", groups.get(i).json());
        }
        if (status.path("scrub") instanceof ObjectNode json) {
            json.put("bytes_per_second", Math.round(scrubBytesPerSecond));
            if (scrub.amount() > 0 && scrub.etaSeconds() >= 0) {
                json.put("eta_seconds", scrub.etaSeconds());
            }
        }
    }
}
