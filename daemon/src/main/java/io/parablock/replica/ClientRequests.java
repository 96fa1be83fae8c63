package io.parablock.replica;

import io.netty.buffer.ByteBuf;
import io.parablock.blockdev.store.DamagedBlocksException;
import io.parablock.raft.Output;
import io.parablock.raft.ProposeResult;
import io.parablock.raft.RaftNode;
import io.parablock.raft.log.Entry;
import io.parablock.raft.log.EntryKind;
import io.parablock.raft.session.SessionTable;
import io.parablock.replica.client.ClientMessage;
import io.parablock.replica.client.ClientMessage.Status;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.agrona.collections.Long2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/** The gateways' side of a replica: proposals and their answers, reads, flushes (protocol.md §8, §10, §11). */
final class ClientRequests {
    private static final int SECTOR_BYTES = 512;

    /** A request by what identifies it through leader changes. An OPEN has session = -gateway and seq = its nonce. */
    private record Key(long session, long seq) {}

    /**
     * @param fua durability=mapped: a flush comes between commit and answer
     * @param token what the gateway calls the session
     */
    private record Waiting(int from, boolean fua, long token) {}

    /** An answer that waits for a read or a flush of the core. */
    private record Pending(int from, ClientMessage request, long damageDeadlineNs) {
        Pending(int from, ClientMessage request) {
            this(from, request, DamagedReads.NO_DEADLINE);
        }
    }

    private final int groupId;
    private final int nodeId;
    private final boolean mapped;
    private final ReplicaConfig config;
    private final ReplicaPorts ports;
    private final RaftNode core;
    private final DamagedReads damagedReads;
    private final StoreAnswers answers;

    /** Proposed and not yet answered; ordered, so that every run answers in the same order. */
    private final Map<Key, Waiting> waiting = new LinkedHashMap<>();

    private final ProposalQueue queue;
    private final Long2ObjectHashMap<Pending> pending = new Long2ObjectHashMap<>();
    private final List<Pending> fuaDue = new ArrayList<>();
    /** The lease did not outlast the reading: a quorum is asked instead. */
    private final List<Pending> readsDue = new ArrayList<>();

    private final LeasedReads leased = new LeasedReads(this::holdsLease);

    private long nextId;
    private long reads;
    private long flushes;

    ClientRequests(
            int groupId,
            int nodeId,
            boolean mapped,
            ReplicaConfig config,
            ReplicaPorts ports,
            RaftNode core,
            BlockRepair repair) {
        this.groupId = groupId;
        this.nodeId = nodeId;
        this.mapped = mapped;
        this.config = config;
        this.ports = ports;
        this.core = core;
        this.queue = new ProposalQueue(config.proposalQueueMax(), config.proposalQueueBytesMax());
        this.damagedReads = new DamagedReads(repair, config.scrub().repairWaitNs());
        this.answers = new StoreAnswers(nodeId, ports.store(), ports.allocator());
    }

    // ---------------------------------------------------------------- requests

    /** The payload's reference passes to the replica. */
    void onRequest(int from, ClientMessage m) {
        if (m instanceof ClientMessage.ExtentAsk r) {
            read(from, r);
        } else if (m instanceof ClientMessage.Flush f) {
            flush(from, f);
        } else if (m instanceof ClientMessage.KeepAlive k) {
            core.onKeepAlive(
                    from,
                    k.gatewayBoot(),
                    k.nextNonce(),
                    k.nonces(),
                    ports.nowNs().getAsLong());
        } else if (m instanceof ClientMessage.Mutate mutate && !isValid(mutate)) {
            release(mutate.payload());
            answer(from, mutate, Status.INVALID, 0);
        } else if (!queue.isEmpty() || !propose(from, m)) {
            enqueue(from, m);
        }
    }

    private boolean isValid(ClientMessage.Mutate m) {
        long offset = m.offsetBytes();
        long length = m.lengthBytes();
        boolean inBounds = offset >= 0
                && length > 0
                && offset <= ports.store().sizeBytes() - length
                && (offset | length) % SECTOR_BYTES == 0;
        ByteBuf payload = m.payload();
        return inBounds
                && switch (m.kind()) {
                    case WRITE ->
                        payload != null
                                && payload.readableBytes() == length
                                && LogReader.crc(payload) == m.payloadCrc();
                    case ZERO, TRIM -> payload == null;
                    case NOOP, CONFIG, SESSION -> false;
                };
    }

