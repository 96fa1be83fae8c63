package io.parablock.raft;

import io.parablock.raft.log.Entry;
import io.parablock.raft.log.EntryKind;
import io.parablock.raft.log.SlotRun;
import io.parablock.raft.message.Message;
import io.parablock.raft.progress.PeerProgress;
import io.parablock.raft.session.SessionTable;
import org.jspecify.annotations.Nullable;

/** The leader's side of a term (protocol.md §5): assign slots, send, count acknowledgements, commit, answer. */
final class Leader {
    private final CoreState state;

    private final AckMap acks;
    private final SessionTable sessions = new SessionTable();
    private final long[] depWords;
    final ReadQueue reads;
    final FlushQueue flushes;
    final InstallSender installs;
    final LeaderTransfer transfer;
    final Lease lease;
    final CureServer cures;

    final Rounds rounds;
    private final AppendSender sender;
    private final Floor floor;
    final Peers peers;
    final MemberChange change;
    private long m;
    private long nextSlot;
    private long selfDurableTo;
    private boolean windowWasFull;
    private long inFlightBytes;

    Leader(CoreState state) {
        this.state = state;
        this.acks =
                new AckMap(state.config.voters(), state.config.quorum(), CoreState.WINDOW_SPANS * state.config.span());
        this.depWords = new long[Math.max(64, state.config.span()) / 64];
        this.reads = new ReadQueue(state);
        this.flushes = new FlushQueue(state);
        this.installs = new InstallSender(state, this);
        this.transfer = new LeaderTransfer(state);
        this.lease = new Lease(state);
        this.rounds = new Rounds(state);
        this.cures = new CureServer(state, this);
        this.sender = new AppendSender(state);
        this.floor = new Floor(state, rounds, installs);
        this.peers = new Peers(state);
        this.change = new MemberChange(state, this, peers, acks);
    }

    // ---------------------------------------------------------------- taking office

    /** The votes are in: heartbeats and check-quorum start now, before the merge is done. */
    void startCandidacy() {
        peers.begin(rounds.last());
        lease.begin(rounds.last());
        sendRound();
    }

    /**
     * The merged log is durable here.
     *
     * @param decided it is one of every voter: nobody else counts before it has this log (protocol.md §11), so it is committed
     */
    void takeOffice(boolean decided) {
        state.role = Role.LEADER;
        state.leader = state.config.nodeId();
        state.output.stateChanged = true;
        m = state.mSync;
        nextSlot = m + 1;
        selfDurableTo = m;
        acks.clear();
        acks.count(state.configs.inForce(), !state.guards.learnerCountsNot);
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
        for (PeerProgress p : peers.all()) {
            sendSyncBegin(p.node(), state.log.base());
        }
        if (decided) {
            commitMerged(m);
        }
        commitMergedIfQuorum();
    }

    private void sendSyncBegin(int to, long logBase) {
        state.send(to, new Message.SyncBegin(state.term, m, logBase, state.origins.upTo(m), state.noops));
    }

    void stepDown() {
        reads.fail();
        flushes.fail();
        installs.stop();
        transfer.stop();
        cures.stop();
        peers.clear();
        change.stop();
        windowWasFull = false;
    }

    // ---------------------------------------------------------------- proposals

    SessionTable sessions() {
        return sessions;
    }

