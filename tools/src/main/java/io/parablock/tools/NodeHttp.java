package io.parablock.tools;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

/** What a node is asked for over HTTP besides its status. */
final class NodeHttp {
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HttpClient HTTP =
            HttpClient.newBuilder().connectTimeout(CONNECT_TIMEOUT).build();

    private NodeHttp() {}

    /**
     * A page.
     *
     * @throws IOException if it does not come within {@code timeout}, or with another status than 200
     */
    static String get(URI base, String path, Duration timeout) throws IOException, InterruptedException {
        HttpResponse<String> answer = HTTP.send(
                HttpRequest.newBuilder(base.resolve(path)).timeout(timeout).build(),
                HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() != 200) {
            throw new IOException("HTTP " + answer.statusCode() + " from " + base.resolve(path));
        }
        return answer.body();
    }

    /**
     * An action, which a node takes from its own machine only.
     *
     * @throws CommandFailure with the node's own words if it refuses
     */
    static JsonNode post(URI base, String path, Duration timeout) throws InterruptedException {
        HttpResponse<String> answer;
        try {
            answer = HTTP.send(
                    HttpRequest.newBuilder(base.resolve(path))
                            .timeout(timeout)
                            .POST(HttpRequest.BodyPublishers.noBody())
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
        } catch (IOException | IllegalArgumentException e) {
            String why = e.getMessage();
            throw new CommandFailure("no answer from " + base + (why == null ? "" : ": " + why));
        }
        JsonNode json = json(answer.body());
        if (answer.statusCode() != 200) {
            String error = json.path("error").asText();
            throw new CommandFailure(base + ": " + (error.isEmpty() ? "HTTP " + answer.statusCode() : error));
        }
        return json;
    }

    private static JsonNode json(String body) {
        try {
            return JSON.readTree(body);
        } catch (JsonProcessingException e) {
            return MissingNode.getInstance();
        }
    }
}
