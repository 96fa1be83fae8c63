package io.parablock.main;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.parablock.events.EventLog;
import io.parablock.http.Answer;
import io.parablock.http.Routes;
import io.parablock.raft.RaftStatus;
import io.parablock.raft.Role;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/**
 * {@code POST /admin/leader-transfer[?group=G]}: this node hands over what it leads, all of it or one group, and goes on as a
 * follower. The core chooses the peer that holds most (protocol.md §8). Answers when the new leaders are known, at the latest
 * after {@link #TIMEOUT_NS} and two readings. Thread-safe; one at a time.
 */
final class LeaderTransferAction implements Routes.Route {
    static final String PATH = "/admin/leader-transfer";

    /** Named limit: a client that asked waits for no longer. */
    static final long TIMEOUT_NS = 5_000_000_000L;

    private static final long READ_TIMEOUT_MS = 1_000;
    private static final String GROUP = "group";

    private final Map<Integer, NodeGroup> groups;
    private final BooleanSupplier hasPeers;
    private final EventLog events;
    private final ReentrantLock lock = new ReentrantLock();

    /** @param groups by number; read from any thread */
    LeaderTransferAction(Map<Integer, NodeGroup> groups, BooleanSupplier hasPeers, EventLog events) {
        this.groups = groups;
        this.hasPeers = hasPeers;
        this.events = events;
    }

    @Override
    public Answer answer(Map<String, String> query) throws IOException {
        for (String name : query.keySet()) {
            if (!name.equals(GROUP)) {
                return Answer.error(400, "unknown parameter " + name + "; there is group");
            }
        }
        Collection<NodeGroup> asked = groups.values();
        String number = query.get(GROUP);
        if (number != null) {
            NodeGroup one = number.matches("[0-9]{1,9}") ? groups.get(Integer.parseInt(number)) : null;
            if (one == null) {
                return Answer.error(404, "there is no group " + number);
            }
            asked = List.of(one);
        }
        if (!lock.tryLock()) {
            return Answer.error(409, "a transfer is under way");
        }
        try {
            return transfer(asked);
        } finally {
            lock.unlock();
        }
    }

    private Answer transfer(Collection<NodeGroup> asked) throws IOException {
        List<NodeGroup> led = new ArrayList<>();
        RaftStatus other = null;
        for (NodeGroup g : asked) {
            RaftStatus s = read(g);
            if (s.role() == Role.LEADER) {
                led.add(g);
            } else {
                other = s;
            }
        }
        if (led.isEmpty()) {
            String who =
                    other == null || other.leader() == 0 ? "there is no leader" : "node " + other.leader() + " does";
            String what = asked.size() == 1 ? "group " + asked.iterator().next().groupId() : "any group";
            return Answer.error(409, "this node does not lead " + what + "; " + who);
        }
        if (!hasPeers.getAsBoolean()) {
            return Answer.error(409, "no peer is connected: nobody can take over");
        }
        new LeaderHandover(led, hasPeers, TIMEOUT_NS, events).run();
        return result(led);
    }

    private static Answer result(List<NodeGroup> led) throws IOException {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        ArrayNode each = json.putArray("groups");
        List<Integer> kept = new ArrayList<>();
        for (NodeGroup g : led) {
            RaftStatus s = read(g);
            boolean done = s.role() != Role.LEADER && s.leader() != 0;
            each.addObject().put(GROUP, g.groupId()).put("leader", s.leader()).put("transferred", done);
            if (!done) {
                kept.add(g.groupId());
            }
        }
        if (kept.isEmpty()) {
            return Answer.json(json);
        }
        json.put("error", "no peer has taken over group " + join(kept) + ": none is connected and has caught up");
        return Answer.json(503, json);
    }

    private static String join(List<Integer> numbers) {
        return String.join(", ", numbers.stream().map(String::valueOf).toList());
    }

    /** @throws IOException if it does not answer in a second */
    static RaftStatus read(NodeGroup g) throws IOException {
        try {
            return g.read()
                    .get(READ_TIMEOUT_MS, TimeUnit.MILLISECONDS)
                    .replica()
                    .raft();
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("group " + g.groupId() + " does not answer", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("the node stops", e);
        }
    }
}
