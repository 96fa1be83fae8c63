package io.parablock.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** How far this node's rebuilds are and when they will have ended, at the pace of the last half minute. One thread at a time. */
final class RebuildProgress {
    /** Long enough to smooth a throttled copy, short enough to follow its throttle. */
    static final long PACE_WINDOW_NS = 30_000_000_000L;

    private static final int READINGS_MAX = 64;

    /** What may be rebuilt; the page has a sentence for each. */
    private enum Kind {
        /** The whole store is copied from the leader. */
        INSTALL("install", "bytes"),
        /** This node leads, and copies its store to others. */
        SEND("send", "bytes"),
        /** A log that may lack what it once promised is made whole. */
        CURE("cure", "slots"),
        /** Damaged blocks are fetched from a peer. */
        REPAIR("repair", "bytes");

        final String word;
        final String unit;

        Kind(String word, String unit) {
            this.word = word;
            this.unit = unit;
        }
    }

    private record Amount(long done, long total) {}

    private record Reading(long atNs, Amount amount) {}

    private final Map<Kind, Deque<Reading>> underWay = new EnumMap<>(Kind.class);

    /** @param nowNs {@link System#nanoTime} */
    void take(long nowNs, JsonNode status) {
        Map<Kind, Amount> now = amounts(status);
        underWay.keySet().retainAll(now.keySet());
        now.forEach((kind, amount) -> {
            Deque<Reading> readings = underWay.computeIfAbsent(kind, k -> new ArrayDeque<>());
            Reading last = readings.peekLast();
            if (last != null && last.amount.done > amount.done) {
                // It began anew.
                readings.clear();
            }
            readings.addLast(new Reading(nowNs, amount));
            while (readings.size() > READINGS_MAX
                    || (readings.size() > 2 && nowNs - readings.getFirst().atNs > PACE_WINDOW_NS)) {
                readings.removeFirst();
            }
        });
    }

    /** Each with {@code what}, {@code unit}, {@code done}, {@code total}, and once its pace is known {@code rate} and {@code eta_s}. */
    ArrayNode json() {
        ArrayNode json = JsonNodeFactory.instance.arrayNode();
        underWay.forEach((kind, readings) -> {
            Reading first = readings.getFirst();
            Reading last = readings.getLast();
            ObjectNode rebuild = json.addObject().put("what", kind.word).put("unit", kind.unit);
            rebuild.put("done", last.amount.done).put("total", last.amount.total);
            double seconds = (last.atNs - first.atNs) / 1e9;
            long moved = last.amount.done - first.amount.done;
            if (seconds > 0 && moved > 0) {
                double rate = moved / seconds;
                rebuild.put("rate", Math.round(rate));
                rebuild.put("eta_s", Math.round(Math.max(0, last.amount.total - last.amount.done) / rate));
            }
        });
        return json;
    }

    private static Map<Kind, Amount> amounts(JsonNode status) {
        Map<Kind, Amount> amounts = new EnumMap<>(Kind.class);
        List<JsonNode> installs = new ArrayList<>();
        List<JsonNode> sends = new ArrayList<>();
        List<JsonNode> cures = new ArrayList<>();
        for (JsonNode group : status.path("groups")) {
            if (group.path("amnesiac").asBoolean()
                    && group.path("cure_needed_slot").asLong() > 0) {
                cures.add(group);
            }
            if (group.path("install_total_bytes").asLong() > 0) {
                (group.path("role").asText().equals("leader") ? sends : installs).add(group);
            }
        }
        put(amounts, Kind.INSTALL, installs, "install_done_bytes", "install_total_bytes");
        put(amounts, Kind.SEND, sends, "install_done_bytes", "install_total_bytes");
        put(amounts, Kind.CURE, cures, "cure_held_slot", "cure_needed_slot");
        JsonNode blocks = status.path("blocks");
        long pending = blocks.path("pending_bytes").asLong();
        if (pending > 0) {
            long mended = blocks.path("mended_bytes").asLong();
            amounts.put(Kind.REPAIR, new Amount(mended, mended + pending));
        }
        return amounts;
    }

    private static void put(Map<Kind, Amount> amounts, Kind kind, List<JsonNode> groups, String done, String total) {
        if (!groups.isEmpty()) {
            amounts.put(
                    kind,
                    new Amount(
                            groups.stream()
                                    .mapToLong(g -> g.path(done).asLong())
                                    .sum(),
                            groups.stream()
                                    .mapToLong(g -> g.path(total).asLong())
                                    .sum()));
        }
    }
}
