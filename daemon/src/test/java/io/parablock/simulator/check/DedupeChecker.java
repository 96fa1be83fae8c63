package io.parablock.simulator.check;

import java.util.HashMap;
import java.util.Map;

/** Invariant 15: a request has one slot. */
final class DedupeChecker implements Checker, Ledger.Listener {
    private record Request(long session, long seq) {}

    private final Ledger ledger;
    private final Map<Request, Long> slots = new HashMap<>();

    DedupeChecker(Ledger ledger) {
        this.ledger = ledger;
        ledger.add(this);
    }

    @Override
    public void onAmnesiacMerge(int node, long term) {
        slots.clear();
    }

    @Override
    public void onCommit(long term, long slot, long origin) {
        EntryView e = ledger.value(slot, origin);
        if (e != null && e.isRequest()) {
            Long first = slots.putIfAbsent(new Request(e.session(), e.seq()), slot);
            Violation.require(
                    first == null || first == slot, 15, this, () -> "one request in two slots: " + e + ", " + first);
        }
    }
}
