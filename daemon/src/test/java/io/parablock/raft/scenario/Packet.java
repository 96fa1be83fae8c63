package io.parablock.raft.scenario;

import io.parablock.raft.log.Entry;
import io.parablock.raft.log.OriginRun;
import io.parablock.raft.log.SlotRun;
import io.parablock.raft.message.Message;
import io.parablock.raft.state.Checkpoint;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * A message on its way, from one disk; matched by the fields of its record, by {@code from}, {@code to}, {@code kind} and {@code slot}.
 */
record Packet(long number, int from, long disk, long boot, int to, Message message) {
    String kind() {
        return message.getClass().getSimpleName();
    }

    /** The slots that an Append, Entries, AppendAck or Fetch is about. */
    TreeSet<Long> slots() {
        TreeSet<Long> slots = new TreeSet<>();
        if (message instanceof Message.Append a) {
            a.entries().forEach(e -> slots.add(e.slot()));
        } else if (message instanceof Message.Entries a) {
            a.entries().forEach(e -> slots.add(e.slot()));
        } else if (message instanceof Message.AppendAck a) {
            a.slots().forEach(r -> addRun(slots, r.first(), r.last()));
        } else if (message instanceof Message.Fetch f) {
            f.wanted().forEach(r -> addRun(slots, r.first(), r.last()));
        }
        return slots;
    }

    private static void addRun(TreeSet<Long> slots, long first, long last) {
        for (long s = first; s <= last; s++) {
            slots.add(s);
        }
    }

    boolean matches(Map<String, String> filter) {
        Map<String, String> fields = fields();
        for (Map.Entry<String, String> f : filter.entrySet()) {
            String wanted = f.getValue();
            boolean ok = switch (f.getKey()) {
                case "from" -> List.of(wanted.split(",")).contains(String.valueOf(from));
                case "to" -> List.of(wanted.split(",")).contains(String.valueOf(to));
                case "kind" -> List.of(wanted.split(",")).contains(kind());
                case "slot" -> slots().contains(Long.parseLong(wanted));
                default -> wanted.equals(fields.get(f.getKey()));
            };
            if (!ok) {
                return false;
            }
        }
        return true;
    }

    private Map<String, String> fields() {
        Map<String, String> fields = new LinkedHashMap<>();
        for (RecordComponent c : message.getClass().getRecordComponents()) {
            try {
                fields.put(c.getName(), show(c.getAccessor().invoke(message)));
            } catch (IllegalAccessException | InvocationTargetException e) {
                throw new IllegalStateException("record " + kind() + " cannot be read", e);
            }
        }
        return fields;
    }

    private static String show(Object value) {
        if (value instanceof List<?> list) {
            return list.stream().map(Packet::show).collect(Collectors.joining(","));
        }
        if (value instanceof SlotRun r) {
            return range(r.first(), r.last());
        }
        if (value instanceof OriginRun r) {
            return range(r.first(), r.last()) + "@" + r.origin();
        }
        if (value instanceof Entry e) {
            return e.slot() + "@" + e.origin();
        }
        if (value instanceof Message.CommitNotice c) {
            return "w" + c.watermark() + (c.runs().isEmpty() ? "" : "+" + show(c.runs()));
        }
        if (value instanceof Checkpoint c) {
            return "a" + c.a();
        }
        return value instanceof long[] a ? String.valueOf(a.length) : String.valueOf(value);
    }

    private static String range(long first, long last) {
        return first == last ? String.valueOf(first) : first + ".." + last;
    }

    /** For the transcript: what tells one message of the kind from another, and no more. */
    String summary() {
        Map<String, String> f = fields();
        f.keySet().removeAll(List.of("lookBehindFirst", "lookBehind", "round", "acceptLimit", "commit", "id", "mark"));
        f.values().removeIf(String::isEmpty);
        f.remove("transfer", "false");
        f.remove("everyVoter", "false");
        f.remove("amnesiac", "false");
        f.remove("installing", "false");
        return from + ">" + to + " " + kind() + f;
    }
}
