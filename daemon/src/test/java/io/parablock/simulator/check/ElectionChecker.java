package io.parablock.simulator.check;

import io.parablock.raft.state.HardState;
import io.parablock.raft.state.SyncRecord;
import java.util.HashMap;
import java.util.Map;

/** Invariants 1 and 3: one leader and one vote per node and term, terms that only grow, votes by the rule of §3. */
final class ElectionChecker implements Checker {
    private record Ballot(int node, long disk, long term) {}

    private final Ledger ledger;
    private final Map<Long, Integer> leaders = new HashMap<>();
    private final Map<Ballot, Integer> votes = new HashMap<>();
    private final Map<Integer, HardState> hardStates = new HashMap<>();
    private final Map<Integer, Long> syncRecords = new HashMap<>();

    ElectionChecker(Ledger ledger) {
        this.ledger = ledger;
    }

    @Override
    public void onLeader(int node, long term) {
        Integer old = leaders.putIfAbsent(term, node);
        Violation.require(
                old == null || old == node, 1, this, () -> "term " + term + " has two leaders: " + old + ", " + node);
    }

    @Override
    public void onWiped(int node) {
        // The votes stay: a disk that has forgotten them is another one (§9).
        hardStates.remove(node);
        syncRecords.remove(node);
    }

    @Override
    public void onHardStateDurable(int node, HardState next) {
        HardState old = hardStates.getOrDefault(node, HardState.FRESH);
        hardStates.put(node, next);
        if (next.term() < old.term() || next.syncTerm() < old.syncTerm()) {
            throw new Violation(3, name(), "node " + node + " goes back, " + old + " -> " + next);
        }
        if (next.syncTerm() > next.term()) {
            throw new Violation(3, name(), "node " + node + " has syncTerm above term: " + next);
        }
        if (next.term() == old.term() && old.votedFor() != 0 && next.votedFor() != old.votedFor()) {
            throw new Violation(1, name(), "node " + node + " changes its vote, " + old + " -> " + next);
        }
    }

    @Override
    public void onSyncRecordDurable(int node, SyncRecord record) {
        long old = syncRecords.getOrDefault(node, 0L);
        syncRecords.put(node, record.term());
        Violation.require(
                record.term() >= old, 3, this, () -> "node " + node + ": SYNCREC " + old + " -> " + record.term());
    }

    @Override
    public void onVoteRequested(int candidate, long term, long syncTerm, long contigPrefix) {
        vote(candidate, term, candidate);
    }

    @Override
    public void onVoteSent(int voter, VoteReport r) {
        vote(voter, r.term(), r.candidate());
        boolean longer = r.candidateSyncTerm() < 0
                || r.candidateSyncTerm() > r.syncTerm()
                || (r.candidateSyncTerm() == r.syncTerm() && r.candidateContigPrefix() >= r.logBase());
        Violation.require(
                longer, 7, this, () -> "node " + voter + " votes for a log that may lack decided slots: " + r);
        Violation.require(
                r.logBase() >= ledger.disk(voter).truncated(),
                7,
                this,
                () -> "node " + voter + " hides that it truncated to "
                        + ledger.disk(voter).truncated() + ": " + r);
    }

    private void vote(int voter, long term, int candidate) {
        Integer old = votes.putIfAbsent(new Ballot(voter, ledger.seats().diskOf(voter), term), candidate);
        Violation.require(
                old == null || old == candidate,
                1,
                this,
                () -> "node " + voter + " votes twice in term " + term + ": for " + old + " and " + candidate);
    }

    @Override
    public void onEvent(int id, NodeView n) {
        if (n.syncTerm() > n.term()) {
            throw new Violation(3, name(), "node " + id + ": syncTerm " + n.syncTerm() + " above " + n.term());
        }
    }
}
