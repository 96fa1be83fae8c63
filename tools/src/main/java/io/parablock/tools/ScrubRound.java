package io.parablock.tools;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A round of the scrub that somebody asked for, on one node or on all of a folder. The round goes on without this process. */
final class ScrubRound {
    private static final Duration TIMEOUT = Duration.ofSeconds(5);
    private static final long LOOK_EVERY_NS = 500_000_000L;
    /** Named limit: a node that does not answer for so long is not waited for. */
    private static final long SILENCE_NS_MAX = 15_000_000_000L;

    private static final int PERCENT = 100;

    private final ClusterChoice cluster;
    /** By node and group: the rounds that had ended before this one. */
    private final Map<Integer, Map<Integer, Long>> begun = new TreeMap<>();

    private final List<String> refusals = new ArrayList<>();
    private long lookedNs;
    private long answeredNs;
    private int wanted;
    private int percents;
    private int open = 1;
    private String detail = "";

    private ScrubRound(ClusterChoice cluster) {
        this.cluster = cluster;
    }

    /** @throws CommandFailure if it begins nowhere */
    static ScrubRound begin(ClusterChoice cluster) throws InterruptedException {
        ScrubRound round = new ScrubRound(cluster);
        URI http = cluster.http();
        List<URI> nodes = http != null
                ? List.of(http)
                : cluster.folder().nodes().stream().map(NodeConfig::uri).toList();
        for (URI node : nodes) {
            try {
                round.add(NodeHttp.post(node, "/admin/scrub", TIMEOUT));
            } catch (CommandFailure e) {
                round.refusals.add(String.valueOf(e.getMessage()));
            }
        }
        if (round.begun.isEmpty()) {
            throw new CommandFailure(round.refusals.get(0));
        }
        round.answeredNs = System.nanoTime();
        round.look();
        return round;
    }

    private void add(JsonNode answer) {
        Map<Integer, Long> groups = new TreeMap<>();
        for (JsonNode g : answer.path("groups")) {
            if (g.path("started").asBoolean()) {
                groups.put(g.path("group").asInt(), g.path("rounds").asLong());
            }
        }
        begun.put(answer.path("node").asInt(), groups);
    }

    /** A line for each node on which it did not begin. */
    List<String> refusals() {
        return refusals;
    }

    /** What {@link #percents} becomes. */
    int wanted() {
        return wanted;
    }

    /** Of all groups together, as of the last look. */
    int percents() {
        return percents;
    }

    String detail() {
        return detail;
    }

    /** Looks, if the last look is a while ago. */
    boolean isOver() {
        if (open > 0 && System.nanoTime() - lookedNs >= LOOK_EVERY_NS) {
            try {
                look();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new CommandFailure("interrupted; the round goes on");
            }
        }
        return open == 0;
    }

    private void look() throws InterruptedException {
        JsonNode status = cluster.status();
        wanted = 0;
        percents = 0;
        open = 0;
        List<String> parts = new ArrayList<>();
        for (Map.Entry<Integer, Map<Integer, Long>> e : begun.entrySet()) {
            look(e.getKey(), e.getValue(), node(status, e.getKey()), parts);
        }
        detail = String.join(", ", parts);
        lookedNs = System.nanoTime();
    }

    private void look(int id, Map<Integer, Long> groups, JsonNode node, List<String> parts) {
        if (node.path("groups").isMissingNode()) {
            if (System.nanoTime() - answeredNs > SILENCE_NS_MAX) {
                throw new CommandFailure("node " + id + " does not answer any more; its next start begins a round");
            }
            open++;
            parts.add("node " + id + " does not answer");
            return;
        }
        answeredNs = System.nanoTime();
        int percent = PERCENT;
        int left = 0;
        for (JsonNode g : node.path("groups")) {
            int group = g.path("group").asInt();
            Long before = groups.get(group);
            if (before == null) {
                continue;
            }
            JsonNode scrub = g.path("scrub");
            long rounds = scrub.path("rounds").asLong();
            // Fewer: the node has been started again, which begins a round by itself.
            groups.put(group, Math.min(before, rounds));
            int done =
                    rounds > before ? PERCENT : scrub.path("progress_percent").asInt();
            left += rounds > before ? 0 : 1;
            percent = Math.min(percent, done);
            wanted += PERCENT;
            percents += done;
        }
        open += left;
        String eta = node.path("scrub").path("eta_seconds").asText();
        parts.add("node " + id + " "
                + (left == 0 ? "has ended" : percent + "%" + (eta.isEmpty() ? "" : ", ETA " + eta + "s")));
    }

    private static JsonNode node(JsonNode status, int id) {
        for (JsonNode node : status.path("nodes")) {
            if (node.path("id").asInt() == id) {
                return node;
            }
        }
        return status.path("nodes").path(-1);
    }
}
