package io.parablock.main;

import io.parablock.events.EventKind;
import io.parablock.events.EventLog;
import java.util.function.LongSupplier;

/** Who leads one group, as events. On the group's thread. */
final class LeadershipEvents {
    private static final long NS_PER_MS = 1_000_000;
    private static final long NONE = -1;

    private final int groupId;
    private final int nodeId;
    private final EventLog events;
    private final LongSupplier nowNs;

    /** Begins when no leader is known. */
    private FlightEvents.Election election = begunElection();

    private int leader;
    private boolean leads;
    /** Since when no leader is known that takes requests; {@link #NONE} if there is one. */
    private long leaderlessNs;
    /** Why this node leads no more, if something said so before it came to pass. */
    private String why = "";

    private boolean lossTold;

    /**
     * @param nodeId 0 for a process without a replica
     * @param nowNs monotonic
     */
    LeadershipEvents(int groupId, int nodeId, EventLog events, LongSupplier nowNs) {
        this.groupId = groupId;
        this.nodeId = nodeId;
        this.events = events;
        this.nowNs = nowNs;
        this.leaderlessNs = nowNs.getAsLong();
    }

    private static FlightEvents.Election begunElection() {
        FlightEvents.Election e = new FlightEvents.Election();
        e.begin();
        return e;
    }

    private void onLeaderless() {
        if (leaderlessNs == NONE) {
            leaderlessNs = nowNs.getAsLong();
            election = begunElection();
        }
    }

    private void endElection(long term) {
        // Without end(): one that began before the recording did has no beginning.
        if (election.shouldCommit()) {
            election.group = groupId;
            election.leader = leader;
            election.term = term;
            election.commit();
        }
    }

    /** This node is about to step down, and here is why. */
    void onSteppingDown(String reason, long term) {
        tellLoss(reason, term);
        lossTold = true;
    }

    /** A hand-over to {@code to} has begun; 0: it did not come to pass. */
    void onHandover(long to) {
        why = to == 0 ? "" : "it was handed over to node " + to;
    }

    private void tellLoss(String reason, long term) {
        events.tell(
                EventKind.LEADERSHIP_LOST,
                groupId,
                "this node leads no more, term " + term + ": " + reason,
                term,
                reason);
    }

    /**
     * @param now 0 when none is known
     * @param ready this node leads and takes requests
     * @param term 0 where terms are not known
     */
    void onLeader(int now, boolean ready, long term) {
        if (leads && !ready) {
            if (!lossTold) {
                tellLoss(why.isEmpty() ? "another node has a higher term" : why, term);
            }
            why = "";
            lossTold = false;
        }
        int before = leader;
        leads = ready;
        leader = now;
        Long known = term == 0 ? null : (Long) term;
        String ofTerm = term == 0 ? "" : ", term " + term;
        if (now == 0) {
            onLeaderless();
            String was = before == 0 ? "" : "; it was node " + before;
            events.tell(
                    EventKind.LEADER_UNKNOWN,
                    groupId,
                    "leader unknown" + ofTerm + was,
                    before == 0 ? null : (Integer) before,
                    known);
        } else if (now == nodeId && !ready) {
            onLeaderless();
            events.tell(
                    EventKind.MERGE_BEGUN,
                    groupId,
                    "leader " + now + " (this node)" + ofTerm + ", it collects what the others hold",
                    known);
        } else {
            long leaderlessMs = leaderlessNs == NONE ? 0 : (nowNs.getAsLong() - leaderlessNs) / NS_PER_MS;
            if (leaderlessNs != NONE) {
                endElection(term);
            }
            leaderlessNs = NONE;
            events.tell(
                    EventKind.LEADER_ELECTED,
                    groupId,
                    "leader " + now + (ready ? " (this node)" : "") + ofTerm
                            + (leaderlessMs == 0 ? "" : ", after " + leaderlessMs + " ms without one"),
                    now,
                    known,
                    leaderlessMs);
        }
    }
}
