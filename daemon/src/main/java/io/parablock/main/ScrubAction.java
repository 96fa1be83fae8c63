package io.parablock.main;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.parablock.http.Answer;
import io.parablock.http.Routes;
import io.parablock.replica.ScrubStart;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * {@code POST /admin/scrub}: a round of the scrub begins now, in each group of this node in which none is under way. Answered when
 * it has begun; {@code /status} shows how far it is. Thread-safe.
 */
final class ScrubAction implements Routes.Route {
    static final String PATH = "/admin/scrub";

    private static final long TIMEOUT_MS = 1_000;

    private final int node;
    private final Map<Integer, NodeGroup> groups;

    /** @param groups by number; read from any thread */
    ScrubAction(int node, Map<Integer, NodeGroup> groups) {
        this.node = node;
        this.groups = groups;
    }

    @Override
    public Answer answer(Map<String, String> query) throws IOException {
        if (!query.isEmpty()) {
            return Answer.error(
                    400, "unknown parameter " + query.keySet().iterator().next() + "; there is none");
        }
        ObjectNode json = JsonNodeFactory.instance.objectNode().put("node", node);
        ArrayNode each = json.putArray("groups");
        boolean any = false;
        for (NodeGroup g : groups.values()) {
            NodeGroup.ScrubAsked asked = start(g);
            if (asked.start() == ScrubStart.OFF) {
                return Answer.error(409, "the scrub is off: scrub.bytes_per_second is 0");
            }
            boolean started = asked.start() == ScrubStart.STARTED;
            any |= started;
            each.addObject().put("group", g.groupId()).put("started", started).put("rounds", asked.rounds());
        }
        return any ? Answer.json(json) : Answer.error(409, "a round of the scrub is under way");
    }

    private static NodeGroup.ScrubAsked start(NodeGroup g) throws IOException {
        try {
            return g.startScrub().get(TIMEOUT_MS, TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("group " + g.groupId() + " does not answer", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("the node stops", e);
        }
    }
}
