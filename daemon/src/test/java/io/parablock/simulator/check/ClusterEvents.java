package io.parablock.simulator.check;

import io.parablock.raft.state.Checkpoint;
import io.parablock.raft.state.HardState;
import io.parablock.raft.state.SyncRecord;

/**
 * What happens in a cluster of one group, told at the ports: disk, wire, store, clients. Node ids start at 1. Each call comes
 * when the thing has happened (a durable step: when it is on stable storage, or in {@code durability=mapped} in the mapped
 * WAL; a message: when it is handed to the network, lost or not). The order of the calls is the order of the events.
 * Nothing here may block or throw anything but {@link Violation}.
 */
public interface ClusterEvents {
    // ---- process ----

    /** The process runs; recovery has read the disk. */
    default void onStarted(int node, long boot) {}

    /** The process is gone, with all that was volatile. What its disk lost is told by {@link #onEntryLost}. */
    default void onCrashed(int node) {}

    /** It starts with amnesia (protocol.md §11), right after {@link #onStarted}. */
    default void onAmnesia(int node) {}

    /** Its amnesia is over: from now on it votes and acknowledges. */
    default void onCured(int node) {}

    /** An empty disk takes the place of the old one. */
    default void onWiped(int node) {}

    // ---- disk ----

    default void onHardStateDurable(int node, HardState hard) {}

    default void onSyncRecordDurable(int node, SyncRecord record) {}

    /** @param installed it ends an install: the store did not come from this node's own log */
    default void onCheckpointDurable(int node, Checkpoint checkpoint, boolean installed) {}

    /** The durable flag {@code installing} is set (an end of the install is told by {@link #onCheckpointDurable}). */
    default void onInstallBegun(int node) {}

    /** The core hands a piece of an install to the block store. */
    default void onInstallPiece(int node, long installId, long offsetBytes, long lengthBytes) {}

    /** The store has it. */
    default void onInstallPieceWritten(int node, long installId, long offsetBytes, long lengthBytes) {}

    /** The record is where the durability mode wants it before an ack. Told again for a rewrite. */
    default void onEntryDurable(int node, EntryView entry) {}

    /** The node is told that its record is durable (just before it is): from now on its own copy counts. */
    default void onDurableTold(int node, long slot, long origin) {}

    /**
     * A record that was told durable is not readable any more.
     *
     * @param unknown the slot counts as UNKNOWN (bit rot, a torn record); false: it vanished without a trace (a power cut in
     *     durability=mapped)
     */
    default void onEntryLost(int node, long slot, long origin, boolean unknown) {}

    /** A force (fsync, msync) of the WAL begins. */
    default void onForceBegun(int node, long forceId) {}

    /** It ended well: the records told durable before its begin are on stable storage. */
    default void onForceEnded(int node, long forceId) {}

    /** The WAL may have dropped the slots {@code <= to}. */
    default void onTruncated(int node, long to) {}

    // ---- wire; use WireFeed to derive these from the messages of the core ----

    default void onVoteRequested(int candidate, long term, long syncTerm, long contigPrefix) {}

    /** A candidate asks for votes for a merge over every voter (protocol.md §11), right before {@link #onVoteRequested}. */
    default void onEveryVoterCampaign(int candidate, long term) {}

    /** A granted vote leaves the voter. */
    default void onVoteSent(int voter, VoteReport report) {}

    /** The slots first..last are acknowledged in a term. */
    default void onAckSent(int node, long term, long first, long last) {}

    /** The node says that it holds the merged log of the term (SyncAck, or any message that implies it). */
    default void onSyncAckSent(int node, long term) {}

    /** The node says that all slots {@code <= prefix} are durably PRESENT in its effective log of this term. */
    default void onPrefixSent(int node, long term, long prefix) {}

    /** The leader's SyncBegin leaves it. */
    default void onSyncBeginSent(int node, long term, long m) {}

    /** An entry leaves a node in an Append of this term, or, {@code term} 0, in an answer to a Fetch. */
    default void onEntrySent(int node, long term, EntryView entry) {}

    /** The InstallBegin of this term's leader leaves it. */
    default void onInstallOffered(int node, int to, long term, long installId, Checkpoint image, long storeBytes) {}

    /** The leader's InstallEnd leaves it. */
    default void onInstallEndSent(int node, int to, long installId, long e) {}

    /** The node says what its store has of an install. */
    default void onInstallAckSent(int node, long installId, long receivedBytes, boolean done) {}

    // ---- roles and marks of the core ----

    /** The node leads the term, or is its leader candidate (it has the votes). May be told more than once. */
    default void onLeader(int node, long term) {}

    /** The leader assigned the entry's slot. */
    default void onProposed(int node, long term, EntryView entry) {}

    /** A client (or its gateway) is told that the request is done. */
    default void onAnswered(int node, EntryView entry) {}

    /**
     * Just before a SYNCREC made by a merge over every voter without a quorum free of amnesia (protocol.md §11): it may lack
     * what was committed and not yet flushed.
     */
    default void onAmnesiacMerge(int node, long term) {}

    // ---- store ----

    /** The core hands the entry to the block store; the store takes overlapping ones in this order. */
    default void onApplyStarted(int node, EntryView entry) {}

    /** The store has it. */
    default void onApplied(int node, EntryView entry) {}

    // ---- reads and flushes ----

    /** A read arrived at a node. Ids are unique for the life of the cluster. */
    default void onReadArrived(int node, long readId, long offsetBytes, long lengthBytes) {}

    /** The core lets the read go to the block store now. */
    default void onReadServed(int node, long readId) {}

    /** A FLUSH arrived at a node. Ids are unique for the life of the cluster. */
    default void onFlushArrived(int node, long flushId) {}

    default void onFlushAnswered(int node, long flushId) {}
}
