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
import org.jspecify.annotations.Nullable;

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
    }

    /** A request without payload counts as this much, so that a flood of them is bounded too. */
    private static final long REQUEST_COST_BYTES = 512;
    /** Named limit: ended requests kept for use again. */
    private static final int SPARE_MAX = 256;

    private final ChannelHandlerContext ctx;
    private final Owner owner;
    private final NbdSession session;
    private final RequestDecoder decoder;
    private final ReplyWriter replies;
    private final RequestBudget budget;
    private final long inFlightBytesMax;
    private final ArrayDeque<Request> spare = new ArrayDeque<>();

    private long receivedBytes;
    private long inFlightBytes;
    /** Of the request that was admitted and whose payload is still being received. */
    private long receivingBytes;
    /** Of the request that this connection's own bounds hold up, or 0. */
    private long heldUpBytes;
    /** The request that waits for its turn among all connections. */
    private RequestBudget.@Nullable Waiter waiter;

    private long outstanding;
    private boolean disconnecting;
    private boolean stopping;
    private boolean closed;

    Transmission(
            ChannelHandlerContext ctx,
            Owner owner,
            Negotiated negotiated,
            NbdSession session,
            NbdServerConfig config,
            RequestBudget budget,
            ClientWatch watch) {
        this.ctx = ctx;
        this.owner = owner;
        this.session = session;
        this.decoder = new RequestDecoder(negotiated, ctx.alloc(), this);
        this.replies = new ReplyWriter(ctx, negotiated.mode(), watch);
        this.budget = budget;
        this.inFlightBytesMax = config.inFlightBytesMax();
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
        boolean reads = receivingBytes > 0 && ctx.channel().config().isAutoRead();
        return reads ? receivedBytes : ClientWatch.NOT_RECEIVING;
    }

    void onRead() {
        replies.onRead();
    }

    void onReadComplete() {
        replies.onReadComplete();
    }

    // ---------------------------------------------------------------- requests

    private static long cost(int type, long length) {
        boolean carries = type == Nbd.CMD_READ || type == Nbd.CMD_WRITE;
        return carries ? Math.max(length, REQUEST_COST_BYTES) : REQUEST_COST_BYTES;
    }

    private boolean hasRoom(long cost) {
        return ctx.channel().isWritable() && (inFlightBytes == 0 || inFlightBytes + cost <= inFlightBytesMax);
    }

    @Override
    public boolean admit(int type, long length) {
        long cost = cost(type, length);
        if (!hasRoom(cost)) {
            heldUpBytes = cost;
            ctx.channel().config().setAutoRead(false);
            return false;
        }
        return takeTurn(cost);
    }

    private boolean takeTurn(long cost) {
        if (!budget.takeNow(cost)) {
            RequestBudget.Waiter w =
                    new RequestBudget.Waiter(cost, () -> ctx.executor().execute(() -> onTurn(cost)));
            if (!budget.take(w)) {
                waiter = w;
                ctx.channel().config().setAutoRead(false);
                return false;
            }
        }
        admitted(cost);
        return true;
    }

    private void onTurn(long cost) {
        waiter = null;
        if (closed) {
            budget.giveBack(cost);
            return;
        }
        admitted(cost);
        resume();
    }

    private void admitted(long cost) {
        inFlightBytes += cost;
        receivingBytes = cost;
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
        receivingBytes = 0;
        if (inFlightBytes >= inFlightBytesMax) {
            ctx.channel().config().setAutoRead(false);
        }
        Request spareOne = spare.poll();
        Request r = spareOne == null ? new Request() : spareOne;
        r.begin(type, flags, cookie, offset, cost(type, length));
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
        private boolean inWork;
        private int error;
        private @Nullable ByteBuf content;
        private @Nullable List<AllocationRun> runs;

        void begin(int requestType, int requestFlags, long requestCookie, long requestOffset, long requestCost) {
            type = requestType;
            flags = requestFlags;
            cookie = requestCookie;
            offset = requestOffset;
            cost = requestCost;
            inWork = true;
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
            if (!inWork) {
                throw new IllegalStateException("answered twice");
            }
            inWork = false;
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

        @Override
        public void run() {
            onAnswer(this);
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
        inFlightBytes -= r.cost;
        budget.giveBack(r.cost);
        if (!closed) {
            r.reply();
        }
        r.release();
        if (spare.size() < SPARE_MAX) {
            spare.add(r);
        }
        if (!closed) {
            admitHeldUp();
            updateAutoRead();
            endIfIdle();
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
        boolean held = heldUpBytes > 0 || waiter != null;
        // A payload that was admitted is received to its end: its bytes are already counted.
        boolean room = receivingBytes > 0 || inFlightBytes < inFlightBytesMax;
        Channel channel = ctx.channel();
        boolean wanted = !held && room && channel.isWritable();
        if (channel.config().isAutoRead() != wanted) {
            channel.config().setAutoRead(wanted);
        }
    }

    void onWritabilityChanged() {
        admitHeldUp();
        if (!closed) {
            updateAutoRead();
        }
    }

    // ---------------------------------------------------------------- end

    /** The server stops: further requests are refused (proto.md, "Terminating the transmission phase"). */
    void stop() {
        stopping = true;
        decoder.stop();
        endIfIdle();
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

    void close() {
        closed = true;
        RequestBudget.Waiter w = waiter;
        if (w != null) {
            budget.forget(w);
        }
        budget.giveBack(receivingBytes);
        inFlightBytes -= receivingBytes;
        receivingBytes = 0;
        decoder.close();
        replies.close();
        session.detach();
    }
}
