package io.parablock.simulator.check;

/** Invariants 9 and 10, order: only committed entries are applied, and overlapping ones in slot order (§6). */
final class ApplyChecker implements Checker {
    private final Ledger ledger;

    ApplyChecker(Ledger ledger) {
        this.ledger = ledger;
    }

    @Override
    public void onApplyStarted(int node, EntryView e) {
        StoreBook store = ledger.store(node);
        if (!ledger.isCommitted(e.slot(), e.origin())) {
            fail(9, node, e, "which is not committed");
        }
        if (store.isIssued(e.slot())) {
            fail(10, node, e, "twice");
        }
        long span = ledger.shape().span();
        long settled = ledger.shape().strict() ? e.slot() - 1 : e.slot() - span - 1;
        if (store.issuedPrefix() < settled) {
            fail(10, node, e, "while slot " + (store.issuedPrefix() + 1) + " outside its span is not settled");
        }
        for (long j = Math.max(store.from() + 1, e.slot() - span); j < e.slot(); j++) {
            EntryView before = ledger.committedValue(j);
            if (before != null && before.overlaps(e) && !store.isIssued(j)) {
                fail(10, node, e, "before " + before);
            }
        }
        for (long k = e.slot() + 1; k <= Math.min(store.lastIssued(), e.slot() + span); k++) {
            EntryView after = ledger.committedValue(k);
            if (after != null && after.overlaps(e) && store.isIssued(k)) {
                fail(10, node, e, "after " + after);
            }
        }
        store.issue(e.slot());
    }

    private void fail(int invariant, int node, EntryView e, String what) {
        throw new Violation(invariant, name(), "node " + node + " applies " + e + " " + what);
    }

    @Override
    public void onEvent(int id, NodeView n) {
        if (n.appliedPrefix() > n.commitWatermark()) {
            throw new Violation(
                    9,
                    name(),
                    "node " + id + " applied up to " + n.appliedPrefix() + ", committed " + n.commitWatermark());
        }
    }
}
