package io.parablock.raft.merge;

import io.parablock.raft.log.RaftLog;
import io.parablock.raft.log.SlotRun;
import io.parablock.raft.message.Message.VoteReply;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

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
        WAIT,
        /** Every voter has answered, some copy that may have been acknowledged is unreadable, and none is readable. */
        LOST
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

    private final RaftLog log;
    private final long syncTerm;
    private final long mSync;
    private final Set<Long> unknownAboveD;
    private final Map<Integer, VoteReply> replies;
    private final int voters;
    private final int vacancies;
    private final long configSlot;
    private final boolean ofEveryVoter;

    private Merge(
            RaftLog log,
            long syncTerm,
            long mSync,
            Set<Long> unknownAboveD,
            Map<Integer, VoteReply> replies,
            int voters,
            int vacancies,
            long configSlot,
            boolean ofEveryVoter) {
        this.log = log;
        this.syncTerm = syncTerm;
        this.mSync = mSync;
        this.unknownAboveD = unknownAboveD;
        this.replies = replies;
        this.voters = voters;
        this.vacancies = vacancies;
        this.configSlot = configSlot;
        this.ofEveryVoter = ofEveryVoter;
    }

    /**
     * @param log the candidate's effective log
     * @param syncTerm S, the candidate's syncTerm
     * @param mSync mS
     * @param replies granted replies of other voters by node id; the candidate is not among them
     * @param unknownAboveD the candidate's own UNKNOWN slots that lie above its D
     * @param voters how many voters there are, the candidate among them; a majority of sure absences makes a no-op
     * @param vacancies seats among them without a member: what they held counted for nothing above the CONFIG
     * @param configSlot of the configuration in force: everything before it was committed when it was proposed; 0 for none
     * @param ofEveryVoter without a quorum free of amnesia (protocol.md §11): of a voter with a lower syncTerm even what it
     *     has applied may be lost, for its store does not count any more
     */
    public static Result settle(
            RaftLog log,
            long syncTerm,
            long mSync,
            Set<Long> unknownAboveD,
            Map<Integer, VoteReply> replies,
            int voters,
            int vacancies,
            long configSlot,
            boolean ofEveryVoter) {
        return new Merge(log, syncTerm, mSync, unknownAboveD, replies, voters, vacancies, configSlot, ofEveryVoter)
                .settle();
    }

    /** Of a configuration that has not changed. */
    public static Result settle(
            RaftLog log,
            long syncTerm,
            long mSync,
            Set<Long> unknownAboveD,
            Map<Integer, VoteReply> replies,
            int voters,
            boolean ofEveryVoter) {
        return settle(log, syncTerm, mSync, unknownAboveD, replies, voters, 0, 0, ofEveryVoter);
    }

    private Result settle() {
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
                missing.add(fateOf(s));
            }
        }
        return new Result(m, missing);
    }

    private Settled fateOf(long slot) {
        boolean decided = slot < configSlot;
        boolean torn = log.state(slot) != RaftLog.UNKNOWN || unknownAboveD.contains(slot);
        int absent = vacancies + (log.state(slot) == RaftLog.UNKNOWN ? 0 : 1);
        for (Map.Entry<Integer, VoteReply> e : replies.entrySet()) {
            VoteReply r = e.getValue();
            // Applied there: decided, even if its record is unreadable now.
            decided |= slot <= r.appliedPrefix() && !(ofEveryVoter && r.syncTerm() < syncTerm);
            if (r.syncTerm() < syncTerm) {
                absent++;
            } else if (contains(r.present(), slot)) {
                return new Settled(slot, Fate.FETCH, e.getKey());
            } else if (contains(r.unknown(), slot)) {
                torn &= contains(r.unknownAboveD(), slot);
            } else if (slot > r.logBase()) {
                absent++;
            }
        }
        if (slot > mSync && !decided && absent > voters / 2) {
            return new Settled(slot, Fate.NOOP, 0);
        }
        // A slot of S's merged log exists by definition: never a no-op, only a readable copy will do.
        boolean all = replies.size() + 1 + vacancies == voters;
        if (all && !decided) {
            return new Settled(slot, slot > mSync && torn ? Fate.NOOP : Fate.LOST, 0);
        }
        return new Settled(slot, Fate.WAIT, 0);
    }

    /** The value that a voter reports for a slot, or null if it reports none. */
    public static @Nullable Integer crcOf(VoteReply r, long slot) {
        long index = 0;
        for (SlotRun run : r.present()) {
            if (slot <= run.last()) {
                index += slot - run.first();
                return slot >= run.first() && index < r.presentCrcs().size()
                        ? r.presentCrcs().get((int) index)
                        : null;
            }
            index += run.last() - run.first() + 1;
        }
        return null;
    }

    private static long lastOf(List<SlotRun> runs) {
        return runs.isEmpty() ? 0 : runs.get(runs.size() - 1).last();
    }

    /** Whether one of these runs, which are in order, has the slot. */
    public static boolean contains(List<SlotRun> runs, long slot) {
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
