package io.parablock.events;

import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * The events of one process: each goes to the log, whatever that lets through, and the newest are kept here. For changes of
 * state, which are rare; never for a request. Thread-safe.
 */
public final class EventLog {
    /** Named limit: of one kind about one subject, {@link #tellSeldom} tells one event in so long. */
    static final long SELDOM_MS = 60_000;

    /** Named limit of the subjects that are remembered for that. */
    static final int SUBJECTS_MAX = 256;

    /** The keys of a log line's values. */
    static final String EVENT = "event";

    static final String KIND = "kind";
    static final String GROUP = "group";

    private static final Logger LOG = LoggerFactory.getLogger(EventLog.class);

    private record Subject(EventKind kind, String name) {}

    private static final class Repeats {
        final Instant toldAt;
        long untold;

        Repeats(Instant toldAt) {
            this.toldAt = toldAt;
        }
    }

    private final int eventsMax;
    private final InstantSource clock;
    // Guarded by this.
    private final ArrayDeque<Event> newest = new ArrayDeque<>();
    private final Map<Subject, Repeats> told = new HashMap<>();
    private long last;

    /** @param eventsMax {@code log.events_max}: how many are kept, at least 1 */
    public EventLog(int eventsMax, InstantSource clock) {
        if (eventsMax < 1) {
            throw new IllegalArgumentException("keeps no event");
        }
        this.eventsMax = eventsMax;
        this.clock = clock;
    }

    /** With the system's clock. */
    public EventLog(int eventsMax) {
        this(eventsMax, InstantSource.system());
    }

    /**
     * @param group 0 for the whole process
     * @param values of the kind's fields, in their order; null for what is unknown
     */
    public void tell(EventKind kind, int group, String text, @Nullable Object... values) {
        tell(kind, group, text, fields(kind, values));
    }

    /** @param fields some or all of the kind's, by their names */
    public void tell(EventKind kind, int group, String text, Map<String, Object> fields) {
        if (!kind.fields().containsAll(fields.keySet())) {
            throw new IllegalArgumentException(kind + " has no such fields: " + fields.keySet());
        }
        Event event;
        synchronized (this) {
            event = new Event(++last, now(), kind, group, text, fields);
            if (newest.size() == eventsMax) {
                newest.remove();
            }
            newest.add(event);
        }
        log(event);
    }

    /**
     * For what others can make happen as often as they like: one event in a while of each kind and subject. The next one after
     * that says how many there were.
     *
     * @param subject what it is about, such as an address
     */
    public void tellSeldom(EventKind kind, String subject, int group, String text, @Nullable Object... values) {
        long untold;
        synchronized (this) {
            Instant now = now();
            Subject key = new Subject(kind, subject);
            Repeats before = told.get(key);
            if (before != null && before.toldAt.until(now, ChronoUnit.MILLIS) < SELDOM_MS) {
                before.untold++;
                return;
            }
            if (told.size() >= SUBJECTS_MAX) {
                told.values().removeIf(r -> r.toldAt.until(now, ChronoUnit.MILLIS) >= SELDOM_MS);
            }
            untold = before == null ? 0 : before.untold;
            if (told.size() < SUBJECTS_MAX || before != null) {
                told.put(key, new Repeats(now));
            } else {
                // A crowd of subjects: none of them is told of.
                return;
            }
        }
        String more = untold > 0 ? "; " + untold + " times more since the last event about it" : "";
        tell(kind, group, text + more, fields(kind, values));
    }

    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MILLIS);
    }

    private static Map<String, Object> fields(EventKind kind, @Nullable Object... values) {
        List<String> names = kind.fields();
        if (values.length != names.size()) {
            throw new IllegalArgumentException(kind + " has the fields " + names);
        }
        Map<String, Object> fields = new LinkedHashMap<>();
        for (int i = 0; i < values.length; i++) {
            Object value = values[i];
            if (value != null) {
                fields.put(names.get(i), value);
            }
        }
        return fields;
    }

    private static void log(Event event) {
        LoggingEventBuilder line = LOG.atLevel(event.kind().level())
                .addKeyValue(EVENT, event.kind().id())
                .addKeyValue(KIND, event.kind().word());
        if (event.group() != 0) {
            line = line.addKeyValue(GROUP, event.group());
        }
        for (Map.Entry<String, Object> field : event.fields().entrySet()) {
            line = line.addKeyValue(field.getKey(), field.getValue());
        }
        line.log(event.line());
    }

    /** Those that came after number {@code number}, oldest first; of more than {@code limit} the newest. */
    public List<Event> after(long number, int limit) {
        return newest(e -> e.number() > number, limit);
    }

    /** Those of {@code instant} and later, oldest first; of more than {@code limit} the newest. */
    public List<Event> since(Instant instant, int limit) {
        return newest(e -> !e.at().isBefore(instant), limit);
    }

    private synchronized List<Event> newest(Predicate<Event> wanted, int limit) {
        List<Event> out = new ArrayList<>(newest.stream().filter(wanted).toList());
        return List.copyOf(out.subList(Math.max(0, out.size() - limit), out.size()));
    }
}
