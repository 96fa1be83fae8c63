package io.parablock.gateway;

import io.netty.buffer.ByteBuf;
import io.parablock.raft.log.EntryKind;
import io.parablock.replica.client.ClientMessage;
import java.util.ArrayList;
import java.util.List;
import org.agrona.collections.Long2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The gateway of one node in one group: holds every request until it is answered, through any change of the leader, and
 * sends it again with the same (session, seq) (protocol.md §10). Pure: inputs are method calls with the time, on one
 * thread; the only output is the {@link Sender}.
 */
final class GroupGateway {
    /** Sends to the leader's node; the payload's reference passes to it. */
    @FunctionalInterface
    interface Sender {
        void send(int to, ClientMessage message);
    }

    private final int nodeId;
    private final long boot;
    private final GatewayConfig config;
    private final Sender sender;
    private final List<GroupSession> sessions = new ArrayList<>();
    private final Long2ObjectHashMap<GroupSession> byId = new Long2ObjectHashMap<>();
    private final ClosingSessions closing;

    /** Unanswered asks by request id. */
    private final Long2ObjectHashMap<Part> asks = new Long2ObjectHashMap<>();

    private final long firstNonce;
    private long nextNonce;
    private long nextRequestId;

    /** Where requests go: what the local replica said, or where a redirection pointed since. */
    private int leader;

    private int localLeader;
    private long redirectedNs;
    private boolean resendDue;
    private long resentNs;
    private long keptAliveNs;
    private long resends;
    private long timeouts;
    private long sessionsLost;

    /** @param boot greater in each run of this node's process */
    GroupGateway(int nodeId, long boot, GatewayConfig config, Sender sender, long nowNs) {
        this.nodeId = nodeId;
        this.boot = boot;
        this.config = config;
        this.sender = sender;
        // A reply to a request of an earlier run must not meet one of this run.
        this.firstNonce = boot << 20;
        this.nextNonce = firstNonce;
        this.nextRequestId = firstNonce;
        this.resentNs = nowNs - config.redirectNs();
        this.keptAliveNs = nowNs - config.keepAliveNs();
        this.closing = new ClosingSessions(this::send, config.retryNs());
    }

    // ---------------------------------------------------------------- inputs from the client

    /** A client; its session is opened with its first mutation: who only reads and flushes needs none. */
    GroupSession attach() {
        GroupSession session = new GroupSession(config.sessionWindow());
        sessions.add(session);
        return session;
    }

    /** The client has gone: nothing is sent again, and the session's end is asked for. */
    void close(GroupSession session, long nowNs) {
        if (session.closed) {
            return;
        }
        session.closed = true;
        sessions.remove(session);
        session.failAll(true);
        for (Part part : snapshot()) {
            // Without a leader nobody would ever answer, and what the client has in flight stays counted.
            if (part.asker == session) {
                asks.remove(part.id);
                part.complete(false, null);
            }
        }
        if (session.id != 0) {
            byId.remove(session.id);
            closing.add(session.id, nowNs);
        }
    }

    /** The payload's reference passes to this gateway. */
    void mutate(
            GroupSession session,
            EntryKind kind,
            long offsetBytes,
            long lengthBytes,
            boolean fua,
            int payloadCrc,
            @Nullable ByteBuf payload,
            PartListener listener,
            long nowNs) {
        Part part =
                new Part(Part.Kind.MUTATE, kind, offsetBytes, lengthBytes, fua, payloadCrc, payload, listener, nowNs);
        if (session.closed) {
            part.complete(false, null);
            return;
        }
        session.queue(part);
        if (!session.isOpenOrOpening()) {
            startOpening(session, nowNs);
        }
        sendQueued(session, nowNs);
    }

    /** Reads, flushes and whatever else mutates nothing; the session is whose client asks. */
    void ask(GroupSession session, Part part, long nowNs) {
        if (session.closed) {
            part.complete(false, null);
            return;
        }
        part.asker = session;
        part.id = nextRequestId++;
        asks.put(part.id, part);
        sendAsk(part, nowNs);
    }

    // ---------------------------------------------------------------- inputs from the cluster

    /** @param newLeader 0 when none is known, or when this node leads and does not take requests yet */
    void onLeader(int newLeader, long nowNs) {
        localLeader = newLeader;
        if (newLeader == leader) {
            return;
        }
        leader = newLeader;
        if (leader != 0) {
            resendToNew(nowNs);
        }
    }

    /** What was sent on the old connection may be lost. */
    void onPeer(int peer, boolean up, long nowNs) {
        if (up && peer == leader) {
            resendToNew(nowNs);
        }
    }

    /** A read's payload reference passes to this gateway. */
    void onReply(int from, ClientMessage reply, long nowNs) {
        if (reply instanceof ClientMessage.MutateReply r) {
            onMutateReply(from, r, nowNs);
        } else if (reply instanceof ClientMessage.AskReply r) {
            onAskReply(from, r, nowNs);
        } else if (reply instanceof ClientMessage.SessionOpened r) {
            onOpened(from, r, nowNs);
        }
    }

