package io.parablock.main;

import io.parablock.events.EventKind;
import io.parablock.events.EventLog;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The first step of an orderly stop: every group that this node leads goes to a peer (protocol.md §2). Clients are served
 * meanwhile, and this node stays until it follows each new leader in its term: its acknowledgement of the merged log is one of
 * the majority without which the new leader can answer nobody.
 */
final class LeaderHandover {
    private static final Logger LOG = LoggerFactory.getLogger(LeaderHandover.class);

    /**
     * Groups that change hands at the same time. Nobody serves them meanwhile, and on one event loop and one disk they wait for
     * each other's state to be written: all at once, each of many would be away for as long as all of them take.
     */
    static final int GROUPS_AT_ONCE = 4;

    private static final long POLL_MS = 10;
    private static final long ANSWER_TIMEOUT_MS = 1_000;

    private final List<NodeGroup> left;
    private final BooleanSupplier hasPeers;
    private final long timeoutNs;
    private final EventLog events;
    private final int wanted;
    private final Map<Integer, NodeGroup.Handover> answers = new HashMap<>();
    private int handedOver;

    /**
     * @param hasPeers whether any peer is connected: without one nobody can take over
     * @param timeoutNs {@code raft.handover_timeout}; 0 hands nothing over
     */
    LeaderHandover(Collection<NodeGroup> groups, BooleanSupplier hasPeers, long timeoutNs, EventLog events) {
        this(groups, 0, hasPeers, timeoutNs, events);
    }

    /** @param wanted the node that is to take over all of it, or 0 for the peer that holds most of each */
    LeaderHandover(
            Collection<NodeGroup> groups, int wanted, BooleanSupplier hasPeers, long timeoutNs, EventLog events) {
        this.wanted = wanted;
        this.left = new ArrayList<>(groups);
        this.hasPeers = hasPeers;
        this.timeoutNs = timeoutNs;
        this.events = events;
    }

    /** Returns when no group needs this node any more, or it is too late. Not on a group's thread. */
    void run() {
        long beganNs = System.nanoTime();
        try {
            while (!left.isEmpty() && hasPeers.getAsBoolean() && System.nanoTime() - beganNs < timeoutNs) {
                if (!advance()) {
                    Thread.sleep(POLL_MS);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (handedOver > 0) {
            long tookMs = (System.nanoTime() - beganNs) / 1_000_000;
            String text = "handed over " + handedOver + " groups in " + tookMs + " ms";
            events.tell(EventKind.HANDOVER_FINISHED, 0, text, handedOver, tookMs);
        }
    }

    /** How far the group has come. */
    NodeGroup.Handover answerOf(NodeGroup group) {
        return answers.getOrDefault(group.groupId(), NodeGroup.Handover.UNDER_WAY);
    }

    /** @return whether a group is done with, so that the next one may have its turn at once */
    private boolean advance() throws InterruptedException {
        List<NodeGroup> turn = List.copyOf(left.subList(0, Math.min(GROUPS_AT_ONCE, left.size())));
        List<CompletableFuture<NodeGroup.Handover>> asked =
                turn.stream().map(g -> g.handOver(wanted)).toList();
        boolean any = false;
        for (int i = 0; i < turn.size(); i++) {
            NodeGroup.Handover answer = answerOf(turn.get(i), asked.get(i));
            answers.put(turn.get(i).groupId(), answer);
            if (answer != NodeGroup.Handover.UNDER_WAY) {
                left.remove(turn.get(i));
                handedOver += answer == NodeGroup.Handover.DONE ? 1 : 0;
                any = true;
            }
        }
        return any;
    }

    private static NodeGroup.Handover answerOf(NodeGroup group, CompletableFuture<NodeGroup.Handover> answer)
            throws InterruptedException {
        try {
            return answer.get(ANSWER_TIMEOUT_MS, TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            LOG.warn("group {} does not answer: it is stopped without a handover", group.groupId());
            return NodeGroup.Handover.NOT_LED;
        }
    }
}
