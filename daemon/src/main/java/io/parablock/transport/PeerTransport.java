package io.parablock.transport;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
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
import io.parablock.raft.log.Entry;
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
import java.util.concurrent.atomic.AtomicInteger;
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
 * Sends queue; {@link #flush} puts them on the wire.
 */
public final class PeerTransport implements PeerSender, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PeerTransport.class);
    private static final String FRAMES = "frames";

    /** One reading for status. */
    public record PeerReading(
            int peer, boolean connected, int lanesUp, long queuedBytes, long reconnects, long refusedFrames) {}

    private static final class Peer {
        final Lane control;
        final Lane[] lanes;
        final AtomicInteger next = new AtomicInteger();

        Peer(Lane control, Lane[] lanes) {
            this.control = control;
            this.lanes = lanes;
        }
    }

    private final PeerTransportConfig config;
    private final PeerHandler handler;
    private final Doorkeeper door;
    private final Map<Integer, Peer> peers = new TreeMap<>();
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
            Doorkeeper door) {
        this.config = config;
        this.handler = handler;
        this.door = door;
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
            Doorkeeper door) {
        return new PeerTransport(config, loops, kind, handler, door);
    }

    private void addPeer(int peer, EventLoopGroup loops, TransportKind kind) {
        Lane control = new Lane(
                config,
                peer,
                Lane.CONTROL,
                loops.next(),
                kind,
                door,
                () -> handler.onConnected(peer, true),
                () -> handler.onConnected(peer, false));
        Lane[] lanes = new Lane[config.lanes()];
        for (int i = 0; i < lanes.length; i++) {
            lanes[i] = new Lane(config, peer, i, loops.next(), kind, door, () -> {}, () -> {});
        }
        peers.put(peer, new Peer(control, lanes));
    }

    public void dial() {
        dials = true;
        for (Peer p : peers.values()) {
            p.control.dial();
            for (Lane lane : p.lanes) {
                lane.dial();
            }
        }
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
        Peer p = peers.get(to);
        FrameType type = FrameWriter.typeOf(message);
        Lane lane = p == null ? null : type.isBulk() ? dataLane(p, type) : p.control;
        if (lane == null || !lane.isUp()) {
            return;
        }
        ByteBuf frame = FrameWriter.message(PooledByteBufAllocator.DEFAULT, groupId, message);
        if (frame.readableBytes() > config.limits().frameBytesMax() && entriesOf(message) > 1) {
            frame.release();
            halves(message).forEach(half -> send(groupId, to, half));
        } else {
            lane.write(frame, type);
        }
    }

    private static int entriesOf(Message m) {
        return m instanceof Message.Append a
                ? a.entries().size()
                : m instanceof Message.Entries e ? e.entries().size() : 0;
    }

    /** The look-behind buffer is addressed by slot: both halves of an Append may carry all of it (protocol.md §4). */
    private static List<Message> halves(Message m) {
        if (m instanceof Message.Append a) {
            int half = a.entries().size() / 2;
            return List.of(part(a, 0, half), part(a, half, a.entries().size()));
        }
        List<Entry> entries = ((Message.Entries) m).entries();
        int half = entries.size() / 2;
        return List.of(
                new Message.Entries(m.term(), entries.subList(0, half)),
                new Message.Entries(m.term(), entries.subList(half, entries.size())));
    }

    private static Message part(Message.Append a, int from, int to) {
        return new Message.Append(
                a.term(), a.entries().subList(from, to), a.lookBehindFirst(), a.lookBehind(), a.round(), a.commit());
    }

    @Override
    public void sendClient(int groupId, int to, ClientMessage message) {
        Peer p = peers.get(to);
        boolean bulk = FrameWriter.isBulk(message);
        FrameType type = bulk ? FrameType.MUTATE : FrameType.READ;
        Lane lane = p == null ? null : bulk ? dataLane(p, type) : p.control;
        try {
            if (lane != null && lane.isUp()) {
                lane.write(FrameWriter.client(PooledByteBufAllocator.DEFAULT, groupId, message), type);
            }
        } finally {
            release(message);
        }
    }

    private static void release(ClientMessage message) {
        ByteBuf payload = message instanceof ClientMessage.Mutate m
                ? m.payload()
                : message instanceof ClientMessage.ReadReply r ? r.payload() : null;
        if (payload != null) {
            payload.release();
        }
    }

    /** The least-loaded lane that is up; equals take turns. */
    private @Nullable Lane dataLane(Peer p, FrameType type) {
        int count = type == FrameType.APPEND ? Math.min(config.entryLanes(), p.lanes.length) : p.lanes.length;
        Lane best = null;
        int first = Math.floorMod(p.next.getAndIncrement(), count);
        for (int i = 0; i < count; i++) {
            Lane lane = p.lanes[(first + i) % count];
            if (lane.isUp() && (best == null || lane.queuedBytes() < best.queuedBytes())) {
                best = lane;
            }
        }
        return best;
    }

    @Override
    public boolean connected(int peer) {
        Peer p = peers.get(peer);
        return p != null && p.control.isUp();
    }

    @Override
    public void flush() {
        for (Peer p : peers.values()) {
            p.control.flush();
            for (Lane lane : p.lanes) {
                lane.flush();
            }
        }
    }

    public List<PeerReading> readings() {
        List<PeerReading> out = new ArrayList<>();
        peers.forEach((id, p) -> {
            int up = 0;
            long queued = p.control.queuedBytes();
            long refused = p.control.refusedFrames();
            for (Lane lane : p.lanes) {
                up += lane.isUp() ? 1 : 0;
                queued += lane.queuedBytes();
                refused += lane.refusedFrames();
            }
            out.add(new PeerReading(id, p.control.isUp(), up, queued, p.control.reconnects(), refused));
        });
        return out;
    }

    public InetSocketAddress address() {
        return (InetSocketAddress) listener.localAddress();
    }

    @Override
    public void close() {
        listener.close().syncUninterruptibly();
        for (Peer p : peers.values()) {
            p.control.close();
            for (Lane lane : p.lanes) {
                lane.close();
            }
        }
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
                    greet(ctx, r.hello());
                } catch (Hello.OtherVersionException e) {
                    refuse(ctx, String.valueOf(e.getMessage()));
                }
            } else if (r.type().isClient()) {
                handler.onClient(r.groupId(), from.sender(), r.client());
            } else {
                handler.onMessage(r.groupId(), from.sender(), from.boot(), r.message());
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
            Peer peer = dials && (before == null || before != h.boot()) ? peers.get(h.sender()) : null;
            if (peer != null) {
                peer.control.redialNow();
                for (Lane lane : peer.lanes) {
                    lane.redialNow();
                }
            }
        }

        private void refuse(ChannelHandlerContext ctx, String why) {
            closing = true;
            LOG.warn("refusing peer connection from {}: {}", ctx.channel().remoteAddress(), why);
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

    private static String reason(Throwable cause) {
        Throwable c = cause.getCause() != null ? cause.getCause() : cause;
        return String.valueOf(c.getMessage());
    }
}
