package io.parablock.raft.message;

import io.parablock.raft.log.Entry;
import io.parablock.raft.log.OriginRun;
import io.parablock.raft.log.SlotRun;
import io.parablock.raft.state.Checkpoint;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What two cores say to each other (protocol.md §2). Immutable. The envelope (cluster, group, sender, sender's boot) is
 * the transport's. {@code term} is the sender's term, except where a record says otherwise.
 */
public sealed interface Message {
    long term();

    /** A sender of a lower term waits for an answer: it gets {@link TermRefusal}. */
    default boolean asksForAnswer() {
        return this instanceof Vote
                || this instanceof Append
                || this instanceof Heartbeat
                || this instanceof SyncBegin
                || this instanceof Force
                || this instanceof Fetch;
    }

    /** It means something to a leader only. */
    default boolean isForLeader() {
        return this instanceof AppendAck
                || this instanceof HeartbeatAck
                || this instanceof SyncAck
                || this instanceof SyncRequest
                || this instanceof ForceAck
                || this instanceof CureRequest
                || this instanceof InstallRequest
                || this instanceof InstallAck
                || this instanceof GiveUpDisk;
    }

    /**
     * @param term the term that the sender would campaign for; it has not taken it
     * @param everyVoter for a merge over every voter (protocol.md §11)
     */
    record PreVote(long term, long syncTerm, long contigPrefix, boolean everyVoter) implements Message {}

    /**
     * @param term the voter's own term, or 0 when it refuses because it has a live leader (such a refusal carries none)
     * @param proposedTerm echo of {@link PreVote#term}
     * @param everyVoter echo of {@link PreVote#everyVoter}
     * @param amnesiac the voter gives no vote but for a merge over every voter
     */
    record PreVoteReply(long term, long proposedTerm, boolean granted, boolean everyVoter, boolean amnesiac)
            implements Message {}

    /**
     * @param transfer the leader asked for it with {@link TimeoutNow}: a voter that still hears that leader grants it too
     * @param everyVoter for a merge over every voter: whoever grants it stays silent until it was installed
     */
    record Vote(long term, long syncTerm, long contigPrefix, boolean transfer, boolean everyVoter) implements Message {}

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

    /**
     * @param syncTerm below term: the follower is not synced yet, contigPrefix then counts nothing
     * @param installing its block store is not whole (an install, or blocks that wait for a peer's copy): it does not count for
     *     the floor (protocol.md §7)
     */
    record HeartbeatAck(
            long term,
            long round,
            long syncTerm,
            long contigPrefix,
            long appliedPrefix,
            long acceptLimit,
            boolean installing)
            implements Message {}

    /** Asks any holder for entries by identity; each run is at most {@code catchup.batch_slots_max} long. */
    record Fetch(long term, List<OriginRun> wanted) implements Message {}

    /** Answer to {@link Fetch}; the stored dep travels verbatim. */
    record Entries(long term, List<Entry> entries) implements Message {}

    /** durability=mapped: hold every slot {@code <= slot} and force it to stable storage (protocol.md §11). */
    record Force(long term, long id, long slot) implements Message {}

    record ForceAck(long term, long id) implements Message {}

    /**
     * The operator gives up a node's disk (protocol.md §9); said again until the log says so.
     *
     * @param incarnation of that disk: said of another one, it means nothing any more
     */
    record GiveUpDisk(long term, int node, long incarnation) implements Message {}

    /** Leader transfer (protocol.md §8): the receiver holds all that this leader ever assigned; it campaigns at once. */
    record TimeoutNow(long term) implements Message {}
    /**
     * A replica with amnesia asks for its cure (protocol.md §11).
     *
     * @param mark differs for every start of the replica's process
     * @param round the greatest round heard of this leader
     */
    record CureRequest(long term, long mark, long round) implements Message {}

    /**
     * Every slot of (from, to] must be held and forced; SyncBegin comes with it.
     *
     * @param mark that of the request
     * @param from 0: nothing that an earlier start acknowledged counts
     * @param to the highest slot assigned when the leader learned of this start
     */
    record Cure(long term, long mark, long from, long to) implements Message {}

    /** Streaming catch-up (protocol.md §7). */
    sealed interface Install extends Message {}

    /**
     * A follower needs more than the leader's log still has.
     *
     * @param known the install that it is in the middle of, 0 for none
     * @param atLeast its store has applied this already: no install with a lower base
     */
    record InstallRequest(long term, long known, long atLeast) implements Install {}

    /**
     * @param installId unique over terms and leaders, growing
     * @param image the leader's state at its applied prefix b: {@code image.a() == b}
     */
    record InstallBegin(long term, long installId, long storeBytes, int pieceBytes, Checkpoint image)
            implements Install {}

    /**
     * One piece of the leader's block store; it may be newer than b.
     *
     * @param lengthBytes whole pieces, except at the store's end
     * @param crc CRC32C of the payload, 0 for a hole
     * @param payload a buffer of the shell, or null for a hole; the core never touches it
     * @param damaged what of it the leader itself could not read: zeros in the payload, and damaged at the receiver, too
     */
    record InstallExtent(
            long term,
            long installId,
            long offsetBytes,
            int lengthBytes,
            int crc,
            @Nullable Object payload,
            List<ByteRange> damaged)
            implements Install {
        public InstallExtent {
            damaged = List.copyOf(damaged);
        }

        /** With nothing damaged in it. */
        public InstallExtent(
                long term, long installId, long offsetBytes, int lengthBytes, int crc, @Nullable Object payload) {
            this(term, installId, offsetBytes, lengthBytes, crc, payload, List.of());
        }
    }

    /** Whole sectors of a block store. */
    record ByteRange(long offsetBytes, long lengthBytes) {}

    /** @param e the highest slot handed to the leader's store before the last piece was read */
    record InstallEnd(long term, long installId, long e) implements Install {}

    /**
     * @param receivedBytes everything below is in the follower's store
     * @param done the install is complete and durable
     */
    record InstallAck(long term, long installId, long receivedBytes, boolean done) implements Install {}

    /**
     * Between block stores, past the core (docs/protocol.md, "Repair of blocks"); the term is the sender's sync term.
     */
    sealed interface Block extends Message {}

    /** Asks a peer what its store holds in a range of at most {@link #BLOCK_BYTES_MAX}. */
    record BlockFetch(long term, long id, long offsetBytes, int lengthBytes) implements Block {}

    /** Largest range of a {@link BlockFetch}. */
    int BLOCK_BYTES_MAX = 128 << 10;

    /** How a {@link BlockFetch} went. */
    enum BlockOutcome {
        /** Here it is. */
        CONTENT,
        /** The peer cannot read it either. */
        DAMAGED,
        /** The peer cannot tell which slots its store holds, or has no room: ask again, or another one. */
        NOT_NOW
    }

    /**
     * @param id of the request, like the range
     * @param applied every slot up to it was in the peer's store before it was read
     * @param reach no slot above it was, after it was read
     * @param crc CRC32C of the payload, 0 without one
     * @param payload a buffer of the shell; null for zeros and without content
     */
    record BlockReply(
            long term,
            long id,
            long offsetBytes,
            int lengthBytes,
            BlockOutcome outcome,
            long applied,
            long reach,
            int crc,
            @Nullable Object payload)
            implements Block {}

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
