package io.parablock.simulator.check;

import io.parablock.raft.log.EntryKind;
import java.util.HashMap;
import java.util.Map;

/** Invariant 14: a CONFIG is alone in flight (the drain of §9). */
final class ConfigChecker implements Checker {
    private final Ledger ledger;
    private final Map<Long, Long> lastConfig = new HashMap<>();

    ConfigChecker(Ledger ledger) {
        this.ledger = ledger;
    }

    @Override
    public void onProposed(int node, long term, EntryView e) {
        Long config = lastConfig.get(term);
        Violation.require(
                config == null || ledger.isCommitted(config, term),
                14,
                this,
                () -> "node " + node + " proposes " + e + " while the CONFIG in slot " + config + " is in flight");
        if (e.kind() == EntryKind.CONFIG) {
            Violation.require(
                    ledger.committedPrefix() >= e.slot() - 1,
                    14,
                    this,
                    () -> "node " + node + " proposes " + e + " while slot " + (ledger.committedPrefix() + 1)
                            + " is not committed");
            lastConfig.put(term, e.slot());
        }
    }
}
