package io.parablock.blockdev.nbd.netty;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.parablock.blockdev.nbd.Handshake;
import io.parablock.blockdev.nbd.Nbd;
import io.parablock.blockdev.nbd.NbdBackend;
import io.parablock.blockdev.nbd.NbdSession;
import io.parablock.blockdev.nbd.ProtocolException;
import io.parablock.blockdev.nbd.RequestDecoder;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One client. All state lives on the channel's event loop; completions from other threads are handed over to it. */
final class NbdConnection extends ChannelInboundHandlerAdapter implements RequestDecoder.Sink {
    private static final Logger LOG = LoggerFactory.getLogger(NbdConnection.class);
    private static final int REPLY_BYTES = 16;
    /** A request without payload counts as this much, so that a flood of them is bounded too. */
    private static final long REQUEST_COST_BYTES = 512;

    private final NbdBackend backend;
    private final NbdServerConfig config;
    private final RequestBudget budget;
    private final Handshake handshake;
    private @Nullable ByteBuf leftover;
    private @Nullable RequestDecoder decoder;
    private @Nullable NbdSession session;
    private @Nullable ChannelHandlerContext ctx;
    private io.netty.util.concurrent.@Nullable Future<?> deadline;
    private long inFlightBytes;
    /** Of the request that was admitted and whose payload is still being received. */
    private long receivingBytes;
    /** Of the request that this connection's own bound holds up, or 0. */
    private long heldUpBytes;
    /** The request that waits for its turn among all connections. */
    private RequestBudget.@Nullable Waiter waiter;

    private long outstanding;
    private boolean disconnecting;
    private boolean closed;
    private boolean reading;
    private boolean flushWanted;
    private boolean flushScheduled;

    NbdConnection(NbdBackend backend, NbdServerConfig config, RequestBudget budget) {
        this.backend = backend;
        this.budget = budget;
        this.config = config;
        this.handshake = new Handshake(backend.exports());
    }

    private ChannelHandlerContext ctx() {
        ChannelHandlerContext c = ctx;
        if (c == null) {
            throw new IllegalStateException("not active");
        }
        return c;
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        ctx = context;
        ByteBuf out = context.alloc().buffer(32);
        Handshake.greeting(out);
        context.writeAndFlush(out);
        deadline = context.executor()
                .schedule(
                        () -> {
                            if (handshake.state() != Handshake.State.DONE) {
                                refuse("handshake not finished in " + config.handshakeTimeoutMs() + " ms");
                            }
                        },
                        config.handshakeTimeoutMs(),
                        TimeUnit.MILLISECONDS);
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object msg) {
        ByteBuf in = (ByteBuf) msg;
        reading = true;
        ByteBuf all = in;
        try {
            ByteBuf before = leftover;
            if (before != null) {
                // An incomplete header or option, or, behind a request that waits, what was read with it: small.
                leftover = null;
                all = Unpooled.wrappedBuffer(before, in);
            }
            if (!closed && !disconnecting) {
                feed(context, all);
            }
            if (all.isReadable() && !closed && !disconnecting) {
                leftover = context.alloc().buffer(all.readableBytes()).writeBytes(all);
            }
        } catch (ProtocolException e) {
            refuse(e.getMessage());
        } finally {
            all.release();
        }
    }

    private void feed(ChannelHandlerContext context, ByteBuf in) throws ProtocolException {
        RequestDecoder d = decoder;
        if (d == null) {
            ByteBuf out = context.alloc().buffer(256);
            try {
                handshake.feed(in, out);
            } finally {
                context.writeAndFlush(out);
            }
            if (handshake.state() == Handshake.State.ABORTED) {
                close();
                return;
            }
            if (handshake.state() != Handshake.State.DONE) {
                return;
            }
            session = backend.attach(handshake.chosen());
            d = new RequestDecoder(handshake.chosen(), context.alloc(), this);
            decoder = d;
            io.netty.util.concurrent.Future<?> f = deadline;
            if (f != null) {
                f.cancel(false);
            }
        }
        d.feed(in);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        reading = false;
        if (flushWanted) {
            flushWanted = false;
            context.flush();
        }
    }

    // ---------------------------------------------------------------- requests

    private static long cost(int type, long length) {
        boolean carries = type == Nbd.CMD_READ || type == Nbd.CMD_WRITE;
        return carries ? Math.max(length, REQUEST_COST_BYTES) : REQUEST_COST_BYTES;
    }

    @Override
    public boolean admit(int type, long length) {
        long cost = cost(type, length);
        if (inFlightBytes > 0 && inFlightBytes + cost > config.inFlightBytesMax()) {
            heldUpBytes = cost;
            ctx().channel().config().setAutoRead(false);
            return false;
        }
        return takeTurn(cost);
    }

    private boolean takeTurn(long cost) {
        ChannelHandlerContext c = ctx();
        RequestBudget.Waiter w =
                new RequestBudget.Waiter(cost, () -> c.executor().execute(() -> onTurn(cost)));
        if (!budget.take(w)) {
            waiter = w;
            c.channel().config().setAutoRead(false);
            return false;
        }
        inFlightBytes += cost;
        receivingBytes = cost;
        return true;
    }

    private void onTurn(long cost) {
        waiter = null;
        if (closed) {
            budget.giveBack(cost);
            return;
        }
        inFlightBytes += cost;
        receivingBytes = cost;
        resume();
    }

