package io.parablock.raft;

import io.parablock.raft.log.Entry;
import io.parablock.raft.log.EntryKind;
import io.parablock.raft.membership.Members;
import io.parablock.raft.message.Message;
import io.parablock.raft.state.Checkpoint;
import io.parablock.raft.state.RecoveredState;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The consensus core of one group on one node: ParallelRaft with sync terms (protocol.md). A pure, deterministic state
 * machine: no clock, thread, socket, file, logger or random source; single-threaded. Every input may add to
 * {@link #output()}, which the caller works off before the next input; {@link #endOfBatch} sends what was gathered.
 */
public final class RaftNode {
    /** Named limit: so long may a tick be away while the core {@link #isQuiet}, in milliseconds. */
    public static final int QUIET_TICK_INTERVAL_MS = 20;

    private final Output output = new Output();
    private final RaftConfig config;
    private final CoreState state;
    private final Roles roles;
    private final Election election;
    private final MergeStage merge;
    private final FollowerLog follower;
    private final Leader leader;
    private final Proposals proposals;
    private final SessionExpiry expiry;
    private final InstallReceiver installs;
    private final Cure cure;
    private final Repair repair;
    private long lastTickNs;

    /** @param seed for the election timeouts */
    public RaftNode(RaftConfig config, RecoveredState recovered, long seed, long nowNs) {
        this(config, Guards.ALL, recovered, seed, nowNs);
    }

    RaftNode(RaftConfig config, Guards guards, RecoveredState recovered, long seed, long nowNs) {
        this.config = config;
        this.state = new CoreState(config, guards, output, recovered, nowNs);
        this.roles = new Roles(state, seed);
        this.election = roles.election;
        this.merge = roles.merge;
        this.follower = roles.follower;
        this.leader = roles.leader;
        this.installs = roles.installs;
        this.cure = roles.cure;
        this.repair = roles.repair;
        this.proposals = new Proposals(state, leader);
        this.expiry = new SessionExpiry(state, leader, proposals);
    }

    public Output output() {
        return output;
    }

    // ---------------------------------------------------------------- messages

    /** Before anything else: the cluster has formed with these disks. */
    public void onFormed(Members members) {
        state.configs.found(members);
    }

    /** The disk that the node had when the cluster formed, or when this one was new. */
    public long founder(int node) {
        return state.configs.founders().seat(node).incarnation();
    }

    /** A message from the disk that the peer had when the cluster formed. */
    public void step(int from, long boot, Message message, long nowNs) {
        step(from, founder(from), boot, message, nowNs);
    }

    /**
     * A message from a peer.
     *
     * @param incarnation of the peer's disk
     * @param boot changes when the peer's process restarts
     */
    public void step(int from, long incarnation, long boot, Message message, long nowNs) {
        state.nowNs = nowNs;
        roles.step(from, incarnation, boot, message);
        finishInput();
    }

    // ---------------------------------------------------------------- time and completions

    /** To be called every few milliseconds; more seldom while {@link #isQuiet}. */
    public void tick(long nowNs) {
        noteStall(nowNs);
        state.nowNs = nowNs;
        election.tick();
        roles.becomeLeaderIfElected();
        if (state.role == Role.LEADER || state.role == Role.LEADER_CANDIDATE) {
            if (!leader.tick()) {
                output.event = "stepping down: no quorum answered within the election timeout";
                roles.becomeFollower(state.term, 0);
            } else if (state.role == Role.LEADER_CANDIDATE) {
                tickMerge();
            }
        } else if (state.role == Role.FOLLOWER) {
            follower.tick();
            installs.tick();
        }
        expiry.tick();
        if (!follower.isSyncing() && state.role != Role.LEADER_CANDIDATE && !repair.tick()) {
            output.event = "stepping down: no peer has had a readable copy of a committed slot for long";
            roles.becomeFollower(state.term, 0);
            election.backOff();
        }
        finishInput();
    }

    /**
     * Whether nothing but heartbeats is under way, as of the last tick: the next one may come
     * {@link #QUIET_TICK_INTERVAL_MS} later. Not with heartbeats so frequent that they would come late.
     */
    public boolean isQuiet() {
        long last = state.log.last();
        boolean isSettled = state.apply.appliedPrefix() == last
                && state.committed.watermark() == last
                && !state.needsInstall
                && !state.installBegun
                && !state.amnesiac;
        return isSettled
                && config.heartbeatIntervalNs() >= 2_000_000L * QUIET_TICK_INTERVAL_MS
                && (state.role == Role.FOLLOWER
                        ? election.heardLately() && !follower.isSyncing()
                        : leader.isQuiet(last));
    }

    /**
     * This node itself stood still (a slow fsync, a pause): what the others sent meanwhile is still unread, so silence proves
     * nothing about them yet.
     */
    private void noteStall(long nowNs) {
        long gap = nowNs - lastTickNs;
        if (lastTickNs != 0 && gap > config.heartbeatIntervalNs()) {
            election.onStall(gap);
            leader.rounds.onStall(nowNs);
        }
        lastTickNs = nowNs;
    }

    private void tickMerge() {
        if (state.nowNs - election.lastSentNs() >= config.heartbeatIntervalNs()) {
            election.sendVotes();
        }
        if (merge.advance()) {
            leader.takeOffice(election.isOfEveryVoter());
            return;
        }
        String obstacle = merge.obstacle();
        if (obstacle != null) {
            output.event = "giving up term " + state.term + ": " + obstacle;
            roles.becomeFollower(state.term, 0);
            election.backOff();
        }
    }

    /** The WAL has made this entry durable. */
    public void onDurable(long slot, long origin, long nowNs) {
        state.nowNs = nowNs;
        if (state.role == Role.LEADER) {
            leader.onDurable(slot, origin);
        } else {
            follower.onDurable(slot, origin);
            if (state.role == Role.LEADER_CANDIDATE && merge.onDurable(slot, origin)) {
                leader.takeOffice(election.isOfEveryVoter());
            }
        }
        finishInput();
    }

    /** The shell cannot read this entry's record any more (protocol.md §12). */
    public void onUnreadable(Entry read, long nowNs) {
        state.nowNs = nowNs;
        roles.onUnreadable(read);
        finishInput();
    }

    /** The store was not given these issued entries: the first one's record is unreadable, the others came after it. */
    public void onNotApplied(List<Entry> entries, long nowNs) {
        state.nowNs = nowNs;
        roles.onUnreadable(entries.get(0));
        state.apply.takeBack(entries, output.applies);
        installs.saveFlagWhenIdle();
        finishInput();
    }

    /** The store has applied this slot. */
    public void onApplied(long slot, long nowNs) {
        state.nowNs = nowNs;
        state.apply.onApplied(slot, output.applies);
        leader.onApplied(slot);
        installs.saveFlagWhenIdle();
        finishInput();
        leader.releaseReads();
    }

    /** The WAL force asked for by {@link Output#forces} is done. */
    public void onForced(int from, long id, long nowNs) {
        state.nowNs = nowNs;
        if (from == Cure.FORCE) {
            cure.onForced(id);
        } else if (from == config.nodeId()) {
            leader.flushes.onForced(from, id);
        } else if (state.isSynced() && state.role == Role.FOLLOWER && state.leader == from) {
            state.send(from, new Message.ForceAck(state.term, id));
        }
        finishInput();
    }

    /** Sends what the inputs since the last call have gathered: new entries, acknowledgements, a round for waiting reads. */
    public void endOfBatch(long nowNs) {
        state.nowNs = nowNs;
        if (state.role == Role.LEADER || state.role == Role.LEADER_CANDIDATE) {
            leader.endOfBatch();
        }
        follower.endOfBatch();
        installs.endOfBatch();
    }

    private void finishInput() {
        cure.advance();
        state.settleApplies();
    }

    // ---------------------------------------------------------------- clients

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
        state.nowNs = nowNs;
        return proposals.propose(
                kind, offsetBytes, lengthBytes, session, seq, lowestOutstanding, payloadCrc, payloadLength, payload);
    }

    /**
     * Opens a session; when committed, the SESSION entry's slot is the session's id. The same (gateway, boot, nonce) again:
     * DUPLICATE or ALREADY_COMMITTED, see {@link #sessionOf}.
     */
    public ProposeResult proposeOpenSession(int gatewayNode, long gatewayBoot, long nonce, long nowNs) {
        state.nowNs = nowNs;
        expiry.onOpen(gatewayNode, gatewayBoot);
        return proposals.proposeOpenSession(gatewayNode, gatewayBoot, nonce);
    }

    /** A gateway is there, with these sessions: the rest of what it opened below {@code nextNonce} ends (protocol.md §10). */
    public void onKeepAlive(int gatewayNode, long gatewayBoot, long nextNonce, List<Long> liveNonces, long nowNs) {
        state.nowNs = nowNs;
        expiry.onKeepAlive(gatewayNode, gatewayBoot, nextNonce, liveNonces);
    }

    public ProposeResult proposeCloseSession(long session, long nowNs) {
        state.nowNs = nowNs;
        return proposals.proposeCloseSession(session);
    }

    /** The session opened by (gateway, boot, nonce), or 0. Leader only. */
    public long sessionOf(int gatewayNode, long gatewayBoot, long nonce) {
        return leader.sessions().sessionOf(gatewayNode, gatewayBoot, nonce);
    }

    /** The gateway's node id of an open session, or 0: where answers go. Leader only. */
    public int gatewayOf(long session) {
        return leader.sessions().gatewayOf(session);
    }

    /** The nonce that opened a session, or 0. Leader only. */
    public long nonceOf(long session) {
        return leader.sessions().nonceOf(session);
    }

    /**
     * The leader hands over to the peer that holds most (protocol.md §8): proposals wait (WINDOW_FULL) until another node
     * leads, or for an election timeout.
     *
     * @return false if this node does not lead, or no peer could take over now
     */
    public boolean handOver(long nowNs) {
        return handOver(0, nowNs) == TransferResult.UNDER_WAY;
    }

    /** The same to one peer, which holds all but what may be on its way; 0: the peer that holds most. */
    public TransferResult handOver(int wanted, long nowNs) {
        state.nowNs = nowNs;
        return leader.handOver(wanted);
    }

    /**
     * An operator gives up this disk of a node (protocol.md §9). To be said again until {@link #members} has the seat vacant:
     * the leader may be another one by now, or not there.
     */
    public void giveUpDisk(int node, long incarnation, long nowNs) {
        state.nowNs = nowNs;
        if (state.role == Role.LEADER) {
            leader.change.giveUp(node, incarnation);
        } else if (state.leader != 0 && state.leader != config.nodeId()) {
            state.send(state.leader, new Message.GiveUpDisk(state.term, node, incarnation));
        }
    }

    /** Whose disks count: the latest CONFIG of the own log, committed or not. */
    public Members members() {
        return state.configs.inForce();
    }

    /** The same as of the applied prefix. */
    public Members appliedMembers() {
        return state.configs.applied();
    }

    /** A committed change is in the log alone: a checkpoint is to take it up soon. */
    public boolean hasUnsavedMembers() {
        return !state.configs.applied().equals(durableMembers());
    }

    /** The same as of the last durable checkpoint; that one is committed. */
    public Members durableMembers() {
        Members checkpointed = state.durable.members();
        return checkpointed == null ? state.configs.founders() : checkpointed;
    }

    /** Starts a read of the range on the leader (protocol.md §8); the answer is an {@link Output.ReadResult}. */
    public void read(long readId, long offsetBytes, long lengthBytes, long nowNs) {
        read(readId, offsetBytes, lengthBytes, true, nowNs);
    }

    /** The same without a lease (ReadIndex). */
    public void readIndex(long readId, long offsetBytes, long lengthBytes, long nowNs) {
        read(readId, offsetBytes, lengthBytes, false, nowNs);
    }

    private void read(long readId, long offsetBytes, long lengthBytes, boolean mayUseLease, long nowNs) {
        state.nowNs = nowNs;
        if (state.role == Role.LEADER) {
            leader.read(readId, offsetBytes, lengthBytes, mayUseLease);
        } else {
            output.reads.add(new Output.ReadResult(readId, false, false));
        }
    }

    /**
     * Whether this node has led alone until now: to be asked after the content of a read by lease is there.
     *
     * @param suspendedNs how long the machine was suspended in all, from any fixed point on
     */
    public boolean holdsLease(long nowNs, long suspendedNs) {
        state.nowNs = nowNs;
        state.suspendedNs = Math.max(state.suspendedNs, suspendedNs);
        return leader.lease.holds() || !state.guards.leaseChecked;
    }

    /** FLUSH: everything answered before is on stable storage on a quorum when the {@link Output.FlushResult} comes. */
    public void flush(long flushId, long nowNs) {
        state.nowNs = nowNs;
        if (state.role == Role.LEADER) {
            leader.flushes.add(flushId, leader.lastAssigned());
        } else {
            output.flushes.add(new Output.FlushResult(flushId, false));
        }
    }

    // ---------------------------------------------------------------- checkpoints, peers, status

    /**
     * The state at the contiguous applied prefix, to be made durable after the block store's fsync; null while an install or
     * amnesia forbids it.
     */
    public @Nullable Checkpoint checkpointImage() {
        return state.isReadable() && !installs.isActive() && !state.amnesiac ? CheckpointImage.of(state) : null;
    }

    /** What {@link Output#installCheckpointDue} asks to be made durable, if no checkpoint is under way. */
    public Checkpoint installCheckpoint() {
        return installs.checkpoint();
    }

    /** The store has written a piece of {@link Output#installWrites}. */
    public void onInstallWritten(long installId, long offsetBytes, long nowNs) {
        state.nowNs = nowNs;
        installs.onWritten(installId, offsetBytes);
    }

    /** A piece of {@link Output#installReads} was a hole. */
    public void onInstallHole(long bytes) {
        leader.installs.onHole(bytes);
    }

    /** That checkpoint is durable: what it allows to truncate goes. */
    public void onCheckpointDurable(Checkpoint durable, long nowNs) {
        state.nowNs = nowNs;
        if (!installs.onDurable(durable)) {
            state.onCheckpointDurable(durable);
        }
        finishInput();
    }

    /** The transport lost or regained its connection to a peer. */
    public void onPeerConnected(int peer, boolean connected, long nowNs) {
        state.nowNs = nowNs;
        leader.peers.onConnected(peer, connected);
    }

    /** Whether damaged blocks of the own store wait for a peer's copy. */
    public void onBlocksPending(boolean pending) {
        state.storeMatch.pending(pending);
    }

    /** What the block store holds now, for a peer that mends its own with it; null while nobody can tell. */
    public @Nullable StorePoint storePoint() {
        return state.storeMatch.point();
    }

    /** Whether blocks of the own store may be mended now. */
    public boolean mayMend() {
        return state.storeMatch.mayMend();
    }

    /** Whether a peer's blocks, read while {@code peer} was true of its store, are what this store has to hold. */
    public boolean matches(StorePoint peer, long offsetBytes, long lengthBytes) {
        return state.storeMatch.matches(peer, offsetBytes, lengthBytes);
    }

    public RaftStatus status() {
        return RaftStatus.of(state, leader, installs, cure);
    }

    /** The known leader's node id, 0 for none. */
    public int leader() {
        return state.leader;
    }

    /** True on a leader: proposals and reads are taken (reads wait until the merged log is committed and applied). */
    public boolean isReady() {
        return state.role == Role.LEADER;
    }

    /** True when the leader's log no longer has what this node lacks. */
    public boolean needsInstall() {
        return state.needsInstall;
    }

    /** The effective entry at a slot, for tests and tools; null for a hole. */
    public @Nullable Entry entry(long slot) {
        return state.log.get(slot);
    }

    /** Whether this node knows the slot to be committed. */
    public boolean isCommitted(long slot) {
        return state.committed.contains(slot);
    }

    /** Whether this node holds the slot durably in its effective log. */
    public boolean isDurable(long slot) {
        return state.log.isDurable(slot);
    }

    /** Invariants that can be checked on one node (protocol.md §14); throws AssertionError naming the broken one. */
    public void checkInvariants() {
        Invariants.check(state, status());
    }
}
