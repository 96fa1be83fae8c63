package io.parablock.tools;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A daemon's own status page, as JSON. */
record NodeStatus(JsonNode json) {
    static final String TERM = "term";
    static final String COMMIT = "commit";
    static final String APPLIED = "applied";
    static final String LAST_SLOT = "last_slot";
    static final String HOLES = "holes";
    static final String IN_FLIGHT = "in_flight";
    /** Requests the node's gateway has not answered yet. */
    static final String UNANSWERED = "unanswered";

    private static final ObjectMapper JSON = new ObjectMapper();

    private static final Duration TIMEOUT = Duration.ofSeconds(2);
    private static final HttpClient HTTP =
            HttpClient.newBuilder().connectTimeout(TIMEOUT).build();

    /** The status of the daemon at {@code base}, for example {@code http://127.0.0.1:8080}. */
    static NodeStatus fetch(URI base) throws IOException, InterruptedException {
        HttpResponse<String> response = HTTP.send(
                HttpRequest.newBuilder(base.resolve("/status")).timeout(TIMEOUT).build(),
                HttpResponse.BodyHandlers.ofString());
        if (response.statusCode() != 200) {
            throw new IOException(base + " answered HTTP " + response.statusCode());
        }
        return new NodeStatus(JSON.readTree(response.body()));
    }

    /** The same, or null if the daemon does not answer. */
    static @Nullable NodeStatus fetchIfAlive(NodeConfig node) throws InterruptedException {
        try {
            return fetch(node.uri());
        } catch (IOException e) {
            return null;
        }
    }

    /** The status of a cluster of which only this node was asked. */
    ObjectNode asCluster() {
        ObjectNode cluster = JsonNodeFactory.instance.objectNode();
        // A gateway tells it of its groups only.
        int leader = json.path("leader")
                .asInt(json.path("groups").path(0).path("leader").asInt());
        if (leader == 0) {
            cluster.putNull("leader");
        } else {
            cluster.put("leader", leader);
        }
        cluster.withArray("/nodes").add(json);
        ClusterHealth.of(cluster).into(cluster);
        return cluster;
    }

    String role() {
        return json.path("role").asText("unknown");
    }

    long number(String key) {
        return json.path(key).asLong();
    }
}
