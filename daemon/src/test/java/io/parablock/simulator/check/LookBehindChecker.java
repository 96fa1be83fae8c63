package io.parablock.simulator.check;

import org.jspecify.annotations.Nullable;

/** Invariant 8: of two committed entries within the span that overlap, the later one's look-behind map names the earlier. */
final class LookBehindChecker implements Checker, Ledger.Listener {
    private final Ledger ledger;

    LookBehindChecker(Ledger ledger) {
        this.ledger = ledger;
        ledger.add(this);
    }

    @Override
    public void onCommit(long term, long slot, long origin) {
        EntryView e = ledger.committedValue(slot);
        if (e == null || ledger.shape().strict()) {
            return;
        }
        for (int node = 1; node <= ledger.shape().voters(); node++) {
            checkEarlier(node, ledger.disk(node).held(slot, origin));
            for (long k = slot + 1; k <= slot + ledger.shape().span() && e.touchesBlocks(); k++) {
                Ledger.Commit c = ledger.committed(k);
                EntryView later = c == null ? null : ledger.disk(node).held(k, c.origin());
                if (later != null) {
                    check(node, e, later);
                }
            }
        }
    }

    @Override
    public void onEntryDurable(int node, EntryView e) {
        if (!ledger.shape().strict() && ledger.isCommitted(e.slot(), e.origin())) {
            checkEarlier(node, e);
        }
    }

    private void checkEarlier(int node, @Nullable EntryView later) {
        if (later == null || !later.touchesBlocks()) {
            return;
        }
        for (long j = Math.max(1, later.slot() - ledger.shape().span()); j < later.slot(); j++) {
            EntryView earlier = ledger.committedValue(j);
            if (earlier != null) {
                check(node, earlier, later);
            }
        }
    }

    private void check(int node, EntryView earlier, EntryView later) {
        // What a node's own store has, its copies need not name.
        if (earlier.overlaps(later)
                && !later.depHas(earlier.slot())
                && earlier.slot() > ledger.disk(node).truncated()) {
            throw new Violation(8, name(), "node " + node + " holds " + later + " without a mark for " + earlier);
        }
    }
}
