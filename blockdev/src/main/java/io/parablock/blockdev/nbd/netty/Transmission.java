package io.parablock.blockdev.nbd.netty;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.parablock.blockdev.nbd.Nbd;
import io.parablock.blockdev.nbd.NbdSession;
import io.parablock.blockdev.nbd.Negotiated;
import io.parablock.blockdev.nbd.ProtocolException;
import io.parablock.blockdev.nbd.RequestDecoder;
import io.parablock.blockdev.store.AllocationRun;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client's transmission phase (proto.md, "Transmission phase"). All state lives on the channel's event loop; answers from
 * other threads are handed over to it. Memory is bounded: a request is begun only when its bytes have room on this
 * connection and among all, and while the client takes its replies.
 */
final class Transmission implements RequestDecoder.Sink {
    /** What the connection does for its transmission. */
    interface Owner {
        /** A request that waited has begun: goes on with what was read behind it. */
        void goOn();

        /** Nothing is left to do after {@link #stop} or NBD_CMD_DISC. */
        void onIdle();

        /** The transmission has ended by itself, its replies may be incomplete: the connection is to be closed. */
        void onFailed(Throwable cause);
    }

    private static final Logger LOG = LoggerFactory.getLogger(Transmission.class);

    /** Named limit: ended requests kept for use again. */
    private static final int SPARE_MAX = 256;

    private final ChannelHandlerContext ctx;
    private final Owner owner;
    private final NbdSession session;
    private final RequestDecoder decoder;
    private final ReplyWriter replies;
    private final RequestBudget.Share share;
    private final ReadGate gate;
    private final TurnLimit turn;
    private final long inFlightBytesMax;
    private final StopReply stopReply;
    private final ClientCounts.Client counts;
    private final ArrayDeque<Request> spare = new ArrayDeque<>();

    private long receivedBytes;
    private long inFlightBytes;
    /** Of the request that was admitted and whose payload is still being received. */
    private long receivingBytes;
    /** Of the request that this connection's own bounds hold up, or 0. */
    private long heldUpBytes;
    /** A request waits for its turn among all connections. */
    private boolean waiting;

    /** When the header of the latest write was there. */
    private long writeSinceNs;

    private long outstanding;
    private boolean disconnecting;
    private boolean stopping;
    private boolean leaving;
    private boolean closed;

    Transmission(
            ChannelHandlerContext ctx,
            Owner owner,
            Negotiated negotiated,
            NbdSession session,
            NbdServerConfig config,
            AllClients all,
            ClientCounts.Client counts,
            ClientWatch watch,
            ReadGate gate) {
        this.ctx = ctx;
        this.owner = owner;
        this.session = session;
        this.decoder = new RequestDecoder(negotiated, ctx.alloc(), this);
        this.replies = new ReplyWriter(ctx, negotiated.mode(), watch, this::onWritten);
        this.share = all.budget().join(this::handOverTurn);
        this.counts = counts;
        this.gate = gate;
        this.turn = new TurnLimit(ctx.executor(), this::onNextTurn);
        this.inFlightBytesMax = config.inFlightBytesMax();
        this.stopReply = config.stopReply();
        watch.watchReceiving(this::received);
    }

    /** @throws ProtocolException if the connection must be closed */
    void feed(ByteBuf in) throws ProtocolException {
        if (!disconnecting) {
            int before = in.readableBytes();
            decoder.feed(in);
            receivedBytes += before - in.readableBytes();
        }
    }

    private long received() {
        return receivingBytes > 0 && gate.isWanted() ? receivedBytes : ClientWatch.NOT_RECEIVING;
    }

    void onRead() {
        replies.onRead();
    }

    void onReadComplete() {
        replies.onReadComplete();
    }

    // ---------------------------------------------------------------- requests

    private long cost(int type, int flags, long length) {
        boolean carries = type == Nbd.CMD_READ || type == Nbd.CMD_WRITE;
        return Math.max(carries ? length : session.costBytes(type, flags, length), NbdSession.REQUEST_COST_BYTES);
    }

    private boolean hasRoom(long cost) {
        return !turn.isReached()
                && ctx.channel().isWritable()
                && (inFlightBytes == 0 || inFlightBytes + cost <= inFlightBytesMax);
    }

    @Override
    public boolean admit(int type, int flags, long length) {
        long cost = cost(type, flags, length);
        if (type == Nbd.CMD_WRITE) {
            writeSinceNs = System.nanoTime();
        }
        if (!hasRoom(cost)) {
            heldUpBytes = cost;
            gate.want(false);
            return false;
        }
        return takeTurn(cost);
    }

