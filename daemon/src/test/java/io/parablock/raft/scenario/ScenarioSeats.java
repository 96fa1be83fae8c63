package io.parablock.raft.scenario;

import io.parablock.raft.log.Entry;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** Which of the disks that took a lost one's place count, and above which slot (protocol.md §9), as the entries tell. */
final class ScenarioSeats {
    private record Filling(long slot, long origin, int node, long incarnation) {}

    private final Map<Integer, Long> laterDisks = new HashMap<>();
    private final Set<Filling> fillings = new HashSet<>();

    void onLaterDisk(int node, long incarnation) {
        laterDisks.put(node, incarnation);
    }

    boolean hasLaterDisk(int node) {
        return laterDisks.containsKey(node);
    }

    void onEntry(Entry e) {
        if (e.isBarrier() && e.seq() % 2 == 0) {
            fillings.add(new Filling(e.slot(), e.origin(), (int) e.offsetBytes(), e.lowestOutstanding()));
        }
    }

    /**
     * @param m of the merged log of {@code term}, {@code origins} by slot
     * @param slot above m, or 0 for the merged log as a whole
     */
    boolean counts(int node, long term, long m, Map<Long, Long> origins, long slot) {
        Long disk = laterDisks.get(node);
        if (disk == null) {
            return true;
        }
        for (Filling f : fillings) {
            boolean isMerged = f.slot() <= m && origins.getOrDefault(f.slot(), 0L) == f.origin();
            boolean isBefore = f.origin() == term && f.slot() > m && f.slot() < slot;
            if (f.node() == node && f.incarnation() == disk && (isMerged || isBefore)) {
                return true;
            }
        }
        return false;
    }
}
