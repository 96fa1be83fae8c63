package io.parablock.raft;

import io.parablock.raft.log.Entry;
import io.parablock.raft.log.EntryKind;
import io.parablock.raft.log.SlotRun;
import io.parablock.raft.message.Message;
import io.parablock.raft.progress.PeerProgress;
import io.parablock.raft.session.SessionTable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The leader's side of a term (protocol.md §5): assign slots, send, count acknowledgements, commit, answer. */
final class Leader {
    /** Rounds whose send time is remembered. */
    private static final int ROUNDS = 1024;

    private final CoreState state;

    private final int ringMask;
    /** Who acknowledged each slot above m, as a bit per voter. */
    private final int[] ackedBy;

    private final long[] roundSentNs = new long[ROUNDS];
    private final int selfBit;
    private final SessionTable sessions = new SessionTable();
    private final long[] depWords;
    final ReadQueue reads;
    final FlushQueue flushes;
    final InstallSender installs;

    private final AppendSender sender;
    private PeerProgress[] peers = new PeerProgress[0];
    private long m;
    private long nextSlot;
    private long selfDurableTo;
    private int syncAcks;
    private long round;
    private long lastRoundSentNs;
    private boolean windowWasFull;
    private long inFlightBytes;
    private long stalledAtNs = Long.MIN_VALUE / 2;

    Leader(CoreState state) {
        this.state = state;
        int ring = CoreState.WINDOW_SPANS * state.config.span();
        this.ringMask = ring - 1;
        this.ackedBy = new int[ring];
        this.selfBit = bitOf(state.config.nodeId());
        this.depWords = new long[Math.max(64, state.config.span()) / 64];
        this.reads = new ReadQueue(state);
        this.flushes = new FlushQueue(state);
        this.installs = new InstallSender(state);
        this.sender = new AppendSender(state);
    }

    private int bitOf(int node) {
        return 1 << Arrays.binarySearch(state.config.voters(), node);
    }

    private @Nullable PeerProgress peer(int node) {
        for (PeerProgress p : peers) {
            if (p.node() == node) {
                return p;
            }
        }
        return null;
    }

    // ---------------------------------------------------------------- taking office

    /** The votes are in: heartbeats and check-quorum start now, before the merge is done. */
    void startCandidacy() {
        List<PeerProgress> list = new ArrayList<>();
        for (int voter : state.config.voters()) {
            if (voter != state.config.nodeId()) {
                list.add(new PeerProgress(voter, CoreState.WINDOW_SPANS * state.config.span(), 0, round, state.nowNs));
            }
        }
        peers = list.toArray(new PeerProgress[0]);
        sendRound();
    }

    /** The merged log is durable here. */
    void takeOffice() {
        state.role = Role.LEADER;
        state.leader = state.config.nodeId();
        state.output.stateChanged = true;
        m = state.mSync;
        nextSlot = m + 1;
        selfDurableTo = m;
        syncAcks = state.guards.commitBySyncAcks ? selfBit : (1 << state.config.quorum()) - 1;
        Arrays.fill(ackedBy, 0);
        inFlightBytes = 0;
        sessions.load(state.appliedSessions.image());
        for (long s = state.apply.appliedPrefix() + 1; s <= m; s++) {
            Entry e = state.log.get(s);
            if (e != null) {
                sessions.add(e);
            }
        }
        state.output.event = "leading term " + state.term + ", merged log up to slot " + m;
        for (PeerProgress p : peers) {
            sendSyncBegin(p.node());
        }
        commitMergedIfQuorum();
    }

    private void sendSyncBegin(int to) {
        state.send(to, new Message.SyncBegin(state.term, m, state.log.base(), state.origins.upTo(m), state.noops));
    }

    void stepDown() {
        reads.fail();
        flushes.fail();
        installs.stop();
        peers = new PeerProgress[0];
        windowWasFull = false;
    }

    // ---------------------------------------------------------------- proposals

    SessionTable sessions() {
        return sessions;
    }

