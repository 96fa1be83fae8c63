package io.parablock.blockdev.nbd.netty;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.concurrent.Future;
import io.parablock.blockdev.nbd.Handshake;
import io.parablock.blockdev.nbd.NbdBackend;
import io.parablock.blockdev.nbd.NbdSession;
import io.parablock.blockdev.nbd.Negotiated;
import io.parablock.blockdev.nbd.ProtocolException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/** One client: its handshake, then its {@link Transmission}. All state lives on the channel's event loop. */
final class NbdConnection extends ChannelInboundHandlerAdapter implements Transmission.Owner {
    private static final Logger LOG = LoggerFactory.getLogger(NbdConnection.class);
    /** Named limit: so long a client that has been told the end of the stream may take to close its side. */
    private static final long LINGER_MS = 1_000;

    private final NbdBackend backend;
    private final NbdServerConfig config;
    private final AllClients all;
    private final Handshake handshake;
    private final CompletableFuture<@Nullable Void> stopped = new CompletableFuture<>();
    /** Read and not yet consumed: an incomplete header or option, or what is behind a request that waits. Small. */
    private @Nullable ByteBuf leftover;

    private @Nullable Transmission transmission;
    /** What the client has chosen; read on any thread. */
    private volatile @Nullable String export;

    private @Nullable ClientWatch watch;
    private @Nullable ReadGate gate;
    /** Set on the event loop; {@link #stop} asks for it on any thread. */
    private volatile @Nullable ChannelHandlerContext ctx;

    private @Nullable Future<?> deadline;
    private boolean inRead;
    /** Only replies leave any more, then the connection is closed. */
    private boolean ending;
    /** It is closed in its turn. */
    private boolean leaving;

    /** A client that was in the middle of its last option then still begins, and nothing of what it asks is done. */
    private boolean stopping;

    private boolean closed;

    NbdConnection(NbdBackend backend, NbdServerConfig config, AllClients all) {
        this.backend = backend;
        this.config = config;
        this.all = all;
        this.handshake = new Handshake(backend.exports());
    }

    private ChannelHandlerContext ctx() {
        return active(ctx);
    }

    private static <T> T active(@Nullable T sinceActive) {
        if (sinceActive == null) {
            throw new IllegalStateException("not active");
        }
        return sinceActive;
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        ctx = context;
        ByteBuf out = context.alloc().buffer(32);
        Handshake.greeting(out);
        watch = new ClientWatch(context.channel(), all, config.stallMs(), this::refuse);
        gate = new ReadGate(context.channel());
        send(context, out);
        deadline = context.executor().schedule(this::onDeadline, config.handshakeTimeoutMs(), TimeUnit.MILLISECONDS);
    }

    private void onDeadline() {
        if (handshake.state() != Handshake.State.DONE) {
            refuse("handshake not finished in " + config.handshakeTimeoutMs() + " ms");
        }
    }

    // ---------------------------------------------------------------- input

    @Override
    public void channelRead(ChannelHandlerContext context, Object msg) {
        ByteBuf in = (ByteBuf) msg;
        active(gate).onRead(in.readableBytes());
        ByteBuf unread = in;
        ByteBuf before = leftover;
        if (before != null) {
            // Appended, so that a client that sends byte by byte costs a copy of each byte and not of all before it.
            leftover = null;
            unread = before.discardSomeReadBytes().writeBytes(in);
            in.release();
        }
        inRead = true;
        Transmission t = transmission;
        if (t != null) {
            t.onRead();
        }
        consume(unread, before == null);
    }

    @Override
    public void goOn() {
        ByteBuf rest = leftover;
        if (rest != null) {
            leftover = null;
            consume(rest, false);
        }
    }

    /** @param received the channel's own buffer, large for the little that may be left of it */
    private void consume(ByteBuf in, boolean received) {
        boolean kept = false;
        try {
            feed(in);
            if (in.isReadable() && isOpen()) {
                leftover = received ? ctx().alloc().buffer(in.readableBytes()).writeBytes(in) : in;
                kept = !received;
            }
        } finally {
            if (!kept) {
                in.release();
            }
        }
    }

    private boolean isOpen() {
        Transmission t = transmission;
        return !closed && !ending && (t == null || !t.isDisconnecting());
    }

    private void feed(ByteBuf in) {
        try {
            if (transmission == null && isOpen()) {
                negotiate(in);
            }
            Transmission t = transmission;
            if (t != null && isOpen()) {
                t.feed(in);
            }
        } catch (ProtocolException e) {
            refuse(e.getMessage());
        }
    }

    private void negotiate(ByteBuf in) throws ProtocolException {
        ChannelHandlerContext c = ctx();
        boolean more = true;
        while (more && c.channel().isWritable()) {
            ByteBuf out = c.alloc().buffer(256);
            try {
                more = handshake.feed(in, out);
            } finally {
                send(c, out);
            }
        }
        if (handshake.state() == Handshake.State.ABORTED) {
            closeAfterReplies();
        } else if (handshake.state() == Handshake.State.DONE) {
            begin(c);
        } else if (more) {
            // The client does not take its replies.
            active(gate).want(false);
        }
    }

    private void send(ChannelHandlerContext c, ByteBuf out) {
        ClientWatch w = watch;
        if (w != null && out.isReadable()) {
            w.onWrite();
            c.writeAndFlush(out, c.voidPromise());
        } else {
            out.release();
        }
    }

