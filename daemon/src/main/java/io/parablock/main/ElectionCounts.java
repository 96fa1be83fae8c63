package io.parablock.main;

import io.parablock.metrics.Metric;
import io.parablock.metrics.NodeMeters;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * How often this node stood for election and merged logs, by reason and outcome: the events of elections as figures. A group's
 * calls come from its own thread.
 */
final class ElectionCounts {
    private static final String OVER_EVERY_VOTER = "every voter";
    private static final String FINISHED = "finished";
    private static final String GIVEN_UP = "given up";
    private static final String OVERTAKEN = "overtaken";

    private final NodeMeters meters;
    /** Groups in which this node has won and does not lead yet. */
    private final Set<Integer> merging = ConcurrentHashMap.newKeySet();

    ElectionCounts(NodeMeters meters) {
        this.meters = meters;
    }

    /** From here on its counters are there. */
    void onGroup(int groupId) {
        for (String reason : List.of(ReplicaLines.TIMEOUT, ReplicaLines.TRANSFER, OVER_EVERY_VOTER)) {
            count(Metric.ELECTIONS, groupId, reason, 0);
        }
        for (String outcome : List.of(FINISHED, GIVEN_UP, OVERTAKEN)) {
            count(Metric.MERGES, groupId, outcome, 0);
        }
    }

    /** Before {@link #onLeader} of the same step. */
    void onEvent(int groupId, ReplicaLines.Told told) {
        switch (told.kind()) {
            case ELECTION_BEGUN -> count(Metric.ELECTIONS, groupId, reason(told.fields()), 1);
            case ELECTION_OVER_EVERY_VOTER -> count(Metric.ELECTIONS, groupId, OVER_EVERY_VOTER, 1);
            case MERGE_FINISHED -> onMergeOver(groupId, FINISHED);
            case MERGE_GIVEN_UP -> onMergeOver(groupId, GIVEN_UP);
            default -> {}
        }
    }

    private static String reason(Map<String, Object> fields) {
        return String.valueOf(fields.get("reason"));
    }

    /** @param ready this node leads and takes requests */
    void onLeader(int groupId, boolean thisNode, boolean ready) {
        if (thisNode && !ready) {
            merging.add(groupId);
        } else if (!thisNode && merging.contains(groupId)) {
            onMergeOver(groupId, OVERTAKEN);
        }
    }

    private void onMergeOver(int groupId, String outcome) {
        merging.remove(groupId);
        count(Metric.MERGES, groupId, outcome, 1);
    }

    private void count(Metric metric, int groupId, String why, int more) {
        meters.count(metric, more, Integer.toString(groupId), why.replace(' ', '_'));
    }
}
