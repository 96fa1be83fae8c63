package io.parablock.events;

import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Something that has happened.
 *
 * @param number from 1 on, in the order in which the process told of them
 * @param at by the system's clock
 * @param group 0 if it is about the whole process
 * @param text a sentence for people; of a group, without its number
 * @param fields by the names in {@link EventKind#fields()}, in their order: texts and integers; what is unknown is left out
 */
public record Event(long number, Instant at, EventKind kind, int group, String text, Map<String, Object> fields) {
    public Event {
        fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields));
    }

    /** The text with the group's number, as the log has it. */
    public String line() {
        return group == 0 ? text : "group " + group + ": " + text;
    }
}
