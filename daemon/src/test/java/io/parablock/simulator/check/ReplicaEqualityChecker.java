package io.parablock.simulator.check;

/**
 * Invariant 17: at quiescence every store has the slot-order application of everything committed, over the store that counted
 * in the last merge over every voter.
 */
final class ReplicaEqualityChecker implements Checker {
    private final Ledger ledger;

    ReplicaEqualityChecker(Ledger ledger) {
        this.ledger = ledger;
    }

    @Override
    public void atQuiescence(ClusterView view) {
        long[] expected = new long[(int) view.sectors()];
        for (int s = 0; s < expected.length; s++) {
            expected[s] = ledger.baseStamp(s);
        }
        for (long slot = ledger.baseSlot() + 1; slot <= ledger.lastCommitted(); slot++) {
            EntryView e = ledger.committedValue(slot);
            if (e != null && e.touchesBlocks()) {
                long first = e.offsetBytes() / ClusterView.SECTOR_BYTES;
                for (long s = first; s < first + e.lengthBytes() / ClusterView.SECTOR_BYTES; s++) {
                    expected[(int) s] = view.stamp(e, s);
                }
            }
        }
        for (int i = 1; i <= view.nodes(); i++) {
            NodeView n = view.node(i);
            for (int s = 0; n.isUp() && !n.isRebuilding() && s < expected.length; s++) {
                long found = n.sectorStamp(s);
                if (found != expected[s]) {
                    throw new Violation(
                            17,
                            name(),
                            "at rest node " + i + " has stamp " + found + " in sector " + s + ", not " + expected[s]);
                }
            }
        }
    }
}
