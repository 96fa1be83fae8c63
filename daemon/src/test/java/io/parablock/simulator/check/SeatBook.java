package io.parablock.simulator.check;

import io.parablock.raft.log.EntryKind;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Whether what a node says counts (protocol.md §9), as the CONFIG entries that left a node tell: that of a first disk does;
 * that of a disk which took a lost one's place does above the CONFIG that names it, in the logs that have this CONFIG.
 */
final class SeatBook {
    private final ClusterView view;
    private final boolean[] wiped;
    private final List<EntryView> configs = new ArrayList<>();

    SeatBook(int voters, ClusterView view) {
        this.view = view;
        this.wiped = new boolean[voters + 1];
    }

    void onWiped(int node) {
        wiped[node] = true;
    }

    /** One identity of an entry, seen for the first time. */
    void remember(EntryView e) {
        if (e.kind() == EntryKind.CONFIG) {
            configs.add(e);
        }
    }

    /** What the node's disk is known by. */
    long diskOf(int node) {
        return view.node(node).incarnation();
    }

    /**
     * @param base the merged log of {@code term}
     * @param slot above m, or 0 for that log as a whole
     */
    boolean counts(int node, long term, @Nullable MergedLog base, long slot) {
        if (!wiped[node]) {
            return true;
        }
        EntryView last = lastOf(node, term, base, slot);
        return last != null
                && !isVacancy(last)
                && last.lowestOutstanding() == view.node(node).incarnation();
    }

    /** In that log no disk of the node counts at that slot. */
    boolean isVacant(int node, long term, @Nullable MergedLog base, long slot) {
        EntryView last = lastOf(node, term, base, slot);
        return last != null && isVacancy(last);
    }

    private static boolean isVacancy(EntryView config) {
        return config.seq() % 2 == 1;
    }

    private @Nullable EntryView lastOf(int node, long term, @Nullable MergedLog base, long slot) {
        EntryView last = null;
        for (EntryView e : configs) {
            boolean isMerged = base != null && e.slot() <= base.m() && base.origin(e.slot()) == e.origin();
            boolean isBefore = e.origin() == term && e.slot() > (base == null ? 0 : base.m()) && e.slot() < slot;
            if (e.offsetBytes() == node && (isMerged || isBefore) && (last == null || e.slot() > last.slot())) {
                last = e;
            }
        }
        return last;
    }
}