    private void onMutateReply(int from, ClientMessage.MutateReply r, long nowNs) {
        GroupSession session = byId.get(r.session());
        if (session == null) {
            return;
        }
        switch (r.status()) {
            case NOT_LEADER -> redirect(from, r.leaderHint(), session.at(r.seq()), nowNs);
            case UNKNOWN_SESSION -> onSessionLost(session, nowNs);
            case OK, INVALID, IO_ERROR -> {
                Part part = session.take(r.seq());
                if (part != null) {
                    sendQueued(session, nowNs);
                    part.complete(r.status() == ClientMessage.Status.OK, null);
                }
            }
        }
    }

    private void onAskReply(int from, ClientMessage.AskReply reply, long nowNs) {
        Part part = asks.get(reply.requestId());
        boolean mine = part != null && part.isAnsweredBy(reply);
        if (part != null && mine && reply.status() != ClientMessage.Status.NOT_LEADER) {
            asks.remove(reply.requestId());
            part.complete(reply);
            return;
        }
        if (mine) {
            redirect(from, reply.leaderHint(), part, nowNs);
        }
        if (reply instanceof ClientMessage.ReadReply r) {
            Gateway.release(r.payload());
        }
    }

    private void onOpened(int from, ClientMessage.SessionOpened r, long nowNs) {
        GroupSession session = null;
        for (GroupSession s : sessions) {
            if (s.opening && s.nonce == r.nonce()) {
                session = s;
            }
        }
        if (session == null) {
            // Opened for a client that has gone meanwhile; a nonce out of range is another run's.
            boolean late = r.status() == ClientMessage.Status.OK
                    && r.nonce() >= firstNonce
                    && r.nonce() < nextNonce
                    && !byId.containsKey(r.session());
            if (late && !closing.contains(r.session())) {
                closing.add(r.session(), nowNs);
            }
            return;
        }
        switch (r.status()) {
            case OK -> {
                session.opening = false;
                session.id = r.session();
                byId.put(session.id, session);
                sendQueued(session, nowNs);
            }
            case NOT_LEADER -> {
                session.onOpenRefused();
                redirect(from, r.leaderHint(), null, nowNs);
            }
            case UNKNOWN_SESSION, INVALID, IO_ERROR -> {
                // Refused (too many sessions): the next mutation asks again.
                session.opening = false;
                session.failAll(true);
            }
        }
    }

    /** Only entries that were sent fail: one that was not cannot have been applied, and goes to the next session. */
    private void onSessionLost(GroupSession session, long nowNs) {
        sessionsLost++;
        byId.remove(session.id);
        session.failAll(false);
        session.restart();
        if (session.hasQueued()) {
            startOpening(session, nowNs);
        }
    }

    /** @param refused the part that was; null if it is none, or has been answered */
    private void redirect(int from, int hint, @Nullable Part refused, long nowNs) {
        if (from != leader) {
            return;
        }
        if (hint == from) {
            // It leads, and its queues are full: whatever it has taken must not come again on top.
            if (refused != null) {
                refused.onRefused();
            }
            return;
        }
        if (hint != 0) {
            leader = hint;
            redirectedNs = nowNs;
        }
        // Two nodes that name each other must not make this a storm.
        if (nowNs - resentNs >= config.redirectNs()) {
            resendAll(nowNs);
        } else {
            resendDue = true;
        }
    }

    // ---------------------------------------------------------------- time

    void tick(long nowNs) {
        if (config.requestTimeoutNs() > 0) {
            expire(nowNs);
        }
        if (leader == 0) {
            return;
        }
        keepAlive(nowNs);
        // A redirection to a dead node must not outlive what the local replica knows.
        if (localLeader != 0 && leader != localLeader && nowNs - redirectedNs >= config.retryNs()) {
            leader = localLeader;
            resendDue = true;
        }
        if (resendDue && nowNs - resentNs >= config.redirectNs()) {
            resendAll(nowNs);
            return;
        }
        for (GroupSession session : sessions) {
            if (session.isOpenDue(nowNs, config.retryNs())) {
                sendOpen(session, nowNs);
            }
            for (long seq = session.lowestOutstanding(); seq < session.nextSeq(); seq++) {
                Part part = session.at(seq);
                if (part != null && part.isRetryDue(nowNs, config.retryNs(), config.redirectNs())) {
                    resends++;
                    sendMutate(session, part, nowNs);
                }
            }
        }
        for (Part part : snapshot()) {
            if (part.isRetryDue(nowNs, config.retryNs(), config.redirectNs())) {
                resends++;
                sendAsk(part, nowNs);
            }
        }
        closing.tick(nowNs);
    }

    boolean isQuiet() {
        return !resendDue
                && asks.isEmpty()
                && closing.isEmpty()
                && sessions.stream().noneMatch(GroupSession::isWaiting);
    }