    private void enqueue(int from, ClientMessage m) {
        if (!queue.offer(new ProposalQueue.Queued(from, m))) {
            // "Ask again", here: the gateway keeps the request and backs off.
            refuse(from, m, nodeId);
        }
    }

    /** Proposes what waited for the window, in order of arrival. */
    void retryQueued() {
        ProposalQueue.Queued q = queue.peek();
        while (q != null && propose(q.from(), q.message())) {
            var unused = queue.poll();
            q = queue.peek();
        }
    }

    /** Returns false when the in-flight window is full. */
    private boolean propose(int from, ClientMessage m) {
        if (m instanceof ClientMessage.Mutate mutate) {
            return proposeMutate(from, mutate);
        }
        long now = ports.nowNs().getAsLong();
        if (m instanceof ClientMessage.OpenSession open) {
            return onOpenResult(from, open, core.proposeOpenSession(from, open.gatewayBoot(), open.nonce(), now));
        }
        if (m instanceof ClientMessage.CloseSession close) {
            long session = SessionToken.slot(close.session());
            return isOfAnother(from, close.session())
                    || core.proposeCloseSession(session, now) != ProposeResult.WINDOW_FULL;
        }
        throw new AssertionError("not a request: " + m);
    }

    /** The session of this name is lost: its slot has become another one's. */
    private boolean isOfAnother(int from, long token) {
        long session = SessionToken.slot(token);
        int owner = core.gatewayOf(session);
        return owner != 0 && (owner != from || !SessionToken.isOf(token, core.nonceOf(session)));
    }

    private boolean proposeMutate(int from, ClientMessage.Mutate m) {
        ByteBuf payload = m.payload();
        long session = SessionToken.slot(m.session());
        if (core.isReady() && isOfAnother(from, m.session())) {
            release(payload);
            if (core.isCommitted(session)) {
                answer(from, m, Status.UNKNOWN_SESSION, nodeId);
            }
            return true;
        }
        ProposeResult result = core.propose(
                m.kind(),
                m.offsetBytes(),
                m.lengthBytes(),
                session,
                m.seq(),
                m.lowestOutstanding(),
                payload == null ? 0 : m.payloadCrc(),
                payload == null ? 0 : payload.readableBytes(),
                payload,
                ports.nowNs().getAsLong());
        if (result == ProposeResult.WINDOW_FULL) {
            return false;
        }
        if (result != ProposeResult.ACCEPTED) {
            release(payload);
        }
        boolean fua = mapped && m.fua();
        switch (result) {
            case ACCEPTED, DUPLICATE -> waiting.put(new Key(session, m.seq()), new Waiting(from, fua, m.session()));
            case ALREADY_COMMITTED -> {
                if (fua) {
                    startFlush(new Pending(from, withoutPayload(m)));
                } else {
                    answer(from, m, Status.OK, nodeId);
                }
            }
            case NOT_LEADER -> answer(from, m, Status.NOT_LEADER, core.leader());
            case UNKNOWN_SESSION -> answer(from, m, Status.UNKNOWN_SESSION, nodeId);
            case SEQ_TOO_NEW, TOO_MANY_SESSIONS -> answer(from, m, Status.INVALID, nodeId);
            case SEQ_STALE, WINDOW_FULL -> {}
        }
        return true;
    }

    private boolean onOpenResult(int from, ClientMessage.OpenSession open, ProposeResult result) {
        switch (result) {
            case WINDOW_FULL -> {
                return false;
            }
            case ACCEPTED, DUPLICATE -> waiting.put(new Key(-from, open.nonce()), new Waiting(from, false, 0));
            case ALREADY_COMMITTED -> {
                long session = core.sessionOf(from, open.gatewayBoot(), open.nonce());
                send(from, opened(open.nonce(), session));
            }
            case NOT_LEADER -> refuse(from, open, core.leader());
            case UNKNOWN_SESSION, SEQ_STALE, SEQ_TOO_NEW, TOO_MANY_SESSIONS ->
                send(from, new ClientMessage.SessionOpened(open.nonce(), 0, Status.INVALID, nodeId));
        }
        return true;
    }

    private ClientMessage opened(long nonce, long session) {
        return new ClientMessage.SessionOpened(nonce, SessionToken.of(session, nonce), Status.OK, nodeId);
    }

