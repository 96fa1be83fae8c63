package io.parablock.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;

/**
 * An answer.
 *
 * @param code the HTTP status (RFC 9110 §15)
 * @param type its media type
 */
public record Answer(int code, String type, String body) {
    private static final String JSON = "application/json";

    public static Answer text(String type, String body) {
        return new Answer(200, type, body);
    }

    public static Answer json(JsonNode body) {
        return new Answer(200, JSON, body + "\n");
    }

    /** With another status; {@code body} has {@code error} and more. */
    public static Answer json(int code, JsonNode body) {
        return new Answer(code, JSON, body + "\n");
    }

    /** {@code {"error": why}}. */
    public static Answer error(int code, String why) {
        return new Answer(code, JSON, JsonNodeFactory.instance.objectNode().put("error", why) + "\n");
    }
}
