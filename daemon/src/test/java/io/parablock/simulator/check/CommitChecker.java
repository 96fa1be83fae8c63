package io.parablock.simulator.check;

/** Invariants 6 and 7: one value is committed per slot, ever, and every later merged log has it. */
final class CommitChecker implements Checker, Ledger.Listener {
    private final Ledger ledger;

    CommitChecker(Ledger ledger) {
        this.ledger = ledger;
        ledger.add(this);
    }

    @Override
    public void onCommit(long term, long slot, long origin) {
        Ledger.Commit c = ledger.committed(slot);
        Violation.require(
                c != null && c.origin() == origin,
                6,
                this,
                () -> "slot " + slot + " is committed as " + c + " and, in term " + term + ", with origin " + origin);
        ledger.forEachMergedAfter(term, (t, log) -> requireKept(slot, origin, t, log));
    }

    @Override
    public void onMerged(int node, long term, MergedLog log) {
        for (long s = 1; s <= ledger.lastCommitted(); s++) {
            Ledger.Commit c = ledger.committed(s);
            if (c != null && c.term() < term) {
                requireKept(s, c.origin(), term, log);
            }
        }
    }

    private void requireKept(long slot, long origin, long term, MergedLog log) {
        if (log.origin(slot) != origin) {
            throw new Violation(
                    7,
                    name(),
                    "the merged log of term " + term + " (m " + log.m() + ") has origin " + log.origin(slot)
                            + " at slot " + slot + ", committed with origin " + origin);
        }
    }

    @Override
    public void onAnswered(int node, EntryView e) {
        Violation.require(
                ledger.isCommitted(e.slot(), e.origin()),
                6,
                this,
                () -> "node " + node + " answers " + e + ", which no quorum acknowledged");
    }

    @Override
    public void onEvent(int id, NodeView n) {
        if (n.commitWatermark() > ledger.committedPrefix()) {
            throw new Violation(
                    6,
                    name(),
                    "node " + id + " believes all up to " + n.commitWatermark() + " committed, no quorum has slot "
                            + (ledger.committedPrefix() + 1));
        }
    }

    @Override
    public void scan(ClusterView view) {
        for (int i = 1; i <= view.nodes(); i++) {
            NodeView n = view.node(i);
            if (!n.isUp()) {
                continue;
            }
            for (long s = n.logBase() + 1; s <= n.lastSlot(); s++) {
                EntryView e = n.effective(s);
                long slot = s;
                int node = i;
                Violation.require(
                        !n.isCommitted(s) || ledger.committed(s) != null,
                        6,
                        this,
                        () -> "node " + node + " believes slot " + slot + " committed, no quorum has it");
                Violation.require(
                        e == null || !n.isCommitted(s) || ledger.isCommitted(s, e.origin()),
                        6,
                        this,
                        () -> "node " + node + " takes " + e + " for committed, not " + ledger.committed(slot));
            }
        }
    }
}
