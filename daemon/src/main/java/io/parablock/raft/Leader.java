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

    private final AckMap acks;
    private final long[] roundSentNs = new long[ROUNDS];
    private final SessionTable sessions = new SessionTable();
    private final long[] depWords;
    final ReadQueue reads;
    final FlushQueue flushes;
    final InstallSender installs;
    final CureServer cures;

    private final AppendSender sender;
    private PeerProgress[] peers = new PeerProgress[0];
    private long m;
    private long nextSlot;
    private long selfDurableTo;
    private long round;
    private long lastRoundSentNs;
    private boolean windowWasFull;
    private long inFlightBytes;
    private long stalledAtNs = Long.MIN_VALUE / 2;

    Leader(CoreState state) {
        this.state = state;
        this.acks =
                new AckMap(state.config.voters(), state.config.quorum(), CoreState.WINDOW_SPANS * state.config.span());
        this.depWords = new long[Math.max(64, state.config.span()) / 64];
        this.reads = new ReadQueue(state);
        this.flushes = new FlushQueue(state);
        this.installs = new InstallSender(state);
        this.cures = new CureServer(state, this);
        this.sender = new AppendSender(state);
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
        acks.clear();
        acks.addSync(state.config.nodeId());
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
        cures.stop();
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
        acks.open(slot);
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
                    count(++selfDurableTo, state.config.nodeId());
                }
            } else {
                count(slot, state.config.nodeId());
            }
        }
        state.apply.onDurable(slot, state.output.applies);
        flushes.advance();
    }

    private void count(long slot, int node) {
        if (slot <= m || slot >= nextSlot || slot <= state.committed.watermark()) {
            return;
        }
        if (acks.add(slot, node)) {
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
            if (next >= nextSlot || !acks.isQuorum(next)) {
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
        boolean quorum = acks.isSyncQuorum() || !state.guards.commitBySyncAcks;
        if (!quorum || state.committed.watermark() >= m) {
            if (quorum && state.isStrict()) {
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
        if (acks.addSync(from)) {
            commitMergedIfQuorum();
        }
    }

    void onCureRequest(int from, long boot, Message.CureRequest r) {
        cures.onRequest(from, boot, r, round);
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
        for (SlotRun run : a.slots()) {
            for (long s = Math.max(run.first(), p.contigPrefix() + 1); s <= run.last(); s++) {
                if (s < nextSlot && p.ack(s, state.nowNs)) {
                    count(s, from);
                }
            }
        }
        onContigPrefix(p, a.contigPrefix());
    }

    /** Every slot up to the prefix is held with this term's origin: as good as an acknowledgement of each. */
    private void onContigPrefix(PeerProgress p, long prefix) {
        if (!p.synced() || prefix >= nextSlot) {
            return;
        }
        for (long s = Math.max(Math.max(m, p.contigPrefix()), state.committed.watermark()) + 1; s <= prefix; s++) {
            count(s, p.node());
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
            onContigPrefix(p, a.contigPrefix());
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
            held[i + 1] = installs.isMixed(peers[i].node()) ? 0 : peers[i].contigPrefix();
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

    /** -1: unknown. */
    long contigPrefixOf(int node) {
        PeerProgress p = peer(node);
        return node == state.config.nodeId() ? state.log.contigPrefix() : p == null ? -1 : p.contigPrefix();
    }

    long[] peerContig() {
        return Arrays.stream(state.config.voters())
                .mapToLong(this::contigPrefixOf)
                .toArray();
    }

    /** What the peer acknowledged counts no more, and is sent again (protocol.md §11). */
    void forget(int node) {
        PeerProgress p = peer(node);
        if (p != null) {
            p.forget(m);
            acks.forget(node);
        }
    }
}