    private boolean takeTurn(long cost) {
        if (!share.take(cost)) {
            waiting = true;
            gate.want(false);
            return false;
        }
        admitted(cost);
        return true;
    }

    private void onTurn(long cost) {
        waiting = false;
        if (closed || leaving) {
            return;
        }
        admitted(cost);
        try {
            resume();
        } catch (RuntimeException | OutOfMemoryError e) {
            fail(e);
        }
    }

    private void handOverTurn(long cost) {
        try {
            ctx.executor().execute(() -> onTurn(cost));
        } catch (RejectedExecutionException stopped) {
            share.leave();
        }
    }

    private void admitted(long cost) {
        inFlightBytes += cost;
        receivingBytes = cost;
        turn.begin(cost);
    }

    private void onNextTurn() {
        if (!closed) {
            admitMore();
        }
    }

    private void resume() {
        decoder.resume();
        owner.goOn();
        if (!closed) {
            updateAutoRead();
        }
    }

    @Override
    public void onRequest(int type, int flags, long cookie, long offset, long length, @Nullable ByteBuf payload) {
        outstanding++;
        counts.begun(type, length);
        if (type == Nbd.CMD_WRITE) {
            counts.received(System.nanoTime() - writeSinceNs);
        }
        long cost = receivingBytes;
        receivingBytes = 0;
        if (inFlightBytes >= inFlightBytesMax || isFinishing()) {
            gate.want(false);
        }
        Request spareOne = spare.poll();
        Request r = spareOne == null ? new Request() : spareOne;
        long begun = r.begin(type, flags, cookie, offset, cost);
        try {
            call(type, flags, offset, length, payload, r);
        } catch (RuntimeException | OutOfMemoryError e) {
            LOG.error("NBD request {} at {} failed: {}", type, offset, e.toString());
            r.abandon(begun);
        }
    }

    private void call(int type, int flags, long offset, long length, @Nullable ByteBuf payload, Request r) {
        boolean fua = (flags & Nbd.CMD_FLAG_FUA) != 0;
        switch (type) {
            case Nbd.CMD_READ -> session.read(offset, (int) length, r);
            case Nbd.CMD_WRITE -> {
                if (payload == null) {
                    throw new IllegalStateException("write without payload");
                }
                session.write(offset, payload, fua, r);
            }
            case Nbd.CMD_TRIM -> session.trim(offset, length, fua, r);
            case Nbd.CMD_WRITE_ZEROES -> session.zero(offset, length, (flags & Nbd.CMD_FLAG_NO_HOLE) != 0, fua, r);
            case Nbd.CMD_CACHE -> session.prefetch(offset, length, r);
            case Nbd.CMD_BLOCK_STATUS -> session.blockStatus(offset, length, (flags & Nbd.CMD_FLAG_REQ_ONE) != 0, r);
            default -> session.flush(r);
        }
    }

    @Override
    public void onRefused(int type, long cookie, long offset, int nbdError) {
        counts.refused(type);
        replies.end(type, cookie, offset, nbdError);
    }

    /** proto.md, "NBD_CMD_DISC": everything outstanding is answered, then the connection is closed. */
    @Override
    public void onDisconnect() {
        disconnecting = true;
        endIfIdle();
    }

    /** A request in work; used again after its end, so that requests leave no garbage. */
    private final class Request
            implements NbdSession.Completion, NbdSession.ReadCompletion, NbdSession.StatusCompletion, Runnable {
        private int type;
        private int flags;
        private long cookie;
        private long offset;
        private long cost;
        private final AtomicBoolean inWork = new AtomicBoolean();
        /** How often this object has been begun. */
        private long uses;
        /** The session failed in the middle of it and may still answer: never used again. */
        private boolean abandoned;

        private int error;
        private @Nullable ByteBuf content;
        private @Nullable List<AllocationRun> runs;

        /** @return which use this is */
        long begin(int requestType, int requestFlags, long requestCookie, long requestOffset, long requestCost) {
            type = requestType;
            flags = requestFlags;
            cookie = requestCookie;
            offset = requestOffset;
            cost = requestCost;
            inWork.set(true);
            return ++uses;
        }

        /** Ends this use, if it has not ended, with an error. On the event loop. */
        void abandon(long use) {
            if (uses == use && inWork.get()) {
                abandoned = true;
                answer(Nbd.EIO, null, null);
            }
        }

        @Override
        public void complete(int nbdError) {
            answer(nbdError, null, null);
        }

        @Override
        public void complete(int nbdError, @Nullable ByteBuf found) {
            answer(nbdError, found, null);
        }

        @Override
        public void complete(int nbdError, @Nullable List<AllocationRun> found) {
            answer(nbdError, null, found);
        }

        private void answer(int nbdError, @Nullable ByteBuf bytes, @Nullable List<AllocationRun> found) {
            if (!inWork.compareAndSet(true, false)) {
                if (bytes != null) {
                    bytes.release();
                }
                if (!abandoned) {
                    throw new IllegalStateException("answered twice");
                }
                return;
            }
            error = nbdError;
            content = bytes;
            runs = found;
            if (ctx.executor().inEventLoop()) {
                run();
            } else {
                try {
                    ctx.executor().execute(this);
                } catch (RejectedExecutionException stopped) {
                    release();
                }
            }
        }

        /** With an inline pipeline called from within a group's loop, which nothing of a client's may end. */
        @Override
        public void run() {
            try {
                onAnswer(this);
            } catch (RuntimeException | OutOfMemoryError e) {
                fail(e);
            }
        }

        /** The whole reply; the content's reference goes with it. */
        private void reply() {
            ByteBuf found = content;
            List<AllocationRun> status = runs;
            if (error == 0 && found != null) {
                content = null;
                replies.content(flags, cookie, offset, found);
            } else if (error == 0 && status != null && !status.isEmpty()) {
                replies.status(cookie, offset, status);
            } else {
                replies.end(type, cookie, offset, error);
            }
        }

        private void release() {
            ByteBuf found = content;
            if (found != null) {
                content = null;
                found.release();
            }
            runs = null;
        }
    }