    // ---------------------------------------------------------------- commits

    /** The entry is committed: its answer. Calls nothing that changes the core's output. */
    void onCommitted(Entry e) {
        if (e.kind() == EntryKind.SESSION) {
            if (SessionTable.isOpen(e)) {
                int gateway = (int) e.offsetBytes();
                waiting.remove(new Key(-gateway, e.seq()));
                send(gateway, opened(e.seq(), e.slot()));
            }
            return;
        }
        if (e.session() == 0) {
            return;
        }
        Waiting w = waiting.remove(new Key(e.session(), e.seq()));
        int to = w != null ? w.from : core.gatewayOf(e.session());
        if (to == 0) {
            return;
        }
        long token = w != null ? w.token : SessionToken.of(e.session(), core.nonceOf(e.session()));
        // Of an entry that an earlier leader proposed nobody here knows whether FUA was asked for.
        if (w != null ? w.fua : mapped) {
            fuaDue.add(new Pending(
                    to,
                    new ClientMessage.Mutate(
                            token, e.seq(), 0, e.kind(), e.offsetBytes(), e.lengthBytes(), true, 0, null)));
        } else {
            send(to, new ClientMessage.MutateReply(token, e.seq(), Status.OK, nodeId));
        }
    }

    /** The flushes that committed FUA writes need, and the reads that a lease did not cover; adds to the core's output. */
    void startDue() {
        List<Pending> flushesNow = List.copyOf(fuaDue);
        fuaDue.clear();
        flushesNow.forEach(this::startFlush);
        List<Pending> readsNow = List.copyOf(readsDue);
        readsDue.clear();
        for (Pending p : readsNow) {
            if (p.request instanceof ClientMessage.ExtentAsk r) {
                long id = ++nextId;
                pending.put(id, p);
                core.readIndex(
                        id, r.offsetBytes(), r.extentBytes(), ports.nowNs().getAsLong());
            }
        }
    }

    /** Reads that met damage: those whose blocks are mended are tried again, those that waited too long fail. */
    void releaseDamagedReads() {
        damagedReads.release(
                ports.nowNs().getAsLong(),
                h -> readsDue.add(new Pending(h.from(), h.request(), h.deadlineNs())),
                h -> answer(h.from(), h.request(), Status.IO_ERROR, nodeId));
    }

    boolean hasDue() {
        return !fuaDue.isEmpty() || !readsDue.isEmpty();
    }

    // ---------------------------------------------------------------- reads and flushes

    private void read(int from, ClientMessage.ExtentAsk r) {
        if (!answers.isValid(r)) {
            answer(from, r, Status.INVALID, nodeId);
        } else if (pending.size() + damagedReads.size() + leased.size() >= config.readsMax()) {
            refuse(from, r, nodeId);
        } else {
            long id = ++nextId;
            pending.put(id, new Pending(from, r));
            core.read(id, r.offsetBytes(), r.extentBytes(), ports.nowNs().getAsLong());
        }
    }

    private void flush(int from, ClientMessage.Flush f) {
        if (pending.size() >= config.readsMax()) {
            refuse(from, f, nodeId);
        } else {
            startFlush(new Pending(from, f));
        }
    }

    private void startFlush(Pending p) {
        long id = ++nextId;
        pending.put(id, p);
        core.flush(id, ports.nowNs().getAsLong());
    }

    void onRead(Output.ReadResult result) {
        Pending p = pending.remove(result.readId());
        if (p == null || !(p.request instanceof ClientMessage.ExtentAsk r)) {
            return;
        }
        if (!result.ok()) {
            refuse(p.from, r, core.leader());
            return;
        }
        ClientMessage.AskReply reply;
        try {
            reply = answers.answer(r);
        } catch (DamagedBlocksException damaged) {
            if (!damagedReads.hold(
                    p.from,
                    r,
                    damaged.ranges(),
                    p.damageDeadlineNs,
                    ports.nowNs().getAsLong())) {
                answer(p.from, r, Status.IO_ERROR, nodeId);
            }
            return;
        } catch (RuntimeException e) {
            ports.events().onEvent(groupId, "a read at " + r.offsetBytes() + " failed: " + e.getMessage());
            answer(p.from, r, Status.IO_ERROR, nodeId);
            return;
        }
        if (result.byLease()) {
            leased.add(new LeasedReads.Answered(p.from, r, p.damageDeadlineNs, reply));
        } else {
            reads++;
            send(p.from, reply);
        }
    }