    /** The leader keeps a gateway's sessions while it hears of it, and ends those that the gateway does not name. */
    private void keepAlive(long nowNs) {
        if (nowNs - keptAliveNs >= config.keepAliveNs()) {
            keptAliveNs = nowNs;
            List<Long> nonces = new ArrayList<>();
            for (GroupSession session : sessions) {
                if (session.isOpenOrOpening()) {
                    nonces.add(session.nonce);
                }
            }
            boolean unused = send(new ClientMessage.KeepAlive(boot, nextNonce, nonces));
        }
    }

    private void expire(long nowNs) {
        for (GroupSession session : List.copyOf(sessions)) {
            for (long seq = session.lowestOutstanding(); seq < session.nextSeq(); seq++) {
                Part part = session.at(seq);
                if (part != null && isExpired(part, nowNs)) {
                    session.take(seq);
                    timeouts++;
                    part.complete(false, null);
                }
            }
            Part queued = session.peekQueued();
            while (queued != null && isExpired(queued, nowNs)) {
                session.takeQueued();
                timeouts++;
                queued.complete(false, null);
                queued = session.peekQueued();
            }
            sendQueued(session, nowNs);
        }
        for (Part part : snapshot()) {
            if (isExpired(part, nowNs)) {
                asks.remove(part.id);
                timeouts++;
                part.complete(false, null);
            }
        }
    }

    private boolean isExpired(Part part, long nowNs) {
        return nowNs - part.submittedNs >= config.requestTimeoutNs();
    }

    // ---------------------------------------------------------------- sending

    private void resendToNew(long nowNs) {
        for (GroupSession session : List.copyOf(sessions)) {
            session.onNewLeader();
            if (session.opening) {
                sendOpen(session, nowNs);
            }
        }
        resendAll(nowNs);
    }

    /** Everything unanswered, each session in the order of its seqs. */
    private void resendAll(long nowNs) {
        resendDue = false;
        resentNs = nowNs;
        closing.resendAll(nowNs);
        for (GroupSession session : List.copyOf(sessions)) {
            if (session.isOpenDue(nowNs, config.retryNs())) {
                sendOpen(session, nowNs);
            }
            for (long seq = session.lowestOutstanding(); seq < session.nextSeq(); seq++) {
                Part part = session.at(seq);
                if (part != null) {
                    resends++;
                    part.resetBackoff();
                    sendMutate(session, part, nowNs);
                }
            }
            sendQueued(session, nowNs);
        }
        for (Part part : snapshot()) {
            resends++;
            part.resetBackoff();
            sendAsk(part, nowNs);
        }
    }

    private List<Part> snapshot() {
        return asks.isEmpty() ? List.of() : new ArrayList<>(asks.values());
    }

    private void sendQueued(GroupSession session, long nowNs) {
        Part part = session.admit();
        while (part != null) {
            sendMutate(session, part, nowNs);
            part = session.admit();
        }
    }

    private void sendMutate(GroupSession session, Part part, long nowNs) {
        part.sentAt(nowNs);
        if (leader != 0) {
            sender.send(leader, part.mutate(session.id, session.lowestOutstanding()));
        }
    }

    private void sendAsk(Part part, long nowNs) {
        part.sentAt(nowNs);
        boolean unused = send(part.ask());
    }

    private void startOpening(GroupSession session, long nowNs) {
        session.startOpening(nextNonce++);
        sendOpen(session, nowNs);
    }

    private void sendOpen(GroupSession session, long nowNs) {
        session.onOpenSent(nowNs, config.redirectNs(), config.openRetryNsMax());
        boolean unused = send(new ClientMessage.OpenSession(boot, session.nonce));
    }

    /** @return false if no leader is known */
    private boolean send(ClientMessage m) {
        if (leader != 0) {
            sender.send(leader, m);
        }
        return leader != 0;
    }

    // ---------------------------------------------------------------- end

    /** Every client has gone. */
    void closeSessions(long nowNs) {
        List.copyOf(sessions).forEach(s -> close(s, nowNs));
    }

    /** Ends every request with an error, and those to come on the sessions of now. */
    void endSessions() {
        for (GroupSession session : List.copyOf(sessions)) {
            session.closed = true;
            session.failAll(true);
        }
        sessions.clear();
        byId.clear();
        for (Part part : snapshot()) {
            asks.remove(part.id);
            part.complete(false, null);
        }
    }

    int unanswered() {
        int n = asks.size();
        for (GroupSession session : sessions) {
            n += session.unanswered();
        }
        return n;
    }

    /** Open or being opened. */
    int sessions() {
        int n = 0;
        for (GroupSession session : sessions) {
            n += session.isOpenOrOpening() ? 1 : 0;
        }
        return n;
    }

    long resends() {
        return resends;
    }

    long timeouts() {
        return timeouts;
    }

    long sessionsLost() {
        return sessionsLost;
    }

    int leader() {
        return leader;
    }

    @Override
    public String toString() {
        return "gateway of node " + nodeId + ", leader " + leader + ", unanswered " + unanswered();
    }
}
