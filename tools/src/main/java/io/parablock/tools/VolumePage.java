package io.parablock.tools;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The volumes that a node serves: its page {@code /volumes}.
 *
 * @param node where it was asked
 */
record VolumePage(URI node, JsonNode json) {
    private static final Duration TIMEOUT = Duration.ofSeconds(5);
    private static final ObjectMapper JSON = new ObjectMapper();

    static VolumePage of(URI node, Duration timeout) throws IOException, InterruptedException {
        return new VolumePage(node, JSON.readTree(NodeHttp.get(node, "/volumes", timeout)));
    }

    /**
     * Of the nodes that answer; at least one.
     *
     * @throws CommandFailure if none does
     */
    static List<VolumePage> of(ClusterChoice cluster) throws InterruptedException {
        URI http = cluster.http();
        List<URI> nodes = http == null
                ? cluster.folder().nodes().stream().map(NodeConfig::uri).toList()
                : List.of(http);
        List<VolumePage> out = new ArrayList<>();
        String why = null;
        for (URI node : nodes) {
            try {
                out.add(of(node, TIMEOUT));
            } catch (IOException | IllegalArgumentException e) {
                why = e.getMessage();
            }
        }
        if (out.isEmpty()) {
            throw new CommandFailure(
                    http == null ? "no node answers" : "no answer from " + http + (why == null ? "" : ": " + why));
        }
        return out;
    }

    /** That of the node that is farthest. */
    static VolumePage newest(List<VolumePage> pages) {
        @Nullable VolumePage newest = null;
        for (VolumePage page : pages) {
            if (newest == null || page.version() > newest.version()) {
                newest = page;
            }
        }
        if (newest == null) {
            throw new IllegalArgumentException("no page");
        }
        return newest;
    }

    int id() {
        return json.path("node").asInt();
    }

    long version() {
        return json.path("version").asLong();
    }

    Optional<JsonNode> volume(String name) {
        for (JsonNode v : json.path("volumes")) {
            if (v.path("name").asText().equals(name)) {
                return Optional.of(v);
            }
        }
        return Optional.empty();
    }

    /** Ids of the nodes that serve a volume as it is. */
    static List<Integer> servedBy(List<VolumePage> pages, JsonNode volume) {
        return pages.stream()
                .filter(page -> page.volume(volume.path("name").asText())
                        .map(volume::equals)
                        .orElse(false))
                .map(VolumePage::id)
                .sorted()
                .toList();
    }

    static String text(List<Integer> ids) {
        return String.join(",", ids.stream().map(String::valueOf).toList());
    }

    static String size(JsonNode bytes) {
        return new ByteSize(bytes.asLong()).toString();
    }
}
