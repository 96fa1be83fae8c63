package io.parablock.raft;

import io.parablock.raft.log.EntryKind;
import io.parablock.raft.message.Message;
import io.parablock.raft.state.Checkpoint;
import io.parablock.raft.state.RecoveredState;
import org.jspecify.annotations.Nullable;

/**
 * The consensus core of one group on one node: ParallelRaft with sync terms (protocol.md). A pure, deterministic state
 * machine: no clock, thread, socket, file, logger or random source; single-threaded. Every input may add to
 * {@link #output()}, which the caller works off before the next input.
 */
public final class RaftNode {
    private final Output output = new Output();

    /** @param seed for the election timeouts; not zero-sensitive */
    public RaftNode(RaftConfig config, RecoveredState recovered, long seed, long nowNs) {
        output.event = "node " + config.nodeId() + recovered.amnesiac() + seed + nowNs;
    }

    public Output output() {
        return output;
    }

    /** A message from a peer; {@code boot} changes when the peer's process restarts. */
    public void step(int from, long boot, Message message, long nowNs) {}

    /** To be called at least every few milliseconds. */
    public void tick(long nowNs) {}

    /** A client's WRITE, ZERO or TRIM on the leader. On ACCEPTED the entry in {@link Output#appends} has this payload. */
    public ProposeResult propose(
            EntryKind kind,
            long offsetBytes,
            long lengthBytes,
            long session,
            long seq,
            long lowestOutstanding,
            int payloadCrc,
            int payloadLength,
            @Nullable Object payload,
            long nowNs) {
        return ProposeResult.NOT_LEADER;
    }

    /** Opens a session; when committed, the SESSION entry's slot is the session's id. Same (gateway, boot, nonce): DUPLICATE or ALREADY_COMMITTED, see {@link #sessionOf}. */
    public ProposeResult proposeOpenSession(int gatewayNode, long gatewayBoot, long nonce, long nowNs) {
        return ProposeResult.NOT_LEADER;
    }

    public ProposeResult proposeCloseSession(long session, long nowNs) {
        return ProposeResult.NOT_LEADER;
    }

    /** The session opened by (gateway, boot, nonce), or 0. */
    public long sessionOf(int gatewayNode, long gatewayBoot, long nonce) {
        return 0;
    }

    /** The gateway's node id of an open session, or 0: where answers go. */
    public int gatewayOf(long session) {
        return 0;
    }

    /** The WAL has made this entry durable. */
    public void onDurable(long slot, long origin, long nowNs) {}

    public void onApplied(long slot, long nowNs) {}

    /** Starts a read of the range on the leader (ReadIndex, protocol.md §8); the answer is an {@link Output.ReadResult}. */
    public void readIndex(long readId, long offsetBytes, long lengthBytes, long nowNs) {}

    /** FLUSH: everything answered before is on stable storage on a quorum when the {@link Output.FlushResult} comes. */
    public void flush(long flushId, long nowNs) {}

    /** The WAL force asked for by {@link Output#forces} is done. */
    public void onForced(int from, long id, long nowNs) {}

    /** The state at the contiguous applied prefix, to be made durable after the block store's fsync. */
    public Checkpoint checkpointImage() {
        return Checkpoint.EMPTY;
    }

    /** That checkpoint is durable; the core may set {@link Output#truncateTo}. */
    public void onCheckpointDurable(Checkpoint checkpoint, long nowNs) {}

    /** The transport lost or regained its connection to a peer. */
    public void onPeerConnected(int peer, boolean connected, long nowNs) {}

    public RaftStatus status() {
        return new RaftStatus(
                Role.FOLLOWER, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, false, false, new long[0]);
    }

    public int leader() {
        return 0;
    }

    /** True on a leader whose merged log is committed: proposals and reads are taken. */
    public boolean isReady() {
        return false;
    }

    /** Invariants that can be checked on one node (protocol.md §14); throws AssertionError naming the broken one. */
    public void checkInvariants() {}
}
