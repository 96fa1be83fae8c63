package io.parablock.raft;

import io.parablock.raft.log.Entry;
import io.parablock.raft.message.Message;
import io.parablock.raft.state.HardState;
import io.parablock.raft.state.SyncRecord;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the core wants done after an input. The shell works it off in the order of the fields and then calls
 * {@link #clear()}; {@link #syncRecord} and {@link #hardState} are durable BEFORE any message is sent.
 */
public final class Output {
    /** An outgoing message. */
    public record Outgoing(int to, Message message) {}

    /**
     * A read may be served from the block store now ({@code ok}), or this node is not the leader any more.
     *
     * @param byLease no quorum was asked: after reading, {@link RaftNode#holdsLease} must be true, or the content is not
     *     handed out
     */
    public record ReadResult(long readId, boolean ok, boolean byLease) {}

    /** A FLUSH asked for by {@link RaftNode#flush} is done ({@code ok}), or this node is not the leader any more. */
    public record FlushResult(long flushId, boolean ok) {}

    /** A force of the WAL asked of this node; answered with {@link RaftNode#onForced}. */
    public record ForceRequest(int from, long id) {}

    /** A piece of the block store to be read off the group's thread and sent in a {@link Message.InstallExtent}. */
    public record InstallRead(int to, long term, long installId, long offsetBytes, int lengthBytes) {}

    /** The own store counts as it is (protocol.md §11, the merge over every voter): to be noted durably BEFORE the rest. */
    public boolean adoptStore;

    /** PERSIST FIRST, before {@link #hardState}. */
    public @Nullable SyncRecord syncRecord;

    /** PERSIST BEFORE any of {@link #messages}. */
    public @Nullable HardState hardState;

    /** The amnesia is over (protocol.md §11): to be noted durably, BEFORE the messages, once it is so in every group. */
    public boolean cured;

    /** Answered writes that were not flushed may be lost: the clients of this node are to see errors. */
    public boolean writesLost;

    /** To be written to the WAL in any order; each is answered with {@link RaftNode#onDurable}. May start before messages. */
    public final List<Entry> appends = new ArrayList<>();

    /** An Append or Entries message may carry entries whose payload is only in the WAL; the shell reads it from there. */
    public final List<Outgoing> messages = new ArrayList<>();

    /** Leader only: entries that became committed, for the clients' answers (WRITE, ZERO, TRIM, SESSION). */
    public final List<Entry> committed = new ArrayList<>();

    /** To be applied to the block store in this order; answered with {@link RaftNode#onApplied}. */
    public final List<Entry> applies = new ArrayList<>();

    public final List<ReadResult> reads = new ArrayList<>();
    public final List<FlushResult> flushes = new ArrayList<>();
    public final List<ForceRequest> forces = new ArrayList<>();

    /** Leader of an install. */
    public final List<InstallRead> installReads = new ArrayList<>();

    /** To be written to the block store in this order; answered with {@link InstallReceiver#onWritten}. */
    public final List<Message.InstallExtent> installWrites = new ArrayList<>();

    /**
     * After checkpoints under way: fsync the block store, make {@link RaftNode#installCheckpoint} (asked for only then)
     * durable, and answer with {@link RaftNode#onCheckpointDurable}.
     */
    public boolean installCheckpointDue;

    /** Entries that left the log (dead, truncated): the shell releases their payloads. */
    public final List<Entry> dropped = new ArrayList<>();

    /** The WAL may drop the group's records with slot {@code <=} this; 0 for no change. */
    public long truncateTo;

    /** The role, the term or the known leader changed. */
    public boolean stateChanged;

    /** Room for {@link RaftNode#propose} again after a WINDOW_FULL. */
    public boolean windowOpened;

    /** A line for the operator's log (elections, merges, refusals), or null. */
    public @Nullable String event;

    public boolean isEmpty() {
        return syncRecord == null
                && hardState == null
                && appends.isEmpty()
                && messages.isEmpty()
                && committed.isEmpty()
                && applies.isEmpty()
                && reads.isEmpty()
                && flushes.isEmpty()
                && forces.isEmpty()
                && dropped.isEmpty()
                && installReads.isEmpty()
                && installWrites.isEmpty()
                && !installCheckpointDue
                && truncateTo == 0
                && !stateChanged
                && !windowOpened
                && !cured
                && !writesLost
                && !adoptStore
                && event == null;
    }

    public void clear() {
        syncRecord = null;
        hardState = null;
        appends.clear();
        messages.clear();
        committed.clear();
        applies.clear();
        reads.clear();
        flushes.clear();
        forces.clear();
        dropped.clear();
        installReads.clear();
        installWrites.clear();
        installCheckpointDue = false;
        truncateTo = 0;
        stateChanged = false;
        windowOpened = false;
        cured = false;
        writesLost = false;
        adoptStore = false;
        event = null;
    }
}