    boolean windowIsFull() {
        boolean full = nextSlot - state.config.span() > state.committed.watermark()
                || nextSlot > state.apply.appliedPrefix() + (long) CoreState.WINDOW_SPANS * state.config.span()
                || inFlightBytes >= state.config.inFlightBytesMax();
        windowWasFull |= full;
        return full;
    }

    /** The caller has checked the session and the window. */
    @SuppressWarnings("TooManyParameters")
    Entry propose(
            EntryKind kind,
            long offsetBytes,
            long lengthBytes,
            long session,
            long seq,
            long lowestOutstanding,
            int payloadCrc,
            int payloadLength,
            @Nullable Object payload) {
        long slot = nextSlot++;
        long extentBytes = kind == EntryKind.SESSION ? 0 : lengthBytes;
        boolean any =
                state.lookBehind.dependencies(slot, offsetBytes, extentBytes, kind == EntryKind.CONFIG, 0, depWords);
        Entry e = new Entry(
                slot,
                state.term,
                kind,
                offsetBytes,
                lengthBytes,
                session,
                seq,
                lowestOutstanding,
                payloadCrc,
                payloadLength,
                any && state.guards.lookBehind ? depWords.clone() : new long[0]);
        e.payload = payload;
        state.lookBehindPut(e);
        ackedBy[(int) slot & ringMask] = 0;
        state.log.putWriting(e);
        sessions.add(e);
        inFlightBytes += payloadLength;
        state.output.appends.add(e);
        return e;
    }

    // ---------------------------------------------------------------- acknowledgements

    void onDurable(long slot, long origin) {
        Entry e = state.log.get(slot);
        if (e == null || e.origin() != origin || state.log.isDurable(slot)) {
            return;
        }
        state.log.markDurable(slot);
        if (origin == state.term && slot > m) {
            if (state.isStrict()) {
                while (selfDurableTo < state.log.contigPrefix()) {
                    count(++selfDurableTo, selfBit);
                }
            } else {
                count(slot, selfBit);
            }
        }
        state.apply.onDurable(slot, state.output.applies);
        flushes.advance();
    }

    private void count(long slot, int bit) {
        if (slot <= m || slot >= nextSlot || slot <= state.committed.watermark()) {
            return;
        }
        int i = (int) slot & ringMask;
        ackedBy[i] |= bit;
        if (Integer.bitCount(ackedBy[i]) >= state.config.quorum()) {
            if (state.isStrict()) {
                commitInOrder();
            } else if (!state.committed.contains(slot)) {
                commitOne(slot);
            }
        }
    }

    /** Strict mode: a slot is committed only after every slot before it. */
    private void commitInOrder() {
        while (state.committed.watermark() >= m) {
            long next = state.committed.watermark() + 1;
            if (next >= nextSlot || Integer.bitCount(ackedBy[(int) next & ringMask]) < state.config.quorum()) {
                return;
            }
            commitOne(next);
        }
    }

    private void commitOne(long slot) {
        Entry e = state.log.get(slot);
        if (e == null) {
            throw new AssertionError("committed slot " + slot + " is not in the leader's log");
        }
        reads.onCommitted(slot, e.offsetBytes(), e.kind() == EntryKind.SESSION ? 0 : e.lengthBytes());
        state.output.committed.add(e);
        inFlightBytes -= e.payloadLength();
        state.commit(slot);
        openWindow();
    }

    private void openWindow() {
        if (windowWasFull && !windowIsFull()) {
            windowWasFull = false;
            state.output.windowOpened = true;
        }
    }

    private void commitMergedIfQuorum() {
        if (Integer.bitCount(syncAcks) < state.config.quorum() || state.committed.watermark() >= m) {
            if (Integer.bitCount(syncAcks) >= state.config.quorum() && state.isStrict()) {
                commitInOrder();
            }
            return;
        }
        for (long s = state.committed.watermark() + 1; s <= m; s++) {
            Entry e = state.log.get(s);
            if (e != null && e.kind() != EntryKind.NOOP && !state.committed.contains(s)) {
                state.output.committed.add(e);
            }
        }
        state.commitTo(m);
        if (state.isStrict()) {
            commitInOrder();
        }
        openWindow();
    }

