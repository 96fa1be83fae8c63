package io.parablock.raft.message;

import io.parablock.raft.log.Entry;
import io.parablock.raft.log.OriginRun;
import io.parablock.raft.log.SlotRun;
import java.util.List;

/**
 * What two cores say to each other (protocol.md §2). Immutable. The envelope (cluster, group, sender, sender's boot) is
 * the transport's. {@code term} is the sender's term, except where a record says otherwise.
 */
public sealed interface Message {
    long term();

    /** @param term the term that the sender would campaign for; it has not taken it */
    record PreVote(long term, long syncTerm, long contigPrefix) implements Message {}

    /**
     * @param term the voter's own term, or 0 when it refuses because it has a live leader (such a refusal carries none)
     * @param proposedTerm echo of {@link PreVote#term}
     */
    record PreVoteReply(long term, long proposedTerm, boolean granted) implements Message {}

    record Vote(long term, long syncTerm, long contigPrefix) implements Message {}

    /**
     * The report has the voter's effective slots above the candidate's contigPrefix and is empty if the voter's syncTerm is
     * below the candidate's. Slots above mSync have origin = syncTerm, the others are fixed by the merged log of syncTerm,
     * so runs of slots say it all but the values.
     *
     * @param presentCrcs payload CRCs of the first present slots, as many as there are; 0 for an entry without payload
     * @param unknownAboveD those of {@code unknown} whose record is not known to have been durable (protocol.md §12)
     */
    record VoteReply(
            long term,
            boolean granted,
            long syncTerm,
            long mSync,
            long logBase,
            long appliedPrefix,
            long commitWatermark,
            List<SlotRun> present,
            List<Integer> presentCrcs,
            List<SlotRun> unknown,
            List<SlotRun> unknownAboveD)
            implements Message {}

    /** The merged log of {@code term}: slots 1..m by origin; {@code noops} are the no-ops above the leader's log base. */
    record SyncBegin(long term, long m, long leaderLogBase, List<OriginRun> runs, List<SlotRun> noops)
            implements Message {}

    record SyncAck(long term) implements Message {}

    /** A follower whose syncTerm is below {@code term} asks for {@link SyncBegin}. */
    record SyncRequest(long term) implements Message {}

    /**
     * Entries of {@code term} above its m, with the look-behind buffer of LBAs: {@code lookBehind} are the extents of slots
     * lookBehindFirst, lookBehindFirst+1, …, as pairs (offsetBytes, lengthBytes); length 0 is a slot without an extent, -1
     * one that overlaps everything.
     */
    record Append(
            long term, List<Entry> entries, long lookBehindFirst, long[] lookBehind, long round, CommitNotice commit)
            implements Message {}

    /** @param acceptLimit the highest slot that the follower has room for now */
    record AppendAck(long term, List<SlotRun> slots, long round, long contigPrefix, long acceptLimit)
            implements Message {}

    /** @param round grows with every round of the leader; confirms its term for check-quorum and ReadIndex */
    record Heartbeat(long term, long round, CommitNotice commit) implements Message {}

    /** @param syncTerm below term: the follower is not synced yet, contigPrefix then counts nothing */
    record HeartbeatAck(long term, long round, long syncTerm, long contigPrefix, long appliedPrefix, long acceptLimit)
            implements Message {}

    /** Asks any holder for entries by identity; each run is at most {@code catchup.batch_slots_max} long. */
    record Fetch(long term, List<OriginRun> wanted) implements Message {}

    /** Answer to {@link Fetch}; the stored dep travels verbatim. */
    record Entries(long term, List<Entry> entries) implements Message {}

    /** durability=mapped: hold every slot {@code <= slot} and force it to stable storage (protocol.md §11). */
    record Force(long term, long id, long slot) implements Message {}

    record ForceAck(long term, long id) implements Message {}

    /** The receiver of a lower term answers with its own. */
    record TermRefusal(long term) implements Message {}

    /**
     * What the leader knows to be committed: all slots {@code <= watermark} and the runs above it; and the floor below which
     * WALs may be truncated (protocol.md §7). Counts only on a node with syncTerm == term.
     */
    record CommitNotice(long watermark, List<SlotRun> runs, long floor) {
        /** Nothing known. */
        public static final CommitNotice NONE = new CommitNotice(0, List.of(), 0);
    }
}
