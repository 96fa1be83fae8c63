package io.parablock.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Timer;
import io.parablock.raft.message.Message;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** How often one group's leader changes, how long that takes, and how long it has none, as this node sees it. On the group's thread. */
final class LeaderTimes {
    private static final long NONE = Long.MIN_VALUE;

    private final int nodeId;
    private final int majority;
    private final LongSupplier nowNs;
    private final Counter changes;
    private final Timer leaderless;
    private final Timer election;
    private final Timer merge;

    private int lastLeader;
    private boolean hadLeader;
    private long leaderlessSinceNs = NONE;

    /** Of this node's latest campaign. */
    private long term;

    private long campaignSinceNs;
    private final Set<Integer> votes = new HashSet<>();
    private long mergeSinceNs = NONE;

    LeaderTimes(NodeMeters meters, int groupId, int nodeId, int majority, LongSupplier nowNs) {
        this.nodeId = nodeId;
        this.majority = majority;
        this.nowNs = nowNs;
        this.changes = meters.counter(Metric.LEADER_CHANGES, Integer.toString(groupId));
        this.leaderless = meters.timer(Metric.LEADERLESS);
        this.election = meters.timer(Metric.ELECTION);
        this.merge = meters.timer(Metric.MERGE);
    }

    /** This node asks somebody for a vote, not for the first time perhaps. */
    void onCampaign(long ofTerm) {
        if (ofTerm != term) {
            term = ofTerm;
            campaignSinceNs = nowNs.getAsLong();
            mergeSinceNs = NONE;
            votes.clear();
            votes.add(nodeId);
        }
    }

    void onVote(int from, Message.VoteReply vote) {
        if (vote.granted() && vote.term() == term && votes.add(from) && votes.size() == majority) {
            mergeSinceNs = nowNs.getAsLong();
            election.record(mergeSinceNs - campaignSinceNs, TimeUnit.NANOSECONDS);
        }
    }

    /** @param leader 0 for none; {@code ready} when it is this node and takes requests */
    void onLeaderChanged(int leader, boolean ready) {
        long now = nowNs.getAsLong();
        if (leader == nodeId && ready && mergeSinceNs != NONE) {
            merge.record(now - mergeSinceNs, TimeUnit.NANOSECONDS);
            mergeSinceNs = NONE;
        }
        if (leader != 0 && (leader != nodeId || ready)) {
            if (leaderlessSinceNs != NONE) {
                leaderless.record(now - leaderlessSinceNs, TimeUnit.NANOSECONDS);
                leaderlessSinceNs = NONE;
            }
            if (leader != lastLeader) {
                lastLeader = leader;
                changes.increment();
            }
            hadLeader = true;
        } else if (hadLeader && leaderlessSinceNs == NONE) {
            leaderlessSinceNs = now;
        }
    }
}
