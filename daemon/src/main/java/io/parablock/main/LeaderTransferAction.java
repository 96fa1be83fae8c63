package io.parablock.main;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.parablock.config.NodeConfig;
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
 * {@code POST /admin/leader-transfer[?group=G][&to=NODE]}: this node hands over what it leads, all of it or one group, and goes on
 * as a follower. Without {@code to} the core chooses the peer that holds most (protocol.md §8). Answers when the new leaders are known, at the latest
 * after {@link #TIMEOUT_NS} and two readings. Thread-safe; one at a time.
 */
final class LeaderTransferAction implements Routes.Route {
    static final String PATH = "/admin/leader-transfer";

    /** Named limit: a client that asked waits for no longer. */
    static final long TIMEOUT_NS = 5_000_000_000L;

    private static final long READ_TIMEOUT_MS = 1_000;
    private static final String GROUP = "group";
    private static final String TO = "to";

    private final int self;
    private final List<Integer> nodes;
    private final Map<Integer, NodeGroup> groups;
    private final BooleanSupplier hasPeers;
    private final EventLog events;
    private final ReentrantLock lock = new ReentrantLock();

    /** @param groups by number; read from any thread */
    LeaderTransferAction(NodeConfig config, Map<Integer, NodeGroup> groups, BooleanSupplier hasPeers, EventLog events) {
        this.self = config.nodeId();
        this.nodes = NodeSettings.voterIds(config);
        this.groups = groups;
        this.hasPeers = hasPeers;
        this.events = events;
    }

    @Override
    public Answer answer(Map<String, String> query) throws IOException {
        for (String name : query.keySet()) {
            if (!name.equals(GROUP) && !name.equals(TO)) {
                return Answer.error(400, "unknown parameter " + name + "; there are group, to");
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
        String node = query.get(TO);
        int wanted = node != null && node.matches("[0-9]{1,9}") ? Integer.parseInt(node) : 0;
        if (node != null && !nodes.contains(wanted)) {
            return Answer.error(404, "there is no node " + node + ", only " + nodes);
        }
        if (!lock.tryLock()) {
            return Answer.error(409, "a transfer is under way");
        }
        try {
            return transfer(asked, wanted);
        } finally {
            lock.unlock();
        }
    }

    /** @param wanted 0 for the peer that holds most */
    private Answer transfer(Collection<NodeGroup> asked, int wanted) throws IOException {
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
        if (wanted == self) {
            return Answer.error(409, "node " + self + " leads already: " + names(led));
        }
        if (!hasPeers.getAsBoolean()) {
            return Answer.error(409, "no peer is connected: nobody can take over");
        }
        LeaderHandover handover = new LeaderHandover(led, wanted, hasPeers, TIMEOUT_NS, events);
        handover.run();
        return result(led, wanted, handover);
    }

    private static Answer result(List<NodeGroup> led, int wanted, LeaderHandover handover) throws IOException {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        ArrayNode each = json.putArray("groups");
        List<NodeGroup> kept = new ArrayList<>();
        for (NodeGroup g : led) {
            RaftStatus s = read(g);
            boolean done = s.role() != Role.LEADER && (wanted == 0 ? s.leader() != 0 : s.leader() == wanted);
            each.addObject().put(GROUP, g.groupId()).put("leader", s.leader()).put("transferred", done);
            if (!done) {
                kept.add(g);
            }
        }
        if (kept.isEmpty()) {
            return Answer.json(json);
        }
        if (wanted == 0) {
            json.put("error", "no peer has taken over " + names(kept) + ": none is connected and has caught up");
        } else {
            String node = "node " + wanted + " has not taken over " + names(kept) + ": ";
            json.put("error", node + why(handover.answerOf(kept.get(0))));
        }
        return Answer.json(503, json);
    }

    private static String why(NodeGroup.Handover answer) {
        return switch (answer) {
            case AWAY -> "it does not answer";
            case BEHIND -> "it has not caught up, look at its lag";
            case TO_ANOTHER -> "another node is just taking over";
            case DONE, NOT_LED -> "another node has";
            case UNDER_WAY -> "it was asked to, and did not within " + TIMEOUT_NS / 1_000_000_000L + " s";
        };
    }

    private static String names(List<NodeGroup> groups) {
        return "group "
                + String.join(", ", groups.stream().map(g -> "" + g.groupId()).toList());
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
