package io.parablock.simulator.check;

/** What one node's block store was given since its last start. */
final class StoreBook {
    private static final int ISSUED = 1;
    private static final int APPLIED = 2;

    private final Ledger ledger;
    private final SlotTable<Integer> states = new SlotTable<>();
    private long from;
    private long issuedPrefix;

    StoreBook(Ledger ledger) {
        this.ledger = ledger;
    }

    /** The store covers the slots up to a checkpoint, and is told of nothing above it yet. */
    void restart(long checkpoint) {
        states.clear();
        from = checkpoint;
        issuedPrefix = checkpoint;
    }

    /** Slots up to it were in the store when the node started. */
    long from() {
        return from;
    }

    void issue(long slot) {
        states.put(slot, ISSUED);
    }

    void apply(long slot) {
        states.put(slot, APPLIED);
    }

    boolean isIssued(long slot) {
        return slot <= from || states.get(slot) != null;
    }

    boolean isApplied(long slot) {
        Integer s = states.get(slot);
        return slot <= from || (s != null && s == APPLIED);
    }

    long lastIssued() {
        return Math.max(from, states.last());
    }

    /** Every slot up to it was issued, or is committed and touches no block. */
    long issuedPrefix() {
        while (true) {
            if (!isIssued(issuedPrefix + 1)) {
                EntryView e = ledger.committedValue(issuedPrefix + 1);
                if (e == null || e.touchesBlocks()) {
                    return issuedPrefix;
                }
            }
            issuedPrefix++;
        }
    }
}
