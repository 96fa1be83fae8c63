package io.parablock.simulator.check;

import io.parablock.raft.log.SlotRun;
import java.util.List;

/**
 * What a voter said with its granted vote (VoteReply, protocol.md §2).
 *
 * @param candidateSyncTerm of the Vote that it answers; the report is empty if the voter's is below it; -1 if that
 *     Vote was not seen
 * @param candidateContigPrefix the report covers the slots above it
 */
public record VoteReport(
        long term,
        int candidate,
        long candidateSyncTerm,
        long candidateContigPrefix,
        long syncTerm,
        long mSync,
        long logBase,
        long appliedPrefix,
        List<SlotRun> present,
        List<SlotRun> unknown) {
    /** The slot is PRESENT or UNKNOWN in the report. */
    boolean lists(long slot) {
        return contains(present, slot) || contains(unknown, slot);
    }

    /** Surely ABSENT at the voter, as the merge may read it (protocol.md §3). */
    boolean isSurelyAbsent(long slot, long mergedSyncTerm) {
        return syncTerm < mergedSyncTerm || (slot > logBase && slot > appliedPrefix && !lists(slot));
    }

    private static boolean contains(List<SlotRun> runs, long slot) {
        for (SlotRun r : runs) {
            if (r.first() <= slot && slot <= r.last()) {
                return true;
            }
        }
        return false;
    }
}