    /** The end of a batch of inputs: what was read by lease is answered, or read again behind a quorum. */
    void answerLeased() {
        leased.endBatch(
                a -> {
                    reads++;
                    send(a.from(), a.reply());
                },
                a -> readsDue.add(new Pending(a.from(), a.request(), a.damageDeadlineNs())));
    }

    private boolean holdsLease() {
        long suspendedNs = ports.suspendedNs().getAsLong();
        return suspendedNs != SuspendedTime.UNKNOWN
                && core.holdsLease(ports.nowNs().getAsLong(), suspendedNs);
    }

    void onFlush(Output.FlushResult result) {
        Pending p = pending.remove(result.flushId());
        if (p == null) {
            return;
        }
        if (result.ok()) {
            flushes++;
            answer(p.from, p.request, Status.OK, nodeId);
        } else {
            refuse(p.from, p.request, core.leader());
        }
    }

    // ---------------------------------------------------------------- answers

    /**
     * Everything that has no answer yet is refused: the gateway sends it to the next leader with the same (session, seq). The
     * core fails its reads and flushes itself.
     */
    void onLeadershipLost() {
        int hint = core.leader();
        waiting.forEach((key, w) -> {
            if (key.session < 0) {
                send(w.from, new ClientMessage.SessionOpened(key.seq, 0, Status.NOT_LEADER, hint));
            } else {
                send(w.from, new ClientMessage.MutateReply(w.token, key.seq, Status.NOT_LEADER, hint));
            }
        });
        waiting.clear();
        fuaDue.forEach(p -> refuse(p.from, p.request, hint));
        fuaDue.clear();
        readsDue.forEach(p -> refuse(p.from, p.request, hint));
        readsDue.clear();
        damagedReads.takeAll().forEach(h -> refuse(h.from(), h.request(), hint));
        leased.dropAll(a -> refuse(a.from(), a.request(), hint));
        ProposalQueue.Queued q = queue.poll();
        while (q != null) {
            refuse(q.from(), q.message(), hint);
            q = queue.poll();
        }
    }

    private void refuse(int from, ClientMessage m, int hint) {
        if (m instanceof ClientMessage.Mutate mutate) {
            release(mutate.payload());
        }
        answer(from, m, Status.NOT_LEADER, hint);
    }

    private void answer(int from, ClientMessage m, Status status, int hint) {
        if (m instanceof ClientMessage.Mutate r) {
            send(from, new ClientMessage.MutateReply(r.session(), r.seq(), status, hint));
        } else if (m instanceof ClientMessage.OpenSession r) {
            send(from, new ClientMessage.SessionOpened(r.nonce(), 0, status, hint));
        } else if (m instanceof ClientMessage.Ask r) {
            send(from, StoreAnswers.withoutResult(r, status, hint));
        }
    }

    private void send(int to, ClientMessage m) {
        ports.peers().sendClient(groupId, to, m);
    }

    private static ClientMessage.Mutate withoutPayload(ClientMessage.Mutate m) {
        return new ClientMessage.Mutate(
                m.session(),
                m.seq(),
                m.lowestOutstanding(),
                m.kind(),
                m.offsetBytes(),
                m.lengthBytes(),
                m.fua(),
                m.payloadCrc(),
                null);
    }

    static void release(@Nullable ByteBuf payload) {
        if (payload != null) {
            payload.release();
        }
    }

    /** Releases what waits, without an answer. */
    void close() {
        ProposalQueue.Queued q = queue.poll();
        while (q != null) {
            if (q.message() instanceof ClientMessage.Mutate m) {
                release(m.payload());
            }
            q = queue.poll();
        }
        waiting.clear();
        pending.clear();
        fuaDue.clear();
        readsDue.clear();
        damagedReads.takeAll();
        leased.dropAll(a -> {});
    }

    int queued() {
        return queue.size();
    }

    int inFlight() {
        return waiting.size();
    }

    long reads() {
        return reads;
    }

    /** Reads that asked no quorum; of {@link #reads}. */
    long leaseReads() {
        return leased.granted();
    }

    /** Reads whose lease had ended when their content was there. */
    long leaseMisses() {
        return leased.missed();
    }

    long flushes() {
        return flushes;
    }
}