    private void onAnswer(Request r) {
        outstanding--;
        counts.ended(r.type, r.error);
        if (!closed) {
            inFlightBytes -= r.cost;
            if (r.content == null) {
                share.giveBack(r.cost);
                r.reply();
            } else {
                // A read counts among all connections until its reply is written.
                r.reply();
                replies.count(r.cost);
            }
        }
        r.release();
        if (spare.size() < SPARE_MAX && !r.abandoned) {
            spare.add(r);
        }
        if (!closed) {
            admitHeldUp();
            updateAutoRead();
            endIfIdle();
        }
    }

    private void onWritten(long bytes) {
        if (!closed) {
            share.giveBack(bytes);
        }
    }

    // ---------------------------------------------------------------- flow

    private void admitHeldUp() {
        long cost = heldUpBytes;
        if (cost > 0 && hasRoom(cost)) {
            heldUpBytes = 0;
            if (takeTurn(cost)) {
                resume();
            }
        }
    }

    /** Nothing is read from a client that has too much in flight, or does not take its replies. */
    private void updateAutoRead() {
        boolean held = heldUpBytes > 0 || waiting;
        Channel channel = ctx.channel();
        // A payload that was admitted is received to its end: its bytes are already counted.
        boolean room =
                receivingBytes > 0 || (!isFinishing() && inFlightBytes < inFlightBytesMax && channel.isWritable());
        gate.want(!held && room);
    }

    /** What held requests up may be over. */
    void admitMore() {
        try {
            admitHeldUp();
            if (!closed) {
                updateAutoRead();
            }
        } catch (RuntimeException | OutOfMemoryError e) {
            fail(e);
        }
    }

    // ---------------------------------------------------------------- end

    /** The server stops: further requests are refused, or not read (proto.md, "Terminating the transmission phase"). */
    void stop() {
        stopping = true;
        if (stopReply == StopReply.CLOSE) {
            decoder.finish();
            updateAutoRead();
        } else {
            decoder.stop();
        }
        endIfIdle();
    }

    /**
     * The client has gone, or is to go: what has not begun never does, and what is outstanding counts no more. Others may come
     * in its place before {@link #close}.
     */
    void leave() {
        leaving = true;
        heldUpBytes = 0;
        receivingBytes = 0;
        share.leave();
        decoder.close();
    }

    /** Nothing is begun any more but what was being received when the server began to stop. */
    private boolean isFinishing() {
        return stopping && stopReply == StopReply.CLOSE;
    }

    private void endIfIdle() {
        if (outstanding == 0 && (disconnecting || (stopping && !decoder.isReceiving()))) {
            replies.flush();
            owner.onIdle();
        }
    }

    boolean isDisconnecting() {
        return disconnecting;
    }

    void flush() {
        replies.flush();
    }

    private void fail(Throwable cause) {
        if (!closed) {
            close();
            owner.onFailed(cause);
        }
    }

    /** Idempotent. What is outstanding counts no more: the session ends it. */
    void close() {
        if (closed) {
            return;
        }
        closed = true;
        counts.close();
        share.leave();
        inFlightBytes = 0;
        receivingBytes = 0;
        decoder.close();
        replies.close();
        session.detach();
    }
}
