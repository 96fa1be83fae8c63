package io.parablock.main;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.parablock.events.EventKind;
import io.parablock.events.EventLog;
import io.parablock.http.Answer;
import io.parablock.http.Routes;
import io.parablock.raft.RaftStatus;
import io.parablock.raft.membership.Members;
import io.parablock.raft.membership.Seat;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * {@code POST /admin/replace-node?node=N}: the disk of node N is given up in every group (protocol.md §9), so that the node may
 * come back with an empty one. At any other node; said to each group's leader again and again until it is in the log.
 * Answers when all groups have it, at the latest after {@link #TIMEOUT_NS}. Thread-safe; one at a time.
 */
final class ReplaceNodeAction implements Routes.Route {
    static final String PATH = "/admin/replace-node";

    /** Named limit: a client that asked waits for no longer. */
    static final long TIMEOUT_NS = 10_000_000_000L;

    private static final long READ_TIMEOUT_MS = 1_000;
    private static final long AGAIN_MS = 200;
    /** By then the followers have heard of the commit, so that none takes the new disk for a stranger's. */
    private static final long SETTLE_MS = 500;

    private static final String NODE = "node";

    private final Map<Integer, NodeGroup> groups;
    private final int self;
    private final IntPredicate isConnected;
    private final EventLog events;
    private final ReentrantLock lock = new ReentrantLock();

    /** @param groups by number; they come and go with volumes */
    ReplaceNodeAction(Map<Integer, NodeGroup> groups, int self, IntPredicate isConnected, EventLog events) {
        this.groups = groups;
        this.self = self;
        this.isConnected = isConnected;
        this.events = events;
    }

    @Override
    public Answer answer(Map<String, String> query) throws IOException {
        for (String name : query.keySet()) {
            if (!name.equals(NODE)) {
                return Answer.error(400, "unknown parameter " + name + "; there is node");
            }
        }
        String number = query.getOrDefault(NODE, "");
        if (!number.matches("[0-9]{1,9}")) {
            return Answer.error(400, "say which one: node=N");
        }
        int node = Integer.parseInt(number);
        if (node == self) {
            return Answer.error(409, "node " + node + " is this one, and it runs: ask another node");
        }
        if (!lock.tryLock()) {
            return Answer.error(409, "a node is being replaced");
        }
        try {
            return replace(node);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("the node stops", e);
        } finally {
            lock.unlock();
        }
    }

    private Answer replace(int node) throws IOException, InterruptedException {
        Map<Integer, Seat> seats = seats(node);
        if (seats.isEmpty()) {
            return Answer.error(404, "there is no node " + node);
        }
        Seat given = oldestTaken(seats);
        if (given != null) {
            boolean same =
                    seats.values().stream().allMatch(s -> s.isVacant() || s.incarnation() == given.incarnation());
            if (same && isConnected.test(node)) {
                return Answer.error(
                        409,
                        "node " + node
                                + " is connected with the disk that it has; stop it before its disk is given up");
            }
            events.tell(EventKind.DISK_GIVEN_UP, 0, "an operator gives up the disk of node " + node, node);
            seats = giveUp(node, given);
            if (waiting(seats, given).isEmpty()) {
                Thread.sleep(SETTLE_MS);
            }
        }
        return result(node, seats, waiting(seats, given));
    }

    /** Says it until every group has it, those too that begin meanwhile. */
    private Map<Integer, Seat> giveUp(int node, Seat given) throws IOException, InterruptedException {
        long deadlineNs = System.nanoTime() + TIMEOUT_NS;
        Map<Integer, Seat> seats = seats(node);
        while (!waiting(seats, given).isEmpty() && System.nanoTime() - deadlineNs < 0) {
            for (int group : waiting(seats, given)) {
                NodeGroup g = groups.get(group);
                if (g != null) {
                    g.giveUpDisk(node, given.incarnation());
                }
            }
            Thread.sleep(AGAIN_MS);
            seats = seats(node);
        }
        return seats;
    }

    private Answer result(int node, Map<Integer, Seat> seats, List<Integer> waiting) {
        ObjectNode json = JsonNodeFactory.instance.objectNode().put(NODE, node);
        ArrayNode each = json.putArray("groups");
        seats.forEach((group, seat) -> each.addObject().put("group", group).put("vacant", seat.isVacant()));
        if (waiting.isEmpty()) {
            return Answer.json(json);
        }
        String which = String.join(", ", waiting.stream().map(String::valueOf).toList());
        json.put(
                "error",
                "group " + which + " has not given up the disk of node " + node + " within "
                        + TIMEOUT_NS / 1_000_000_000
                        + " s: a leader and a majority without that node are needed, and the node must not answer; say it"
                        + " again");
        return Answer.json(503, json);
    }

    /**
     * A later disk of the node, in a group that was asked before, is not meant; nor is one that no group counts any more.
     *
     * @return null if no disk counts at that seat anywhere
     */
    private static @Nullable Seat oldestTaken(Map<Integer, Seat> seats) {
        Seat oldest = null;
        for (Seat s : seats.values()) {
            if (!s.isVacant() && (oldest == null || s.generation() < oldest.generation())) {
                oldest = s;
            }
        }
        return oldest;
    }

    private static List<Integer> waiting(Map<Integer, Seat> seats, @Nullable Seat given) {
        List<Integer> out = new ArrayList<>();
        seats.forEach((group, seat) -> {
            if (given != null && !seat.isVacant() && seat.incarnation() == given.incarnation()) {
                out.add(group);
            }
        });
        return out;
    }

    /** By group; empty for a node that is none of the cluster's. */
    private Map<Integer, Seat> seats(int node) throws IOException {
        TreeMap<Integer, Seat> out = new TreeMap<>();
        for (NodeGroup g : groups.values()) {
            RaftStatus status;
            try {
                status = read(g);
            } catch (IOException e) {
                if (groups.get(g.groupId()) != g) {
                    // Its volume is deleted meanwhile.
                    continue;
                }
                throw e;
            }
            Members members = status.members();
            if (members.seats().containsKey(node)) {
                out.put(g.groupId(), members.seat(node));
            }
        }
        return out;
    }

    private static RaftStatus read(NodeGroup g) throws IOException {
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