    void onSyncAck(int from) {
        PeerProgress p = peer(from);
        if (p == null || state.role != Role.LEADER) {
            return;
        }
        p.onSynced(m, state.nowNs);
        int bit = bitOf(from);
        if ((syncAcks & bit) == 0) {
            syncAcks |= bit;
            commitMergedIfQuorum();
        }
    }

    void onSyncRequest(int from) {
        if (state.role == Role.LEADER) {
            sendSyncBegin(from);
        }
    }

    void onAppendAck(int from, Message.AppendAck a) {
        PeerProgress p = peer(from);
        if (p == null) {
            return;
        }
        confirm(p, a.round());
        if (state.role != Role.LEADER) {
            return;
        }
        p.acceptLimit(a.acceptLimit());
        if (!a.slots().isEmpty() && !p.synced()) {
            // It acknowledges in this term, so it is synced to it; its SyncAck was lost or is late.
            onSyncAck(from);
        }
        int bit = bitOf(from);
        for (SlotRun run : a.slots()) {
            for (long s = Math.max(run.first(), p.contigPrefix() + 1); s <= run.last(); s++) {
                if (s < nextSlot && p.ack(s, state.nowNs)) {
                    count(s, bit);
                }
            }
        }
        onContigPrefix(p, a.contigPrefix(), bit);
    }

    /** Every slot up to the prefix is held with this term's origin: as good as an acknowledgement of each. */
    private void onContigPrefix(PeerProgress p, long prefix, int bit) {
        if (!p.synced() || prefix >= nextSlot) {
            return;
        }
        for (long s = Math.max(Math.max(m, p.contigPrefix()), state.committed.watermark()) + 1; s <= prefix; s++) {
            count(s, bit);
        }
        p.onContigPrefix(prefix, state.nowNs);
    }

    void onHeartbeatAck(int from, Message.HeartbeatAck a) {
        PeerProgress p = peer(from);
        if (p == null) {
            return;
        }
        confirm(p, a.round());
        p.acceptLimit(a.acceptLimit());
        p.appliedPrefix(a.appliedPrefix());
        if (state.role == Role.LEADER && a.syncTerm() == state.term) {
            onSyncAck(from);
            onContigPrefix(p, a.contigPrefix(), bitOf(from));
            if (a.contigPrefix() < state.log.base()) {
                // It lacks what is gone from here: tell it so.
                sendSyncBegin(from);
            }
        }
    }

    // ---------------------------------------------------------------- rounds: check-quorum and ReadIndex

    private void confirm(PeerProgress p, long ackedRound) {
        if (ackedRound > 0 && ackedRound <= round && round - ackedRound < ROUNDS) {
            p.confirm(ackedRound, roundSentNs[(int) ackedRound & (ROUNDS - 1)]);
            reads.release(confirmedRound());
        }
    }

    /** The newest round that a quorum, this node included, has answered. */
    private long confirmedRound() {
        long[] rounds = new long[peers.length + 1];
        rounds[0] = round;
        for (int i = 0; i < peers.length; i++) {
            rounds[i + 1] = peers[i].confirmedRound();
        }
        return quorumth(rounds);
    }

    /** The greatest value that a quorum of the given ones reaches. */
    private long quorumth(long[] values) {
        Arrays.sort(values);
        return values[values.length - state.config.quorum()];
    }

    private void sendRound() {
        round++;
        roundSentNs[(int) round & (ROUNDS - 1)] = state.nowNs;
        lastRoundSentNs = state.nowNs;
        state.sendToOthers(new Message.Heartbeat(state.term, round, notice()));
        if (peers.length == 0) {
            reads.release(round);
        }
    }

