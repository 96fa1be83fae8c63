package io.parablock.transport;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.util.concurrent.ScheduledFuture;
import io.parablock.blockdev.nbd.netty.TransportKind;
import io.parablock.transport.impair.ImpairedLane;
import io.parablock.transport.impair.ImpairedLink;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** One dialled connection to a peer: keeps itself up, with back-off. */
final class Lane {
    private static final int CONNECT_TIMEOUT_MS = 2_000;
    /** Lane number of the control connection. */
    static final int CONTROL = -1;

    private final PeerTransportConfig config;
    private final int peer;
    private final int number;
    private final EventLoop loop;
    private final TransportKind kind;
    private final Dialler dialler;
    private final long keepAliveMs;
    private final FrameQueue queue;
    /** FAULT INJECTION: null unless this lane is bad on purpose. */
    private final @Nullable ImpairedLink impaired;

    private final long bufferBytes;
    private volatile @Nullable Channel channel;
    /** The connection that is up or being made. */
    private volatile @Nullable Channel dialled;

    private volatile boolean closed;
    /** Of the event loop. */
    private long backoffMs;
    /** Of the event loop: the next attempt, if one waits. */
    private @Nullable ScheduledFuture<?> waiting;

    private String lastComplaint = "";
    private final AtomicLong reconnects = new AtomicLong();

    /** @param keepAliveMs between two signs of life on this lane, see {@link SignsOfLife}; 0 for none */
    Lane(
            PeerTransportConfig config,
            int peer,
            int number,
            EventLoop loop,
            TransportKind kind,
            Dialler dialler,
            long keepAliveMs) {
        this.config = config;
        this.peer = peer;
        this.number = number;
        this.loop = loop;
        this.kind = kind;
        this.dialler = dialler;
        this.keepAliveMs = keepAliveMs;
        this.queue = new FrameQueue(config.limits(), "lane " + number + " to peer " + peer);
        this.backoffMs = config.limits().reconnectMinMs();
        LaneImpairment wrong = config.impairment();
        this.impaired = wrong == null ? null : wrong.link(config.nodeId(), peer, number);
        this.bufferBytes = wrong == null ? 0 : wrong.bufferBytes();
    }

    int number() {
        return number;
    }

    boolean isUp() {
        return channel != null;
    }

    long queuedBytes() {
        return queue.queuedBytes();
    }

    long reconnects() {
        return reconnects.get();
    }

    /** Frames larger than a peer takes, which were not sent. */
    long refusedFrames() {
        return queue.refusedFrames();
    }

    void dial() {
        if (closed) {
            return;
        }
        ChannelFuture dialling = new Bootstrap()
                .group(loop)
                .channel(kind.socketChannel())
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_TIMEOUT_MS)
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel ch) {
                        if (impaired != null) {
                            ch.pipeline()
                                    .addLast(new ImpairedLane(impaired, bufferBytes, bufferBytes, System::nanoTime));
                        }
                        ch.pipeline()
                                .addLast(
                                        PeerTransport.frameDecoder(
                                                config.limits().frameBytesMax()),
                                        new Dialled());
                    }
                })
                .connect(config.peers().get(peer));
        dialled = dialling.channel();
        if (closed) {
            dialling.channel().close();
        }
        dialling.addListener(f -> {
            if (!f.isSuccess() && !closed) {
                complain(String.valueOf(f.cause().getMessage()));
                redial();
            }
        });
    }

    private void complain(String why) {
        if (!why.equals(lastComplaint)) {
            lastComplaint = why;
            dialler.onComplaint(number, why);
        }
    }

    private void redial() {
        if (!closed) {
            long jitter = (System.nanoTime() >>> 10) % (backoffMs / 2 + 1);
            waiting = loop.schedule(this::dial, backoffMs + jitter, TimeUnit.MILLISECONDS);
            backoffMs = Math.min(config.limits().reconnectMaxMs(), backoffMs * 2);
        }
    }

    /** The peer is known to listen: an attempt that waits is made at once. */
    void redialNow() {
        loop.execute(() -> {
            ScheduledFuture<?> next = waiting;
            if (next != null && next.cancel(false)) {
                backoffMs = config.limits().reconnectMinMs();
                dial();
            }
        });
    }

    /** Takes the frame's reference; whether it is on its way. */
    boolean write(ByteBuf frame, FrameType type) {
        Channel ch = channel;
        if (ch == null) {
            frame.release();
            return false;
        }
        boolean admitted = queue.admits(frame, type);
        if (admitted) {
            queue.write(ch, frame);
        }
        return admitted;
    }

    void flush() {
        Channel ch = channel;
        if (ch != null) {
            queue.flush(ch);
        }
    }

    /** Also what is still in its handshake; does not wait. */
    void close() {
        closed = true;
        Channel ch = dialled;
        if (ch != null) {
            ch.close();
        }
    }

    private final class Dialled extends SimpleChannelInboundHandler<ByteBuf> {
        private boolean up;
        private int answers;
        private @Nullable SignsOfLife signs;

        @Override
        public void channelActive(ChannelHandlerContext ctx) {
            sayHello(ctx);
            requireAnswer(ctx, 0);
        }

        private void sayHello(ChannelHandlerContext ctx) {
            ctx.writeAndFlush(dialler.hello(ctx.alloc(), number));
        }

        /** Each time-out must have seen an answer, until one lets this lane in. */
        private void requireAnswer(ChannelHandlerContext ctx, int before) {
            ctx.executor()
                    .schedule(
                            () -> {
                                if (up || !ctx.channel().isActive()) {
                                    return;
                                }
                                if (answers == before) {
                                    complain("no answer to the hello");
                                    ctx.close();
                                } else {
                                    requireAnswer(ctx, answers);
                                }
                            },
                            CONNECT_TIMEOUT_MS,
                            TimeUnit.MILLISECONDS);
        }

        @Override
        protected void channelRead0(ChannelHandlerContext ctx, ByteBuf frame) {
            FrameReader r = new FrameReader(frame, ctx.alloc());
            SignsOfLife s = signs;
            if (s != null && r.type() == FrameType.ALIVE) {
                s.onAlive(r);
                return;
            }
            if (up) {
                dialler.onFrame(r);
                return;
            }
            answers++;
            if (r.type() == FrameType.NOT_YET) {
                // On the same connection: nodes may wait for hours for one that is not there.
                ctx.executor().schedule(() -> sayHello(ctx), config.limits().reconnectMinMs(), TimeUnit.MILLISECONDS);
            } else if (r.type() == FrameType.REFUSED) {
                complain(r.refusal());
                backoffMs = config.limits().reconnectMaxMs();
                ctx.close();
            } else {
                // Who objects will do so again for as long as nobody changes anything.
                backoffMs = config.limits().reconnectMaxMs();
                dialler.onWelcome(r);
                startSigns(ctx);
                up = true;
                backoffMs = config.limits().reconnectMinMs();
                lastComplaint = "";
                reconnects.incrementAndGet();
                channel = ctx.channel();
                dialler.onUp(number);
            }
        }

        private void startSigns(ChannelHandlerContext ctx) {
            if (keepAliveMs > 0) {
                SignsOfLife s = new SignsOfLife(keepAliveMs);
                ctx.pipeline().addFirst(s);
                signs = s;
                s.say(false);
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            if (up) {
                channel = null;
                dialler.onDown(number);
            }
            redial();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            complain(String.valueOf(cause.getMessage()));
            ctx.close();
        }
    }
}
