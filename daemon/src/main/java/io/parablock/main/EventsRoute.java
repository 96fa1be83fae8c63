package io.parablock.main;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.parablock.events.Event;
import io.parablock.events.EventLog;
import io.parablock.http.Answer;
import io.parablock.http.Routes;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * {@code GET /events?since=&limit=}: what the process tells of itself, oldest first. {@code since} is an instant (ISO 8601), or
 * the {@code number} of the last event that the client has. Numbers begin again with each process, whose {@code process} tells
 * the one from the other.
 */
final class EventsRoute implements Routes.Route {
    /** Where its {@link Routes} have it. */
    static final String PATH = "/events";

    private static final String SINCE = "since";
    private static final String LIMIT = "limit";
    private static final int NUMBER_DIGITS_MAX = 18;
    private static final int LIMIT_DIGITS_MAX = 9;

    private final EventLog events;

    EventsRoute(EventLog events) {
        this.events = events;
    }

    @Override
    public Answer answer(Map<String, String> query) {
        for (String name : query.keySet()) {
            if (!name.equals(SINCE) && !name.equals(LIMIT)) {
                return Answer.error(400, "unknown parameter " + name + ": there are since and limit");
            }
        }
        String since = query.getOrDefault(SINCE, "0");
        String limit = query.get(LIMIT);
        if (limit == null) {
            return answer(since, Integer.MAX_VALUE);
        }
        if (!isNumber(limit, LIMIT_DIGITS_MAX)) {
            return Answer.error(400, "limit must be a number of events, not " + limit);
        }
        return answer(since, Integer.parseInt(limit));
    }

    private Answer answer(String since, int limit) {
        if (isNumber(since, NUMBER_DIGITS_MAX)) {
            return page(events.after(Long.parseLong(since), limit));
        }
        try {
            return page(events.since(Instant.parse(since), limit));
        } catch (DateTimeParseException e) {
            return Answer.error(
                    400, "since must be an event's number or an instant such as 2026-01-31T12:00:00Z, not " + since);
        }
    }

    private static boolean isNumber(String text, int digitsMax) {
        return !text.isEmpty() && text.length() <= digitsMax && text.chars().allMatch(c -> c >= '0' && c <= '9');
    }

    private static Answer page(List<Event> all) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put(
                "process",
                ProcessHandle.current().pid() + "@"
                        + ProcessHandle.current().info().startInstant().orElse(Instant.EPOCH));
        ArrayNode list = json.putArray("events");
        all.forEach(e -> list.add(json(e)));
        return Answer.json(json);
    }

    private static ObjectNode json(Event e) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("number", e.number());
        json.put("at", e.at().toString());
        json.put("id", e.kind().id());
        json.put("kind", e.kind().word());
        json.put("group", e.group());
        json.put("level", e.kind().level().name().toLowerCase(Locale.ROOT));
        json.put("text", e.text());
        ObjectNode fields = json.putObject("fields");
        e.fields().forEach((name, value) -> {
            if (value instanceof Number n) {
                fields.put(name, n.longValue());
            } else {
                fields.put(name, value.toString());
            }
        });
        return json;
    }
}