    private Message.CommitNotice notice() {
        if (state.role != Role.LEADER) {
            return Message.CommitNotice.NONE;
        }
        return new Message.CommitNotice(state.committed.watermark(), state.committedRunsAbove(), state.floor);
    }

    /** @return false when a quorum has not answered what was sent within the last election timeout */
    private boolean quorumAnswers() {
        if (state.nowNs - stalledAtNs < state.config.electionTimeoutNs() / 2) {
            return true;
        }
        long[] sent = new long[peers.length + 1];
        sent[0] = state.nowNs;
        for (int i = 0; i < peers.length; i++) {
            sent[i + 1] = peers[i].confirmedSentNs();
        }
        return state.nowNs - quorumth(sent) <= state.config.electionTimeoutNs();
    }

    /** This node stood still until now: the answers are waiting to be read. */
    void onStall(long nowNs) {
        stalledAtNs = nowNs;
    }

    /** @return false if the leader must step down */
    boolean tick() {
        if (!quorumAnswers()) {
            return false;
        }
        if (state.nowNs - lastRoundSentNs >= state.config.heartbeatIntervalNs()) {
            computeFloor();
            sendRound();
        }
        if (state.role == Role.LEADER) {
            for (PeerProgress p : peers) {
                sender.retransmit(p, m, round, notice());
            }
            flushes.advance();
            installs.tick(peers, nextSlot - 1);
            openWindow();
        }
        return true;
    }

    // ---------------------------------------------------------------- sending

    void endOfBatch() {
        if (reads.wantsRound(round)) {
            sendRound();
        }
        if (state.role != Role.LEADER) {
            return;
        }
        for (PeerProgress p : peers) {
            if (p.connected() && (p.synced() || !state.guards.ackOnlySynced)) {
                sender.sendNew(p, m, nextSlot, round, notice());
            }
        }
    }

    // ---------------------------------------------------------------- floor

    /**
     * The highest slot that a quorum holds contiguously with this leader's origins, held back for lagging replicas up to
     * retainSlotsMax (protocol.md §7).
     */
    private void computeFloor() {
        if (state.role != Role.LEADER) {
            return;
        }
        long[] held = new long[peers.length + 1];
        held[0] = state.log.contigPrefix();
        long lowest = held[0];
        for (int i = 0; i < peers.length; i++) {
            boolean mixed = state.guards.floorWithoutMixed && installs.isMixed(peers[i].node());
            held[i + 1] = mixed ? 0 : peers[i].contigPrefix();
            lowest = Math.min(lowest, held[i + 1]);
        }
        long needed = Math.max(lowest, state.log.last() - state.config.retainSlotsMax());
        state.floor = Math.max(state.floor, Math.min(quorumth(held), needed));
    }

    // ---------------------------------------------------------------- reads, status

    void read(long readId, long offsetBytes, long lengthBytes) {
        reads.add(readId, offsetBytes, lengthBytes, round + 1);
    }

    void onApplied(long slot) {
        reads.onApplied(slot);
        openWindow();
    }

    void releaseReads() {
        if (!reads.isEmpty()) {
            reads.release(confirmedRound());
        }
    }

    long lastAssigned() {
        return nextSlot - 1;
    }

    void onPeerConnected(int node, boolean up) {
        PeerProgress p = peer(node);
        if (p != null) {
            p.onConnected(up);
        }
    }

    void onBoot(int from, long boot) {
        PeerProgress p = peer(from);
        if (p != null && p.onBoot(boot)) {
            installs.onRestart(from);
        }
    }

    long inFlight() {
        return state.role == Role.LEADER ? nextSlot - 1 - state.committed.watermark() : 0;
    }

    long[] peerContig() {
        long[] out = new long[state.config.voters().length];
        Arrays.fill(out, -1);
        int i = 0;
        for (int voter : state.config.voters()) {
            PeerProgress p = peer(voter);
            out[i++] = voter == state.config.nodeId() ? state.log.contigPrefix() : p == null ? -1 : p.contigPrefix();
        }
        return out;
    }
}
