package io.parablock.transport;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.handler.codec.LengthFieldBasedFrameDecoder;
import io.netty.util.concurrent.GlobalEventExecutor;
import io.parablock.blockdev.nbd.netty.TransportKind;
import io.parablock.raft.message.Message;
import io.parablock.replica.Formation;
import io.parablock.replica.PeerSender;
import io.parablock.replica.client.ClientMessage;
import java.net.InetSocketAddress;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connections between nodes. Every node dials every other one and sends only on what it dialled:
 *
 * <pre>
 *   node 1 ── control ─────► node 2      votes, heartbeats, acks, small client messages
 *          ══ lane 0..L-1 ═► node 2      Append, Entries, Mutate, ReadReply: the least-loaded lane
 * </pre>
 *
 * A gateway without a replica dials like a peer and is answered on its own connections ({@link GatewayConnections}).
 * Sends queue; {@link #flush} puts them on the wire.
 */
public final class PeerTransport implements PeerSender, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PeerTransport.class);
    private static final String FRAMES = "frames";

    /** A peer that is silent is noticed by its heartbeats. */
    private static final int NEVER_ASKED = 0;

    /** One reading for status. */
    public record PeerReading(
            int peer, boolean connected, int lanesUp, long queuedBytes, long reconnects, long refusedFrames) {}

    private final PeerTransportConfig config;
    private final PeerHandler handler;
    private final Doorkeeper door;
    private final GatewayAccess access;
    private final GatewayConnections gateways;
    private final Map<Integer, PeerLanes> peers = new TreeMap<>();
    private final ChannelGroup accepted = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    private final Channel listener;
    /** The latest boot of each peer that said hello. */
    private final Map<Integer, Long> bootsHeard = new ConcurrentHashMap<>();
    /** Why the doorkeeper refused each peer the last time. */
    private final Map<Integer, String> refusals = new ConcurrentHashMap<>();

    private volatile boolean dials;

    private PeerTransport(
            PeerTransportConfig config,
            EventLoopGroup loops,
            TransportKind kind,
            PeerHandler handler,
            Doorkeeper door,
            GatewayAccess access) {
        this.config = config;
        this.handler = handler;
        this.door = door;
        this.access = access;
        this.gateways = new GatewayConnections(config.limits(), access);
        InetSocketAddress own = config.peers().get(config.nodeId());
        if (own == null) {
            throw new IllegalArgumentException("node " + config.nodeId() + " is not among its peers");
        }
        listener = new ServerBootstrap()
                .group(loops)
                .channel(kind.serverChannel())
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel ch) {
                        accept(ch);
                    }
                })
                .bind(own)
                .syncUninterruptibly()
                .channel();
        for (int peer : config.peers().keySet()) {
            if (peer != config.nodeId()) {
                addPeer(peer, loops, kind);
            }
        }
    }

    /** Listens at once; {@link #dial} connects. */
    public static PeerTransport listen(
            PeerTransportConfig config,
            EventLoopGroup loops,
            TransportKind kind,
            PeerHandler handler,
            Doorkeeper door,
            GatewayAccess access) {
        return new PeerTransport(config, loops, kind, handler, door, access);
    }

    private void addPeer(int peer, EventLoopGroup loops, TransportKind kind) {
        Dialler dialler = new ToPeer(peer);
        peers.put(
                peer,
                new PeerLanes(
                        peer,
                        config.lanes(),
                        lane -> new Lane(config, peer, lane, loops.next(), kind, dialler, NEVER_ASKED)));
    }

    /** Frames are only sent on what a node dials. */
    private final class ToPeer implements Dialler {
        private final int peer;

        ToPeer(int peer) {
            this.peer = peer;
        }

        @Override
        public ByteBuf hello(ByteBufAllocator alloc, int lane) {
            return FrameWriter.hello(
                    alloc, new Hello(config.clusterId(), config.nodeId(), peer, config.boot(), lane, door.standing()));
        }

        @Override
        public void onWelcome(FrameReader answer) {
            if (answer.type() != FrameType.HELLO_OK) {
                onFrame(answer);
            }
        }

        @Override
        public void onFrame(FrameReader frame) {
            throw new CodecException("unexpected " + frame.type());
        }

        @Override
        public void onUp(int lane) {
            PeerLanes lanes = peers.get(peer);
            if (lane == Lane.CONTROL) {
                handler.onConnected(peer, true);
            } else if (lanes != null) {
                lanes.backlog().forget(lane);
            }
        }

        @Override
        public void onDown(int lane) {
            if (lane == Lane.CONTROL) {
                handler.onConnected(peer, false);
            }
        }

        @Override
        public void onComplaint(int lane, String why) {
            if (lane == Lane.CONTROL) {
                handler.onComplaint(peer, why);
            } else {
                LOG.info("peer {} lane {} is not connected: {}", peer, lane, why);
            }
        }
    }

    public void dial() {
        dials = true;
        peers.values().forEach(PeerLanes::dial);
    }

    static LengthFieldBasedFrameDecoder frameDecoder(int frameBytesMax) {
        return new LengthFieldBasedFrameDecoder(
                ByteOrder.LITTLE_ENDIAN,
                frameBytesMax,
                0,
                FrameDescriptor.LENGTH_BYTES,
                0,
                FrameDescriptor.LENGTH_BYTES,
                true);
    }

    // ---------------------------------------------------------------- sending

    @Override
    public void send(int groupId, int to, Message message) {
        PeerLanes p = peers.get(to);
        if (p == null) {
            return;
        }
        FrameType type = FrameWriter.typeOf(message);
        int lanes = type == FrameType.APPEND ? config.entryLanes() : config.lanes();
        Lane lane = type.isBulk() ? p.leastLoaded(lanes) : p.control();
        if (lane == null || !lane.isUp()) {
            return;
        }
        ByteBuf frame = FrameWriter.message(PooledByteBufAllocator.DEFAULT, groupId, message);
        if (frame.readableBytes() > config.limits().frameBytesMax() && EntryMessages.count(message) > 1) {
            frame.release();
            EntryMessages.halves(message).forEach(half -> send(groupId, to, half));
        } else {
            int bytes = frame.readableBytes();
            if (lane.write(frame, type) && type == FrameType.APPEND && EntryMessages.count(message) > 0) {
                p.backlog()
                        .sent(
                                lane.number(),
                                groupId,
                                EntryMessages.firstSlot(message),
                                EntryMessages.lastSlot(message),
                                bytes);
            }
        }
    }

    @Override
    public void sendClient(int groupId, int to, ClientMessage message) {
        PeerLanes p = peers.get(to);
        try {
            if (p != null) {
                PeerLanes.send(FrameWriter.isBulk(message) ? p.leastLoaded() : p.control(), groupId, message);
            } else if (to == EVERY_GATEWAY) {
                gateways.sendToAll(groupId, message);
            } else {
                gateways.send(groupId, to, message);
            }
        } finally {
            release(message);
        }
    }

    static void release(ClientMessage message) {
        ByteBuf payload = message instanceof ClientMessage.Mutate m
                ? m.payload()
                : message instanceof ClientMessage.ReadReply r ? r.payload() : null;
        if (payload != null) {
            payload.release();
        }
    }

    @Override
    public boolean connected(int peer) {
        PeerLanes p = peers.get(peer);
        return p != null && p.isUp();
    }

    @Override
    public void flush() {
        peers.values().forEach(PeerLanes::flush);
        gateways.flush();
    }

    public List<PeerReading> readings() {
        List<PeerReading> out = new ArrayList<>();
        peers.values().forEach(p -> out.add(p.reading()));
        return out;
    }

    /** Gateways that are connected. */
    public int gateways() {
        return gateways.count();
    }

    /** Bytes that wait to go out to gateways. */
    long gatewayQueuedBytes() {
        return gateways.queuedBytes();
    }

    public InetSocketAddress address() {
        return (InetSocketAddress) listener.localAddress();
    }

    @Override
    public void close() {
        listener.close().syncUninterruptibly();
        peers.values().forEach(PeerLanes::close);
        accepted.close().awaitUninterruptibly();
    }

    // ---------------------------------------------------------------- receiving

    private void accept(Channel ch) {
        if (accepted.size() >= config.limits().acceptedMax()) {
            LOG.warn("refusing a peer connection from {}: {} are open", ch.remoteAddress(), accepted.size());
            ch.close();
            return;
        }
        accepted.add(ch);
        ch.pipeline()
                .addLast(FRAMES, frameDecoder(config.limits().helloBytesMax()))
                .addLast(new Accepted());
    }

    private final class Accepted extends SimpleChannelInboundHandler<ByteBuf> {
        /** That of a sender that was let in. */
        private @Nullable Hello hello;

        private int hellos;
        /** Frames that were decoded before the close must not be looked at any more. */
        private boolean closing;

        @Override
        public void channelActive(ChannelHandlerContext ctx) {
            requireHello(ctx, 0);
        }

        /** Each time-out must have seen one more, until the sender is let in. */
        private void requireHello(ChannelHandlerContext ctx, int before) {
            long timeoutMs = config.limits().helloTimeoutMs();
            ctx.executor()
                    .schedule(
                            () -> {
                                if (hello != null || closing || !ctx.channel().isActive()) {
                                    return;
                                }
                                if (hellos == before) {
                                    refuse(ctx, "no hello within " + timeoutMs + " ms");
                                } else {
                                    requireHello(ctx, hellos);
                                }
                            },
                            timeoutMs,
                            TimeUnit.MILLISECONDS);
        }

        @Override
        protected void channelRead0(ChannelHandlerContext ctx, ByteBuf frame) {
            if (closing) {
                return;
            }
            FrameReader r = new FrameReader(frame, ctx.alloc());
            Hello from = hello;
            if (from == null) {
                hellos++;
                try {
                    if (r.type() == FrameType.GATEWAY_HELLO) {
                        greetGateway(ctx, HelloReader.ofGateway(r));
                    } else {
                        greet(ctx, HelloReader.ofPeer(r));
                    }
                } catch (Hello.OtherVersionException e) {
                    if (r.type() == FrameType.GATEWAY_HELLO) {
                        refuseGateway(ctx, 0, String.valueOf(e.getMessage()));
                    } else {
                        refuse(ctx, String.valueOf(e.getMessage()));
                    }
                }
            } else if (r.type().isClient()) {
                handler.onClient(r.groupId(), from.sender(), r.client());
            } else {
                Message m = r.message();
                PeerLanes lanes = peers.get(from.sender());
                if (lanes != null) {
                    lanes.backlog().heard(r.groupId(), m);
                }
                handler.onMessage(r.groupId(), from.sender(), from.standing().incarnation(), from.boot(), m);
            }
        }

        private void greet(ChannelHandlerContext ctx, Hello h) {
            if (!h.clusterId().equals(config.clusterId())) {
                refuse(ctx, "it belongs to cluster '" + h.clusterId() + "', this is '" + config.clusterId() + "'");
            } else if (h.target() != config.nodeId()) {
                refuse(ctx, "it looks for node " + h.target() + ", this is node " + config.nodeId());
            } else if (h.sender() == config.nodeId() || !config.peers().containsKey(h.sender())) {
                refuse(ctx, "node " + h.sender() + " is not a peer of node " + config.nodeId());
            } else {
                answer(ctx, h, door.onHello(h.sender(), h.standing()));
            }
        }

        private void greetGateway(ChannelHandlerContext ctx, GatewayHello h) {
            String why;
            if (!h.clusterId().equals(config.clusterId())) {
                why = "the gateway is of cluster '" + h.clusterId() + "', this node of '" + config.clusterId() + "'";
            } else if (h.target() != config.nodeId()) {
                why = "the gateway looks for node " + h.target() + ", this is node " + config.nodeId();
            } else if (!door.isOpen()) {
                ctx.writeAndFlush(FrameWriter.notYet(ctx.alloc()));
                return;
            } else {
                why = gateways.admit(h, ctx.channel());
            }
            if (why.isEmpty()) {
                letIn(ctx, h);
            } else {
                refuseGateway(ctx, h.gateway(), why);
            }
        }

        private void refuseGateway(ChannelHandlerContext ctx, int gateway, String why) {
            if (gateways.isNewRefusal(gateway, why)) {
                refuse(ctx, why);
            } else {
                closing = true;
                refuseQuietly(ctx, why);
            }
        }

        private void letIn(ChannelHandlerContext ctx, GatewayHello h) {
            closing = true;
            ctx.pipeline().replace(FRAMES, FRAMES, frameDecoder(config.limits().frameBytesMax()));
            SignsOfLife signs = new SignsOfLife(access.keepAliveMs());
            ctx.pipeline().addFirst(signs);
            ctx.pipeline().replace(this, "gateway", new GatewayConnection(h, gateways, handler, signs));
            ctx.writeAndFlush(GatewayCodec.offer(ctx.alloc(), access.offer()));
            if (h.lane() == Lane.CONTROL) {
                handler.onGateway(h.gateway());
            }
        }

        private void answer(ChannelHandlerContext ctx, Hello h, Formation.Answer answer) {
            switch (answer.verdict()) {
                case ADMIT -> {
                    hello = h;
                    refusals.remove(h.sender());
                    ctx.pipeline()
                            .replace(
                                    FRAMES, FRAMES, frameDecoder(config.limits().frameBytesMax()));
                    ctx.writeAndFlush(FrameWriter.helloOk(ctx.alloc()));
                    noteBoot(h);
                }
                case NOT_YET -> {
                    ctx.writeAndFlush(FrameWriter.notYet(ctx.alloc()));
                    noteBoot(h);
                }
                case REFUSE, STRANGER -> {
                    if (answer.line().equals(refusals.put(h.sender(), answer.line()))) {
                        closing = true;
                        refuseQuietly(ctx, answer.line());
                    } else {
                        refuse(ctx, answer.line());
                    }
                }
                case FORM -> throw new AssertionError("a doorkeeper forms by itself");
            }
        }

        /** Whoever has just started listens by now. */
        private void noteBoot(Hello h) {
            Long before = bootsHeard.put(h.sender(), h.boot());
            PeerLanes peer = dials && (before == null || before != h.boot()) ? peers.get(h.sender()) : null;
            if (peer != null) {
                peer.redialNow();
            }
        }

        private void refuse(ChannelHandlerContext ctx, String why) {
            closing = true;
            handler.onRefused(ctx.channel().remoteAddress(), why);
            refuseQuietly(ctx, why);
        }

        private void refuseQuietly(ChannelHandlerContext ctx, String why) {
            ctx.writeAndFlush(FrameWriter.refused(ctx.alloc(), why)).addListener(f -> ctx.close());
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext ctx) {
            handler.onReadComplete();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            if (!closing) {
                closing = true;
                LOG.warn("closing peer connection from {}: {}", ctx.channel().remoteAddress(), reason(cause));
                ctx.close();
            }
        }
    }

    static String reason(Throwable cause) {
        Throwable c = cause.getCause() != null ? cause.getCause() : cause;
        return String.valueOf(c.getMessage());
    }
}