    boolean windowIsFull() {
        boolean full = nextSlot - state.config.span() > state.committed.watermark()
                || nextSlot > state.apply.appliedPrefix() + (long) CoreState.WINDOW_SPANS * state.config.span()
                || inFlightBytes >= state.config.inFlightBytesMax()
                || transfer.isActive()
                || change.isUnderWay();
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

    void openWindow() {
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
        commitMerged(m);
        if (state.isStrict()) {
            commitInOrder();
        }
        openWindow();
    }

    /** @param to at most m: a quorum has the merged log, or so much of it is known to have been committed before this term */
    void commitMerged(long to) {
        for (long s = state.committed.watermark() + 1; s <= to; s++) {
            Entry e = state.log.get(s);
            if (e != null && e.kind() != EntryKind.NOOP && !state.committed.contains(s)) {
                state.output.committed.add(e);
            }
        }
        state.commitTo(to);
    }

    void onSyncAck(int from) {
        PeerProgress p = peers.of(from);
        if (p == null || state.role != Role.LEADER) {
            return;
        }
        p.onSynced(m, state.nowNs);
        if (acks.addSync(from)) {
            commitMergedIfQuorum();
        }
    }

    void onCureRequest(int from, long boot, Message.CureRequest r) {
        cures.onRequest(from, boot, r, rounds.last());
    }

    /** @param logBase what is not to be had from this node */
    void onSyncRequest(int from, long logBase) {
        if (state.role == Role.LEADER) {
            sendSyncBegin(from, logBase);
        }
    }

    void onAppendAck(int from, Message.AppendAck a) {
        PeerProgress p = peers.of(from);
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
        long overtaken = p.nextOvertaken(state.config.reorderWindowNs());
        if (overtaken > 0) {
            sender.resendOvertaken(p, overtaken, rounds.last(), notice());
        }
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
        PeerProgress p = peers.of(from);
        if (p == null) {
            return;
        }
        confirm(p, a.round());
        p.acceptLimit(a.acceptLimit());
        p.appliedPrefix(a.appliedPrefix());
        p.installing(a.installing());
        if (state.role == Role.LEADER && a.syncTerm() == state.term) {
            onSyncAck(from);
            onContigPrefix(p, a.contigPrefix());
            if (a.contigPrefix() < state.log.base()) {
                // It lacks what is gone from here: tell it so.
                sendSyncBegin(from, state.log.base());
            }
        }
    }

    // ---------------------------------------------------------------- rounds

    private void confirm(PeerProgress p, long round) {
        if (rounds.confirm(p, round)) {
            onConfirmed(rounds.confirmed(peers.all()));
        }
    }

    private void sendRound() {
        long round = rounds.begin();
        lease.onSent(round);
        state.sendToOthers(new Message.Heartbeat(state.term, round, notice()));
        if (peers.all().length == 0) {
            onConfirmed(round);
        }
    }

    private void onConfirmed(long round) {
        lease.onConfirmed(round);
        reads.release(round);
    }

    private Message.CommitNotice notice() {
        if (state.role != Role.LEADER) {
            return Message.CommitNotice.NONE;
        }
        return new Message.CommitNotice(state.committed.watermark(), state.committedRunsAbove(), state.floor);
    }

    /** @return false if the leader must step down */
    boolean tick() {
        if (!rounds.quorumAnswers(peers.all())) {
            return false;
        }
        if (rounds.isDue()) {
            if (state.role == Role.LEADER) {
                floor.compute(peers.all());
            }
            sendRound();
        }
        if (state.role == Role.LEADER) {
            for (PeerProgress p : peers.all()) {
                sender.retransmit(p, m, rounds.last(), notice());
            }
            flushes.advance();
            installs.tick(peers.all());
            transfer.giveUpIfLate();
            change.advance();
            openWindow();
            floor.noteGivenUp();
        }
        return true;
    }

    /** Whoever can be reached has all, and nothing is asked of anybody. */
    boolean isQuiet(long last) {
        for (PeerProgress p : peers.all()) {
            if (p.connected() && p.contigPrefix() < last) {
                return false;
            }
        }
        return state.role == Role.LEADER && !transfer.isActive() && !change.isUnderWay();
    }

    // ---------------------------------------------------------------- sending

    void endOfBatch() {
        if (reads.wantsRound(rounds.last())) {
            sendRound();
        }
        if (state.role != Role.LEADER) {
            return;
        }
        change.advance();
        advanceTransfer();
        sender.beginRound();
        Message.CommitNotice notice = notice();
        for (PeerProgress p : peers.all()) {
            if (p.connected() && (p.synced() || !state.guards.ackOnlySynced)) {
                sender.sendNew(p, m, nextSlot, rounds.last(), notice);
            }
        }
    }

    // ---------------------------------------------------------------- leader transfer

    /** @param wanted the node that is to take over, or 0 for the peer that holds most */
    TransferResult handOver(int wanted) {
        return state.role == Role.LEADER ? transfer.start(peers.all(), installs, wanted) : TransferResult.NOT_LED;
    }

    private void advanceTransfer() {
        if (transfer.isDue(peers.of(transfer.target()), nextSlot - 1)) {
            // What is committed goes out before: the target need not find it out.
            sendRound();
            lease.renounce();
            transfer.tell();
        }
    }

    // ---------------------------------------------------------------- reads, status

    /** @param mayUseLease false: a quorum is asked in any case */
    void read(long readId, long offsetBytes, long lengthBytes, boolean mayUseLease) {
        if (mayUseLease && lease.holds()) {
            reads.addByLease(readId, offsetBytes, lengthBytes);
            return;
        }
        reads.add(readId, offsetBytes, lengthBytes, rounds.last() + 1);
    }

    void onApplied(long slot) {
        reads.onApplied(slot);
        openWindow();
    }

    void releaseReads() {
        if (!reads.isEmpty()) {
            reads.release(rounds.confirmed(peers.all()));
        }
    }

    long lastAssigned() {
        return nextSlot - 1;
    }

    /** A message of this disk and process has come. */
    void onSender(int from, long disk, long boot) {
        PeerProgress p = peers.of(from);
        if (p == null) {
            return;
        }
        if (peers.isNewDisk(p, disk, m)) {
            forgetDisk(from);
        } else if (p.onBoot(boot)) {
            installs.onRestart(from);
        }
    }

    /** What was known of the node was of another disk than the one that may come. */
    void forgetDisk(int node) {
        acks.forget(node);
        flushes.forget(node);
        cures.forget(node);
        installs.onRestart(node);
    }

    /** Slots up to m are those of the merged log. */
    long mergedTo() {
        return m;
    }

    long inFlight() {
        return state.role == Role.LEADER ? nextSlot - 1 - state.committed.watermark() : 0;
    }

    /** What the peer acknowledged counts no more, and is sent again (protocol.md §11). */
    void forget(int node) {
        PeerProgress p = peers.of(node);
        if (p != null) {
            p.forget(m);
            acks.forget(node);
        }
    }
}