    /** The request that waited is admitted now: begins it and goes on with what was read behind it. */
    private void resume() {
        RequestDecoder d = decoder;
        if (d == null) {
            throw new IllegalStateException("no request has waited");
        }
        d.resume();
        ByteBuf rest = leftover;
        if (rest != null) {
            leftover = null;
            try {
                d.feed(rest);
                if (rest.isReadable() && !closed && !disconnecting) {
                    leftover = rest.retain();
                }
            } catch (ProtocolException e) {
                refuse(e.getMessage());
            } finally {
                rest.release();
            }
        }
        if (!closed) {
            updateAutoRead();
        }
    }

    @Override
    public void onRequest(int type, int flags, long cookie, long offset, long length, @Nullable ByteBuf payload) {
        NbdSession s = session;
        if (s == null) {
            throw new IllegalStateException("no session");
        }
        long cost = cost(type, length);
        outstanding++;
        receivingBytes = 0;
        if (inFlightBytes >= config.inFlightBytesMax()) {
            ctx().channel().config().setAutoRead(false);
        }
        boolean fua = (flags & Nbd.CMD_FLAG_FUA) != 0;
        switch (type) {
            case Nbd.CMD_READ -> s.read(offset, (int) length, (e, b) -> complete(cookie, cost, e, b));
            case Nbd.CMD_WRITE -> {
                if (payload == null) {
                    throw new IllegalStateException("write without payload");
                }
                s.write(offset, payload, fua, e -> complete(cookie, cost, e, null));
            }
            case Nbd.CMD_TRIM -> s.trim(offset, length, fua, e -> complete(cookie, cost, e, null));
            case Nbd.CMD_WRITE_ZEROES ->
                s.zero(offset, length, (flags & Nbd.CMD_FLAG_NO_HOLE) != 0, fua, e -> complete(cookie, cost, e, null));
            default -> s.flush(e -> complete(cookie, cost, e, null));
        }
    }

    @Override
    public void onRefused(long cookie, int nbdError) {
        write(cookie, nbdError, null);
    }

    /** proto.md, "NBD_CMD_DISC": everything outstanding is answered, then the connection is closed. */
    @Override
    public void onDisconnect() {
        disconnecting = true;
        if (outstanding == 0) {
            close();
        }
    }

    private void complete(long cookie, long cost, int error, @Nullable ByteBuf content) {
        ChannelHandlerContext c = ctx();
        if (c.executor().inEventLoop()) {
            completeInLoop(cookie, cost, error, content);
        } else {
            c.executor().execute(() -> completeInLoop(cookie, cost, error, content));
        }
    }

    private void completeInLoop(long cookie, long cost, int error, @Nullable ByteBuf content) {
        outstanding--;
        inFlightBytes -= cost;
        budget.giveBack(cost);
        if (closed) {
            if (content != null) {
                content.release();
            }
            return;
        }
        write(cookie, error, content);
        long heldUp = heldUpBytes;
        if (heldUp > 0 && (inFlightBytes == 0 || inFlightBytes + heldUp <= config.inFlightBytesMax())) {
            heldUpBytes = 0;
            if (takeTurn(heldUp)) {
                resume();
            }
        }
        updateAutoRead();
        if (disconnecting && outstanding == 0) {
            close();
        }
    }

    /** Nothing is read from a client that has too much in flight, or does not take its replies. */
    private void updateAutoRead() {
        ChannelHandlerContext c = ctx();
        boolean held = heldUpBytes > 0 || waiter != null;
        // A payload that was admitted is received to its end: its bytes are already counted.
        boolean room = receivingBytes > 0 || inFlightBytes < config.inFlightBytesMax();
        boolean wanted = !held && room && c.channel().isWritable();
        if (c.channel().config().isAutoRead() != wanted) {
            c.channel().config().setAutoRead(wanted);
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        if (!closed) {
            updateAutoRead();
        }
    }

    /** proto.md, "Simple reply message". */
    private void write(long cookie, int error, @Nullable ByteBuf content) {
        ChannelHandlerContext c = ctx();
        ByteBuf head = c.alloc().directBuffer(REPLY_BYTES, REPLY_BYTES);
        head.writeInt(Nbd.SIMPLE_REPLY_MAGIC).writeInt(error).writeLong(cookie);
        c.write(head, c.voidPromise());
        if (content != null) {
            if (error == 0) {
                c.write(content, c.voidPromise());
            } else {
                content.release();
            }
        }
        if (reading) {
            flushWanted = true;
        } else if (!flushScheduled) {
            // Replies that become ready in one turn of the loop leave together.
            flushScheduled = true;
            c.executor().execute(() -> {
                flushScheduled = false;
                c.flush();
            });
        }
    }

    // ---------------------------------------------------------------- end

    private void refuse(@Nullable String why) {
        if (!closed) {
            LOG.warn("closing NBD client {}: {}", ctx().channel().remoteAddress(), why);
            close();
        }
    }

    private void close() {
        ctx().flush();
        ctx().close();
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        closed = true;
        RequestBudget.Waiter w = waiter;
        if (w != null) {
            budget.forget(w);
        }
        budget.giveBack(receivingBytes);
        inFlightBytes -= receivingBytes;
        receivingBytes = 0;
        io.netty.util.concurrent.Future<?> f = deadline;
        if (f != null) {
            f.cancel(false);
        }
        ByteBuf rest = leftover;
        if (rest != null) {
            leftover = null;
            rest.release();
        }
        RequestDecoder d = decoder;
        if (d != null) {
            d.close();
        }
        NbdSession s = session;
        if (s != null) {
            s.detach();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (cause instanceof IOException) {
            LOG.info("NBD client {} is gone: {}", context.channel().remoteAddress(), cause.getMessage());
        } else {
            LOG.error("NBD connection {} failed: {}", context.channel().remoteAddress(), cause.toString());
        }
        context.close();
    }
}
