package io.parablock.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.parablock.blockdev.nbd.netty.TransportKind;
import io.parablock.raft.message.Message;
import io.parablock.replica.Formation;
import io.parablock.replica.client.ClientMessage;
import io.parablock.replica.client.ClientMessage.Status;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A node that lets gateways in, over real sockets, and whoever dials it. */
abstract class GatewayTransportFixture {
    static final ByteBufAllocator ALLOC = PooledByteBufAllocator.DEFAULT;
    static final long TIMEOUT_NS = TimeUnit.SECONDS.toNanos(15);
    static final int LANES = 3;
    static final int GATEWAYS_MAX = 2;
    static final int ID = GatewayHello.ID_MIN + 7;
    static final PeerTransportConfig.Limits LIMITS =
            new PeerTransportConfig.Limits(100_000, 1 << 20, 64L << 20, 5, 50, 2_048, 400, 64);

    final List<AutoCloseable> open = new ArrayList<>();
    Map<Integer, InetSocketAddress> addresses = Map.of();
    final NodeInbox inbox = new NodeInbox();
    volatile boolean formed = true;
    PeerTransport node;

    record Asked(int from, ClientMessage message) {}

    static final class NodeInbox implements PeerHandler {
        final ConcurrentLinkedQueue<Asked> asked = new ConcurrentLinkedQueue<>();
        final ConcurrentLinkedQueue<Integer> gateways = new ConcurrentLinkedQueue<>();

        @Override
        public void onMessage(int groupId, int from, long disk, long boot, Message message) {
            throw new AssertionError("nobody sent " + message);
        }

        @Override
        public void onClient(int groupId, int from, ClientMessage message) {
            asked.add(new Asked(from, message));
        }

        @Override
        public void onConnected(int peer, boolean up) {}

        @Override
        public void onGateway(int gateway) {
            gateways.add(gateway);
        }

        @Override
        public void onReadComplete() {}
    }

    static final class GatewayInbox implements MemberHandler {
        final ConcurrentLinkedQueue<GatewayOffer> offers = new ConcurrentLinkedQueue<>();
        final ConcurrentLinkedQueue<ClientMessage> replies = new ConcurrentLinkedQueue<>();
        volatile String objection = "";

        @Override
        public String onOffer(int member, GatewayOffer offer) {
            offers.add(offer);
            return objection;
        }

        @Override
        public void onReply(int groupId, int from, ClientMessage message) {
            replies.add(message);
        }

        @Override
        public void onConnected(int member, boolean up) {}
    }

    @BeforeEach
    void startNode() throws IOException {
        addresses = FreePorts.of(List.of(1));
        listen(Gateways.atMost(GATEWAYS_MAX));
    }

    void listen(GatewayAccess access) {
        Formation.Standing standing = new Formation.Standing(101, new TreeMap<>(Map.of(1, 101L)));
        TransportKind kind = TransportKind.choose("auto").kind();
        node = PeerTransport.listen(
                PeerTransportConfig.of("test", 1, 5, addresses, LANES, LANES, LIMITS),
                loops(kind),
                kind,
                inbox,
                new Doorkeeper() {
                    @Override
                    public Formation.Standing standing() {
                        return standing;
                    }

                    @Override
                    public Formation.Answer onHello(int sender, Formation.Standing said) {
                        throw new AssertionError("there is no other node");
                    }

                    @Override
                    public boolean isOpen() {
                        return formed;
                    }
                },
                access);
        open.add(node);
    }

    EventLoopGroup loops(TransportKind kind) {
        EventLoopGroup loops = new MultiThreadIoEventLoopGroup(2, kind.ioHandler());
        open.add(() -> loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly());
        return loops;
    }

    GatewayTransport gateway(TransportKind kind, int id, GatewayInbox replies) {
        return gateway(kind, id, addresses, 60_000, replies);
    }

    GatewayTransport gateway(
            TransportKind kind,
            int id,
            Map<Integer, InetSocketAddress> members,
            long keepAliveMs,
            GatewayInbox replies) {
        GatewayTransport t = new GatewayTransport(
                PeerTransportConfig.of("test", id, 9, members, LANES, LANES, LIMITS),
                loops(kind),
                kind,
                keepAliveMs,
                replies);
        open.add(t);
        t.dial();
        return t;
    }

    GatewayTransport gateway(int id, GatewayInbox replies) {
        return gateway(TransportKind.choose("auto").kind(), id, replies);
    }

    @AfterEach
    void closeAll() throws Exception {
        for (int i = open.size() - 1; i >= 0; i--) {
            open.get(i).close();
        }
    }

    static void await(String what, BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + TIMEOUT_NS;
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as(what).isLessThan(end);
            Thread.sleep(2);
        }
    }

    static boolean isUp(GatewayTransport t) {
        PeerTransport.PeerReading r = t.readings().get(0);
        return r.connected() && r.lanesUp() == LANES;
    }

    /** One connection that says hello with these bytes. */
    final class Raw implements AutoCloseable {
        final Socket socket;
        final DataInputStream in;

        Raw(byte[] hello) throws IOException {
            InetSocketAddress at = node.address();
            socket = new Socket(at.getAddress(), at.getPort());
            socket.setSoTimeout(10_000);
            in = new DataInputStream(socket.getInputStream());
            socket.getOutputStream().write(hello);
        }

        FrameReader next() throws IOException {
            byte[] length = in.readNBytes(4);
            if (length.length < 4) {
                throw new EOFException();
            }
            int bytes = java.nio.ByteBuffer.wrap(length)
                    .order(java.nio.ByteOrder.LITTLE_ENDIAN)
                    .getInt();
            ByteBuf frame = Unpooled.buffer().writeBytes(length).writeBytes(in.readNBytes(bytes));
            frame.skipBytes(FrameDescriptor.LENGTH_BYTES);
            return new FrameReader(frame, ALLOC);
        }

        String refusal() throws IOException {
            FrameReader r = next();
            assertThat(r.type()).isEqualTo(FrameType.REFUSED);
            assertThat(in.read()).isEqualTo(-1);
            return r.refusal();
        }

        void awaitClose() throws IOException {
            try {
                // A time-out of this read is the failure.
                in.readAllBytes();
            } catch (SocketException reset) {
                assertThat(reset).isNotNull();
            }
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    static byte[] bytes(ByteBuf frame) {
        byte[] out = new byte[frame.readableBytes()];
        frame.readBytes(out);
        frame.release();
        return out;
    }

    static byte[] hello(String cluster, int gateway, int target) {
        return bytes(GatewayCodec.hello(ALLOC, new GatewayHello(cluster, gateway, target, 9, Lane.CONTROL)));
    }

    void read(int gateway, int bytes, List<ByteBuf> payloads) {
        ByteBuf payload = ALLOC.directBuffer().writeZero(bytes);
        payloads.add(payload);
        node.sendClient(1, gateway, new ClientMessage.ReadReply(4, Status.OK, 1, payload));
    }
}
