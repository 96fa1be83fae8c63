package io.parablock.simulator.check;

/** Invariant 2: one value per (slot, origin), wherever it is seen. */
final class IdentityChecker implements Checker {
    private final Ledger ledger;

    IdentityChecker(Ledger ledger) {
        this.ledger = ledger;
    }

    private void check(int node, EntryView e) {
        EntryView known = ledger.value(e.slot(), e.origin());
        if (known != null && !known.sameValue(e)) {
            throw new Violation(2, name(), "two values of one identity: " + known + ", and at node " + node + " " + e);
        }
    }

    @Override
    public void onEntryDurable(int node, EntryView entry) {
        check(node, entry);
    }

    @Override
    public void onEntrySent(int node, long term, EntryView entry) {
        check(node, entry);
    }

    @Override
    public void onProposed(int node, long term, EntryView entry) {
        check(node, entry);
    }

    @Override
    public void onApplyStarted(int node, EntryView entry) {
        check(node, entry);
    }

    @Override
    public void onAnswered(int node, EntryView entry) {
        check(node, entry);
    }

    @Override
    public void scan(ClusterView view) {
        for (int i = 1; i <= view.nodes(); i++) {
            NodeView n = view.node(i);
            for (long s = n.isUp() ? n.logBase() + 1 : Long.MAX_VALUE; n.isUp() && s <= n.lastSlot(); s++) {
                EntryView e = n.effective(s);
                if (e != null) {
                    check(i, e);
                }
            }
        }
    }
}
