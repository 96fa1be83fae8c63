package io.parablock.tools;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** The events of one process, each once, also if another process takes its place meanwhile. */
final class EventSource {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration TIMEOUT = Duration.ofSeconds(2);
    private static final HttpClient HTTP =
            HttpClient.newBuilder().connectTimeout(TIMEOUT).build();

    private final String node;
    private final URI base;
    private final int limit;
    private String since;
    private String process = "";
    private String failure = "";

    /**
     * @param node its name, or empty
     * @param since an instant, or 0
     * @param limit of the first answer, the newest
     */
    EventSource(String node, URI base, String since, int limit) {
        this.node = node;
        this.base = base;
        this.since = since;
        this.limit = limit;
    }

    String node() {
        return node;
    }

    /** Why there was no answer the last time; empty if there was one. */
    String failure() {
        return failure;
    }

    /** What has come since the last call. */
    List<JsonNode> next() throws IOException, InterruptedException {
        try {
            JsonNode page = page(process.isEmpty() ? "&limit=" + limit : "");
            String now = page.path("process").asText();
            if (!process.isEmpty() && !process.equals(now)) {
                // Its numbers begin again.
                since = "0";
                page = page("");
            }
            process = now;
            List<JsonNode> out = new ArrayList<>();
            page.path("events").forEach(out::add);
            if (!out.isEmpty()) {
                since = out.get(out.size() - 1).path("number").asText();
            }
            failure = "";
            return out;
        } catch (IOException | IllegalArgumentException e) {
            String why = e.getMessage();
            failure = base + " does not answer" + (why == null ? "" : ": " + why);
            throw new IOException(failure, e);
        }
    }

    private JsonNode page(String more) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(base.resolve("/events?since=" + since + more))
                .timeout(TIMEOUT)
                .build();
        HttpResponse<String> response = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
        if (response.statusCode() != 200) {
            throw new IOException("HTTP " + response.statusCode());
        }
        return JSON.readTree(response.body());
    }
}
