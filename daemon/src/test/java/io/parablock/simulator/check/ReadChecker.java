package io.parablock.simulator.check;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Invariant 11: a read is served from a store that has every write answered before the read began. */
final class ReadChecker implements Checker {
    private record Waiting(int node, Set<Long> required) {}

    private static final long BLOCK_BYTES = 4096;

    private final Ledger ledger;
    private final Map<Long, Long> answered = new HashMap<>();
    private final Map<Long, Waiting> reads = new HashMap<>();

    ReadChecker(Ledger ledger) {
        this.ledger = ledger;
    }

    @Override
    public void onAnswered(int node, EntryView e) {
        for (long b = e.offsetBytes() / BLOCK_BYTES;
                e.touchesBlocks() && b * BLOCK_BYTES < e.offsetBytes() + e.lengthBytes();
                b++) {
            answered.merge(b, e.slot(), Math::max);
        }
    }

    @Override
    public void onAmnesiacMerge(int node, long term) {
        answered.clear();
        reads.clear();
    }

    @Override
    public void onReadArrived(int node, long readId, long offsetBytes, long lengthBytes) {
        // The newest per block is enough: the older ones of the block are applied before it (ApplyChecker).
        Set<Long> required = new TreeSet<>();
        for (long b = offsetBytes / BLOCK_BYTES; b * BLOCK_BYTES < offsetBytes + lengthBytes; b++) {
            Long slot = answered.get(b);
            if (slot != null) {
                required.add(slot);
            }
        }
        reads.put(readId, new Waiting(node, required));
    }

    @Override
    public void onReadServed(int node, long readId) {
        Waiting w = reads.remove(readId);
        if (w == null) {
            return;
        }
        for (long slot : w.required()) {
            if (!ledger.store(node).isApplied(slot)) {
                throw new Violation(
                        11, name(), "node " + node + " serves read " + readId + " without answered slot " + slot);
            }
        }
    }

    @Override
    public void onCrashed(int node) {
        reads.values().removeIf(w -> w.node() == node);
    }
}
