package io.parablock.raft.merge;

import io.parablock.raft.log.RaftLog;
import io.parablock.raft.log.SlotRun;
import io.parablock.raft.message.Message.VoteReply;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The merge (protocol.md §3) as a pure function: the candidate's log and its voters' reports in, the fate of every slot
 * above the candidate's contiguous prefix out.
 *
 * <p>The vote rule makes the candidate's syncTerm the greatest of its quorum (S), so the candidate itself is in B and no
 * entry of its log is older than S allows.
 */
public final class Merge {
    /** The fate of a slot that the candidate does not hold. */
    public enum Fate {
        /** Some member of B holds it. */
        FETCH,
        /** Nobody can have committed it. */
        NOOP,
        /** More voters must answer. */
        WAIT
    }

    /**
     * @param source for FETCH: a node that holds the slot
     */
    public record Settled(long slot, Fate fate, int source) {}

    /**
     * @param m the last slot of the merged log
     * @param missing the slots of (contigPrefix, m] that the candidate does not hold durably, in order
     */
    public record Result(long m, List<Settled> missing) {
        public boolean mustWait() {
            return missing.stream().anyMatch(s -> s.fate() == Fate.WAIT);
        }
    }

    private Merge() {}

    /**
     * @param log the candidate's effective log
     * @param syncTerm S, the candidate's syncTerm
     * @param mSync mS
     * @param replies granted replies of other voters by node id; the candidate is not among them
     * @param majority the number of voters whose sure absence makes a no-op
     */
    public static Result settle(RaftLog log, long syncTerm, long mSync, Map<Integer, VoteReply> replies, int majority) {
        long m = Math.max(mSync, log.last());
        for (VoteReply r : replies.values()) {
            // What a voter has applied is decided, so the merged log holds it, readable there or not.
            m = Math.max(m, r.appliedPrefix());
            if (r.syncTerm() == syncTerm) {
                m = Math.max(m, Math.max(lastOf(r.present()), lastOf(r.unknown())));
            }
        }
        List<Settled> missing = new ArrayList<>();
        for (long s = log.contigPrefix() + 1; s <= m; s++) {
            if (!log.isDurable(s) && log.state(s) != RaftLog.WRITING) {
                missing.add(fateOf(s, log, syncTerm, mSync, replies, majority));
            }
        }
        return new Result(m, missing);
    }

    private static Settled fateOf(
            long slot, RaftLog log, long syncTerm, long mSync, Map<Integer, VoteReply> replies, int majority) {
        boolean decided = false;
        int absent = log.state(slot) == RaftLog.UNKNOWN ? 0 : 1;
        for (Map.Entry<Integer, VoteReply> e : replies.entrySet()) {
            VoteReply r = e.getValue();
            // Applied there: decided, even if its record is unreadable now.
            decided |= slot <= r.appliedPrefix();
            if (r.syncTerm() < syncTerm) {
                absent++;
            } else if (contains(r.present(), slot)) {
                return new Settled(slot, Fate.FETCH, e.getKey());
            } else if (!contains(r.unknown(), slot) && slot > r.logBase()) {
                absent++;
            }
        }
        // A slot of S's merged log exists by definition: never a no-op, only a readable copy will do.
        boolean noop = slot > mSync && !decided && absent >= majority;
        return new Settled(slot, noop ? Fate.NOOP : Fate.WAIT, 0);
    }

    private static long lastOf(List<SlotRun> runs) {
        return runs.isEmpty() ? 0 : runs.get(runs.size() - 1).last();
    }

    private static boolean contains(List<SlotRun> runs, long slot) {
        int low = 0;
        int high = runs.size() - 1;
        while (low <= high) {
            int mid = (low + high) >>> 1;
            SlotRun run = runs.get(mid);
            if (slot < run.first()) {
                high = mid - 1;
            } else if (slot > run.last()) {
                low = mid + 1;
            } else {
                return true;
            }
        }
        return false;
    }
}