    private void begin(ChannelHandlerContext c) {
        Future<?> f = deadline;
        if (f != null) {
            f.cancel(false);
        }
        Negotiated n = handshake.negotiated();
        String address = c.channel().remoteAddress() instanceof InetSocketAddress tcp
                ? tcp.getAddress().getHostAddress() + ":" + tcp.getPort()
                : "";
        String name = n.export().name();
        export = name;
        NbdSession session;
        try {
            session = backend.attach(n.export());
        } catch (IllegalArgumentException | RejectedExecutionException gone) {
            refuse("export " + name + " was deleted meanwhile");
            return;
        }
        ClientCounts.Client counts = all.counts().attach(address, name);
        Transmission t = new Transmission(c, this, n, session, config, all, counts, active(watch), active(gate));
        transmission = t;
        if (inRead) {
            t.onRead();
        }
        if (stopping) {
            t.stop();
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        inRead = false;
        Transmission t = transmission;
        if (t != null) {
            t.onReadComplete();
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        // Not from within a write: what waits may call for more of them.
        context.executor().execute(this::onWritability);
    }

    private void onWritability() {
        Transmission t = transmission;
        if (closed || ending) {
            return;
        }
        if (t != null) {
            t.admitMore();
        } else if (ctx().channel().isWritable()) {
            active(gate).want(true);
            try {
                goOn();
            } catch (RuntimeException | OutOfMemoryError e) {
                onFailed(e);
            }
        }
    }

    // ---------------------------------------------------------------- end

    /** The export that the client is attached to; null before. From any thread. */
    @Nullable
    String export() {
        return export;
    }

    /**
     * From any thread; completes when nothing is outstanding, with {@link StopReply#CLOSE} when the client has closed too. A
     * client in its handshake is not waited for.
     */
    CompletableFuture<@Nullable Void> stop() {
        ChannelHandlerContext c = ctx;
        if (c == null || !c.channel().isActive()) {
            stopped.complete(null);
        } else {
            c.executor().execute(() -> {
                handshake.stop();
                stopping = true;
                Transmission t = transmission;
                if (t == null || closed) {
                    stopped.complete(null);
                } else {
                    t.stop();
                }
            });
        }
        return stopped;
    }

    @Override
    public void onIdle() {
        Transmission t = transmission;
        boolean disconnecting = t != null && t.isDisconnecting();
        if (stopping && config.stopReply() == StopReply.CLOSE && !disconnecting) {
            endStreamAfterReplies();
            return;
        }
        // Behind the last reply.
        ctx().writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(written -> stopped.complete(null));
        if (disconnecting) {
            closeAfterReplies();
        }
    }

    /**
     * A close with requests unread would be a reset, which may overtake replies: the client is told the end, and what it still
     * sends is thrown away until it closes.
     */
    private void endStreamAfterReplies() {
        if (ending) {
            return;
        }
        ending = true;
        ChannelHandlerContext c = ctx();
        c.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(written -> {
            if (c.channel() instanceof DuplexChannel duplex) {
                ChannelFuture unused = duplex.shutdownOutput();
            }
            active(gate).want(true);
            deadline = c.executor().schedule(() -> leave(c), LINGER_MS, TimeUnit.MILLISECONDS);
        });
    }

    @Override
    public void onFailed(Throwable cause) {
        LOG.error("NBD connection {} failed: {}", ctx().channel().remoteAddress(), cause.toString());
        leave(ctx());
    }

    private void refuse(@Nullable String why) {
        if (!closed && !leaving) {
            log(Level.WARN, "closing NBD client {}: {}", why);
            Transmission t = transmission;
            if (t != null) {
                t.flush();
            }
            leave(ctx());
        }
    }

    private void log(Level level, String format, @Nullable String why) {
        SocketAddress client = ctx().channel().remoteAddress();
        all.log().line(level, format, client, String.valueOf(why));
    }

    private void closeAfterReplies() {
        if (!ending) {
            ending = true;
            ChannelHandlerContext c = ctx();
            c.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(written -> leave(c));
        }
    }

    /** A client that sends no more is gone (proto.md, "Terminating the transmission phase"), even if it might still read. */
    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event == ChannelInputShutdownEvent.INSTANCE) {
            leave(context);
        }
        context.fireUserEventTriggered(event);
    }

    /** Nothing is read or begun any more, and the connection is closed when {@link LeavingClients} comes to it; idempotent. */
    private void leave(ChannelHandlerContext context) {
        ending = true;
        if (closed || leaving) {
            return;
        }
        leaving = true;
        ReadGate g = gate;
        if (g != null) {
            g.close();
        }
        Transmission t = transmission;
        if (t != null) {
            t.leave();
        }
        all.ends(context.executor()).end(context.channel());
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        closed = true;
        Future<?> f = deadline;
        if (f != null) {
            f.cancel(false);
        }
        ByteBuf rest = leftover;
        if (rest != null) {
            leftover = null;
            rest.release();
        }
        ClientWatch w = watch;
        if (w != null) {
            w.close();
        }
        Transmission t = transmission;
        if (t != null) {
            t.close();
        }
        stopped.complete(null);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (cause instanceof IOException) {
            if (!leaving) {
                log(Level.INFO, "NBD client {} is gone: {}", cause.getMessage());
            }
        } else {
            LOG.error("NBD connection {} failed: {}", context.channel().remoteAddress(), cause.toString());
        }
        Transmission t = transmission;
        if (t != null) {
            // Before the channel writes what it still has: it may be the first part of a reply.
            t.close();
        }
        leave(context);
    }
}
