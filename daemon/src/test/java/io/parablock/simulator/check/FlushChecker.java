package io.parablock.simulator.check;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Invariant 16 for {@code durability=mapped}: when a FLUSH is answered, all that was answered before it is on stable storage
 * on a quorum, and stays through any merge (§11).
 */
final class FlushChecker implements Checker, Ledger.Listener {
    private final Ledger ledger;
    /** In the order of the answers; the first {@code flushedTo} are known to be flushed. */
    private final List<EntryView> answered = new ArrayList<>();

    private int flushedTo;

    /** A flush to the number of answers before it. */
    private final Map<Long, Integer> waiting = new HashMap<>();

    /**
     * @param term in which it was committed when the flush was answered: a merge over every voter commits the ledger anew
     */
    private record Flushed(EntryView entry, long term) {}

    private final Map<Long, Flushed> flushed = new HashMap<>();

    FlushChecker(Ledger ledger) {
        this.ledger = ledger;
        ledger.add(this);
    }

    @Override
    public void onAnswered(int node, EntryView e) {
        if (ledger.shape().mapped() && e.isRequest()) {
            answered.add(e);
        }
    }

    @Override
    public void onAmnesiacMerge(int node, long term) {
        answered.clear();
        flushedTo = 0;
        waiting.clear();
    }

    @Override
    public void onFlushArrived(int node, long flushId) {
        waiting.put(flushId, answered.size());
    }

    @Override
    public void onFlushAnswered(int node, long flushId) {
        Integer promised = waiting.remove(flushId);
        if (promised == null || !ledger.shape().mapped()) {
            return;
        }
        for (; flushedTo < promised; flushedTo++) {
            EntryView e = answered.get(flushedTo);
            int forced = 0;
            for (int n = 1; n <= ledger.shape().voters(); n++) {
                // A disk that is gone counted when it answered.
                boolean held = ledger.disk(n).isForced(e.slot(), e.origin())
                        || ledger.wipedDisk(n).isForced(e.slot(), e.origin());
                forced += held ? 1 : 0;
            }
            if (forced < ledger.shape().quorum()) {
                throw new Violation(
                        16,
                        name(),
                        "node " + node + " answers flush " + flushId + ", " + e + " is forced on " + forced + " nodes");
            }
            Ledger.Commit c = ledger.committed(e.slot());
            flushed.put(e.slot(), new Flushed(e, c == null ? e.origin() : c.term()));
        }
    }

    /**
     * Only later merged logs have what was committed (§14, 7). That of an earlier term may be found after the flush: a candidate
     * died in the force of its SYNCREC, another one led and was flushed, and the next start of the first finds its SYNCREC whole.
     */
    @Override
    public void onMerged(int node, long term, MergedLog log) {
        for (Flushed f : flushed.values()) {
            EntryView e = f.entry();
            if (f.term() < term && log.origin(e.slot()) != e.origin()) {
                throw new Violation(7, name(), "the merged log of term " + term + " lost flushed " + e);
            }
        }
    }
}
