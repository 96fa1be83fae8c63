package io.parablock.simulator.check;

import io.parablock.raft.state.SyncRecord;
import java.util.function.Supplier;

/** Invariants 4 and 5: a node synced to t holds t's merged log; nothing is acknowledged in t by a node not synced to it. */
final class SyncChecker implements Checker {
    private final Ledger ledger;
    private final long[] reportedTerm;
    private final boolean[] amnesiac;

    SyncChecker(Ledger ledger) {
        this.ledger = ledger;
        this.reportedTerm = new long[ledger.shape().voters() + 1];
        this.amnesiac = new boolean[ledger.shape().voters() + 1];
    }

    @Override
    public void onSyncRecordDurable(int node, SyncRecord record) {
        String fault = MergedLog.faultOf(record);
        Violation.require(fault == null, 4, this, () -> "node " + node + ": SYNCREC " + record + " has " + fault);
        MergedLog known = ledger.mergedLog(record.term());
        MergedLog mine = new MergedLog(record);
        Violation.require(
                known == null || known.sameOrigins(mine),
                4,
                this,
                () -> "two merged logs of term " + record.term() + ", node " + node + ": " + record);
        requireHeld(node, "syncs to term " + record.term() + " without");
    }

    private void requireHeld(int node, String what) {
        DiskBook d = ledger.disk(node);
        for (long s = Math.max(d.checkpoint().a(), d.truncated()) + 1; s <= d.mSync(); s++) {
            if (!d.mayHoldEffective(s)) {
                throw new Violation(4, name(), "node " + node + " " + what + " slot " + s);
            }
        }
    }

    @Override
    public void scan(ClusterView view) {
        for (int i = 1; i <= view.nodes(); i++) {
            NodeView n = view.node(i);
            if (!n.isUp()) {
                continue;
            }
            DiskBook d = ledger.disk(i);
            if (!amnesiac[i]) {
                requireHeld(i, "is synced to term " + d.syncTerm() + " and has lost");
            }
            for (long s = n.logBase() + 1; n.syncTerm() == d.syncTerm() && s <= n.lastSlot(); s++) {
                EntryView e = n.effective(s);
                if (e != null && e.origin() != d.effectiveOrigin(s)) {
                    throw new Violation(4, name(), "node " + i + " takes dead " + e + " for its effective entry");
                }
            }
        }
    }

    /** Durable records without a name any more may be of the merged log (protocol.md §12): held again by the end of the cure. */
    @Override
    public void onAmnesia(int node) {
        amnesiac[node] = true;
    }

    @Override
    public void onCured(int node) {
        amnesiac[node] = false;
        requireHeld(node, "is cured without");
    }

    @Override
    public void onWiped(int node) {
        amnesiac[node] = false;
        reportedTerm[node] = 0;
    }

    @Override
    public void onVoteSent(int voter, VoteReport report) {
        reportedTerm[voter] = Math.max(reportedTerm[voter], report.term());
    }

    @Override
    public void onAckSent(int node, long term, long first, long last) {
        requireSynced(node, term, () -> "slots " + first + ".." + last);
    }

    @Override
    public void onPrefixSent(int node, long term, long prefix) {
        requireSynced(node, term, () -> "the prefix " + prefix);
    }

    @Override
    public void onSyncAckSent(int node, long term) {
        requireSynced(node, term, () -> "the merged log");
    }

    private void requireSynced(int node, long term, Supplier<String> what) {
        DiskBook d = ledger.disk(node);
        if (d.syncTerm() != term) {
            throw new Violation(
                    5,
                    name(),
                    "node " + node + ", synced to " + d.syncTerm() + ", acknowledges " + what.get() + " in " + term);
        }
        if (reportedTerm[node] > term || d.term() > term) {
            throw new Violation(
                    5,
                    name(),
                    "node " + node + " acknowledges " + what.get() + " in term " + term + " after a report in term "
                            + Math.max(reportedTerm[node], d.term()));
        }
    }
}
