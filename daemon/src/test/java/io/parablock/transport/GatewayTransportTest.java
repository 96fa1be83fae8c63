package io.parablock.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.embedded.EmbeddedChannel;
import io.parablock.blockdev.nbd.netty.TransportKind;
import io.parablock.raft.log.EntryKind;
import io.parablock.raft.message.Message;
import io.parablock.replica.Formation;
import io.parablock.replica.PeerSender;
import io.parablock.replica.client.ClientMessage;
import io.parablock.replica.client.ClientMessage.Status;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Gateways without a replica at one node, over loopback sockets. */
@Isolated("real time")
class GatewayTransportTest {
    private static final ByteBufAllocator ALLOC = PooledByteBufAllocator.DEFAULT;
    private static final long TIMEOUT_NS = TimeUnit.SECONDS.toNanos(15);
    private static final int LANES = 3;
    private static final int GATEWAYS_MAX = 2;
    private static final int ID = GatewayHello.ID_MIN + 7;
    private static final PeerTransportConfig.Limits LIMITS =
            new PeerTransportConfig.Limits(100_000, 1 << 20, 64L << 20, 5, 50, 2_048, 400, 64);

    private final List<AutoCloseable> open = new ArrayList<>();
    private Map<Integer, InetSocketAddress> addresses = Map.of();
    private final NodeInbox inbox = new NodeInbox();
    private volatile boolean formed = true;
    private PeerTransport node;

    private record Asked(int from, ClientMessage message) {}

    private static final class NodeInbox implements PeerHandler {
        final ConcurrentLinkedQueue<Asked> asked = new ConcurrentLinkedQueue<>();
        final ConcurrentLinkedQueue<Integer> gateways = new ConcurrentLinkedQueue<>();

        @Override
        public void onMessage(int groupId, int from, long boot, Message message) {
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

    private static final class GatewayInbox implements MemberHandler {
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

    private void listen(GatewayAccess access) {
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

    private EventLoopGroup loops(TransportKind kind) {
        EventLoopGroup loops = new MultiThreadIoEventLoopGroup(2, kind.ioHandler());
        open.add(() -> loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly());
        return loops;
    }

    private GatewayTransport gateway(TransportKind kind, int id, GatewayInbox replies) {
        return gateway(kind, id, addresses, 60_000, replies);
    }

    private GatewayTransport gateway(
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

    private GatewayTransport gateway(int id, GatewayInbox replies) {
        return gateway(TransportKind.choose("auto").kind(), id, replies);
    }

    @AfterEach
    void closeAll() throws Exception {
        for (int i = open.size() - 1; i >= 0; i--) {
            open.get(i).close();
        }
    }

    private static void await(String what, BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + TIMEOUT_NS;
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as(what).isLessThan(end);
            Thread.sleep(2);
        }
    }

    private static boolean isUp(GatewayTransport t) {
        PeerTransport.PeerReading r = t.readings().get(0);
        return r.connected() && r.lanesUp() == LANES;
    }

    @ParameterizedTest
    @MethodSource("io.parablock.transport.PeerTransportTest#kinds")
    void shouldAnswerAGatewayOnTheConnectionsThatItDialled(TransportKind kind) throws Exception {
        GatewayInbox replies = new GatewayInbox();
        GatewayTransport gateway = gateway(kind, ID, replies);
        await("connected", () -> isUp(gateway));
        assertThat(replies.offers).hasSize(1 + LANES).containsOnly(Gateways.OFFER);
        assertThat(inbox.gateways).containsExactly(ID);
        ByteBuf written = ALLOC.directBuffer().writeBytes(new byte[4096]);
        int crc = FrameWriter.crc(written, 0, 4096);
        gateway.sendClient(1, 1, new ClientMessage.Mutate(3, 1, 1, EntryKind.WRITE, 0, 4096, false, crc, written));
        gateway.sendClient(1, 1, new ClientMessage.Flush(8));
        gateway.flush();
        await("asked", () -> inbox.asked.size() == 2);
        assertThat(inbox.asked).allMatch(a -> a.from() == ID);
        inbox.asked.forEach(a -> {
            if (a.message() instanceof ClientMessage.Mutate m) {
                m.payload().release();
            }
        });
        ByteBuf read = ALLOC.directBuffer().writeBytes(new byte[4096]);
        node.sendClient(1, ID, new ClientMessage.ReadReply(4, Status.OK, 1, read));
        node.sendClient(1, ID, new ClientMessage.FlushReply(8, Status.OK, 1));
        node.sendClient(1, PeerSender.EVERY_GATEWAY, new ClientMessage.LeaderNotice(6, true, 2));
        node.flush();
        await("answered", () -> replies.replies.size() == 3);
        assertThat(replies.replies)
                .contains(new ClientMessage.FlushReply(8, Status.OK, 1), new ClientMessage.LeaderNotice(6, true, 2));
        replies.replies.forEach(m -> {
            if (m instanceof ClientMessage.ReadReply r) {
                assertThat(r.payload().readableBytes()).isEqualTo(4096);
                r.payload().release();
            }
        });
        await("no reference is left", () -> read.refCnt() == 0 && written.refCnt() == 0);
    }

    @Test
    void shouldDropWhatIsForAGatewayThatHasGone() throws Exception {
        GatewayTransport gateway = gateway(ID, new GatewayInbox());
        await("connected", () -> isUp(gateway));
        gateway.close();
        await("gone", () -> node.gateways() == 0);
        ByteBuf read = ALLOC.directBuffer().writeBytes(new byte[4096]);
        node.sendClient(1, ID, new ClientMessage.ReadReply(4, Status.OK, 1, read));
        node.flush();
        assertThat(read.refCnt()).isZero();
        GatewayTransport again = gateway(ID + 1, new GatewayInbox());
        await("another one is in", () -> isUp(again));
    }

    @Test
    void shouldKeepGatewaysWaitingUntilTheClusterHasFormed() throws Exception {
        formed = false;
        GatewayInbox replies = new GatewayInbox();
        GatewayTransport gateway = gateway(ID, replies);
        // Far longer than a connection without a hello lives.
        Thread.sleep(3 * LIMITS.helloTimeoutMs());
        assertThat(replies.offers).isEmpty();
        formed = true;
        await("let in", () -> isUp(gateway));
        assertThat(gateway.readings().get(0).reconnects()).isEqualTo(1);
    }

    @Test
    void shouldLetInNoMoreGatewaysThanTheLimit() throws Exception {
        List<GatewayTransport> in = new ArrayList<>();
        for (int i = 0; i < GATEWAYS_MAX; i++) {
            in.add(gateway(ID + i, new GatewayInbox()));
        }
        await("the first are in", () -> in.stream().allMatch(GatewayTransportTest::isUp));
        try (Raw raw = new Raw(hello("test", ID + GATEWAYS_MAX, 1))) {
            assertThat(raw.refusal()).contains("transport.gateways_max is " + GATEWAYS_MAX);
        }
        GatewayTransport late = gateway(ID + GATEWAYS_MAX, new GatewayInbox());
        Thread.sleep(2 * LIMITS.reconnectMaxMs());
        assertThat(late.connected(1)).isFalse();
        in.get(0).close();
        await("its place is free", () -> isUp(late));
        assertThat(node.gateways()).isEqualTo(GATEWAYS_MAX);
    }

    @Test
    void shouldSendNothingToANodeWithOtherVolumes() throws Exception {
        GatewayInbox replies = new GatewayInbox();
        replies.objection = "it has another volume";
        GatewayTransport gateway = gateway(ID, replies);
        await("it tried again", () -> replies.offers.size() > 3 * (1 + LANES));
        assertThat(gateway.connected(1)).isFalse();
        replies.objection = "";
        await("let in", () -> isUp(gateway));
    }

    private void read(int gateway, int bytes, List<ByteBuf> payloads) {
        ByteBuf payload = ALLOC.directBuffer().writeZero(bytes);
        payloads.add(payload);
        node.sendClient(1, gateway, new ClientMessage.ReadReply(4, Status.OK, 1, payload));
    }

    @Test
    void shouldHoldNoMoreAnswersForAGatewayThanItsShare() throws Exception {
        GatewayInbox replies = new GatewayInbox();
        GatewayTransport gateway = gateway(ID, replies);
        GatewayInbox others = new GatewayInbox();
        GatewayTransport other = gateway(ID + 1, others);
        await("connected", () -> isUp(gateway) && isUp(other));
        List<ByteBuf> payloads = new ArrayList<>();
        long share = Gateways.REPLY_BYTES_MAX / ReplyBytes.SHARES;
        // Nothing is flushed: all of it waits.
        for (int i = 0; i < 100; i++) {
            read(ID, 64 << 10, payloads);
        }
        assertThat(node.gatewayQueuedBytes()).isBetween(share - (65 << 10), share);
        assertThat(payloads.stream().filter(p -> p.refCnt() > 0)).hasSize(15);
        read(ID + 1, 64 << 10, payloads);
        assertThat(payloads.get(100).refCnt()).as("another gateway's share").isPositive();
        for (int i = 0; i < 3_000; i++) {
            node.sendClient(1, ID, new ClientMessage.FlushReply(i, Status.OK, 1));
        }
        assertThat(node.gatewayQueuedBytes()).as("with that of the other one").isBetween(share, share + (65 << 10));
        node.sendClient(1, ID, new ClientMessage.LeaderNotice(6, true, 2));
        node.flush();
        await("who leads is told", () -> replies.replies.contains(new ClientMessage.LeaderNotice(6, true, 2)));
        await("all is counted out", () -> node.gatewayQueuedBytes() == 0);
        await(
                "the answers came",
                () -> replies.replies.stream()
                                        .filter(m -> m instanceof ClientMessage.ReadReply)
                                        .count()
                                == 15
                        && others.replies.size() == 1);
        for (GatewayInbox in : List.of(replies, others)) {
            in.replies.forEach(m -> {
                if (m instanceof ClientMessage.ReadReply r) {
                    r.payload().release();
                }
            });
        }
        assertThat(payloads).allMatch(p -> p.refCnt() == 0);
    }

    @Test
    void shouldCountNothingAnyMoreForAGatewayThatWentWithAnswersQueued() throws Exception {
        List<ByteBuf> payloads = new ArrayList<>();
        try (Raw raw = new Raw(hello("test", ID, 1))) {
            assertThat(raw.next().type()).isEqualTo(FrameType.GATEWAY_OK);
            for (int i = 0; i < 100; i++) {
                read(ID, 64 << 10, payloads);
            }
            assertThat(node.gatewayQueuedBytes()).isPositive();
        }
        await("gone", () -> node.gateways() == 0);
        await("all is counted out", () -> node.gatewayQueuedBytes() == 0);
        assertThat(payloads).allMatch(p -> p.refCnt() == 0);
    }

    @Test
    void shouldHoldNoMoreAnswersForAllGatewaysThanTheLimit() {
        ReplyBytes all = ReplyBytes.ofAll(400);
        for (int i = 0; i < ReplyBytes.SHARES; i++) {
            ReplyBytes one = all.of(i);
            assertThat(one.take(100, false)).isTrue();
            assertThat(one.take(1, false)).isFalse();
        }
        ReplyBytes late = all.of(9);
        assertThat(late.take(1, false)).isFalse();
        assertThat(late.queued()).isZero();
        assertThat(late.take(10, true)).isTrue();
        late.give(10);
        assertThat(all.queued()).isEqualTo(400);
    }

    // ---------------------------------------------------------------- by hand

    /** One connection that says hello with these bytes. */
    private final class Raw implements AutoCloseable {
        final Socket socket;
        final DataInputStream in;

        Raw(byte[] hello) throws IOException {
            InetSocketAddress at = node.address();
            socket = new Socket(at.getAddress(), at.getPort());
            socket.setSoTimeout(10_000);
            in = new DataInputStream(socket.getInputStream());
            socket.getOutputStream().write(hello);
        }

        private FrameReader next() throws IOException {
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

    private static byte[] bytes(ByteBuf frame) {
        byte[] out = new byte[frame.readableBytes()];
        frame.readBytes(out);
        frame.release();
        return out;
    }

    private static byte[] hello(String cluster, int gateway, int target) {
        return bytes(GatewayCodec.hello(ALLOC, new GatewayHello(cluster, gateway, target, 9, Lane.CONTROL)));
    }

    @Test
    void shouldRefuseAGatewayOfAnotherClusterAndSayWhy() throws Exception {
        try (Raw raw = new Raw(hello("other", ID, 1))) {
            assertThat(raw.refusal()).contains("cluster 'other'", "'test'");
        }
        try (Raw raw = new Raw(hello("test", ID, 3))) {
            assertThat(raw.refusal()).contains("looks for node 3");
        }
        ByteBuf other = GatewayCodec.hello(ALLOC, new GatewayHello("test", ID, 1, 9, Lane.CONTROL));
        other.setShortLE(FrameDescriptor.BODY + 8, Hello.VERSION + 1);
        int meta = other.getIntLE(FrameDescriptor.META_BYTES);
        other.setIntLE(FrameDescriptor.CRC, FrameWriter.crc(other, FrameDescriptor.META_BYTES, meta + 4));
        try (Raw raw = new Raw(bytes(other))) {
            assertThat(raw.refusal()).contains("version " + (Hello.VERSION + 1));
        }
        assertThat(node.gateways()).isZero();
    }

    @Test
    void shouldLeaveAGatewayThatSaysNothing() throws Exception {
        node.close();
        listen(Gateways.atMost(GATEWAYS_MAX, 50));
        try (Raw raw = new Raw(hello("test", ID, 1))) {
            assertThat(raw.next().type()).isEqualTo(FrameType.GATEWAY_OK);
            FrameReader sign = raw.next();
            assertThat(sign.type()).isEqualTo(FrameType.ALIVE);
            assertThat(sign.flag()).as("it is asked").isTrue();
            raw.awaitClose();
        }
        await("its place is free", () -> node.gateways() == 0);
    }

    @Test
    void shouldLeaveAGatewayThatTakesNothing() throws Exception {
        node.close();
        listen(Gateways.atMost(GATEWAYS_MAX, 50));
        List<ByteBuf> payloads = new ArrayList<>();
        try (Raw raw = new Raw(hello("test", ID, 1))) {
            assertThat(raw.next().type()).isEqualTo(FrameType.GATEWAY_OK);
            // More than the buffers of both sockets take: its window is shut.
            while (node.gateways() == 1) {
                read(ID, 64 << 10, payloads);
                node.flush();
            }
            await("nothing waits", () -> node.gatewayQueuedBytes() == 0);
            assertThat(raw.socket.isClosed()).as("on its side").isFalse();
        }
        assertThat(payloads).allMatch(p -> p.refCnt() == 0);
    }

    @ParameterizedTest
    @MethodSource("io.parablock.transport.PeerTransportTest#kinds")
    void shouldLeaveAMemberThatSaysNothing(TransportKind kind) throws Exception {
        List<Socket> accepted = new CopyOnWriteArrayList<>();
        Thread welcoming;
        try (ServerSocket member = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            welcoming = new Thread(() -> welcome(member, accepted));
            welcoming.start();
            InetSocketAddress at = (InetSocketAddress) member.getLocalSocketAddress();
            GatewayTransport gateway = gateway(kind, ID, Map.of(1, at), 50, new GatewayInbox());
            await("every lane was dialled again", () -> accepted.size() > 2 * (1 + LANES));
            assertThat(gateway.readings().get(0).reconnects()).isPositive();
        }
        welcoming.join();
        for (Socket s : accepted) {
            s.close();
        }
    }

    private static void welcome(ServerSocket member, List<Socket> accepted) {
        byte[] welcome = bytes(GatewayCodec.offer(ALLOC, Gateways.OFFER));
        while (!member.isClosed()) {
            try {
                Socket s = member.accept();
                accepted.add(s);
                s.getOutputStream().write(welcome);
            } catch (IOException closed) {
                // The gateway has left, or the test has ended.
            }
        }
    }

    @Test
    void shouldKeepAGatewayThatHasNothingToSayButAnswers() throws Exception {
        node.close();
        listen(Gateways.atMost(GATEWAYS_MAX, 200));
        GatewayTransport gateway = gateway(ID, new GatewayInbox());
        await("connected", () -> isUp(gateway));
        Thread.sleep(2_000);
        assertThat(isUp(gateway)).isTrue();
        assertThat(gateway.readings().get(0).reconnects()).isEqualTo(1);
    }

    @Test
    void shouldTellOfAGatewayOnceForEachReason() {
        GatewayConnections gateways = new GatewayConnections(LIMITS, Gateways.atMost(GATEWAYS_MAX));
        assertThat(gateways.isNewRefusal(ID, "one")).isTrue();
        assertThat(gateways.isNewRefusal(ID, "other")).isTrue();
        assertThat(gateways.isNewRefusal(ID, "one")).isFalse();
        assertThat(gateways.isNewRefusal(ID + 1, "one")).isTrue();
        GatewayHello h = new GatewayHello("test", ID, 1, 9, Lane.CONTROL);
        EmbeddedChannel objects = new EmbeddedChannel();
        assertThat(gateways.admit(h, objects)).isEmpty();
        assertThat(gateways.remove(h, objects)).as("it said nothing").isFalse();
        assertThat(gateways.count()).isZero();
        EmbeddedChannel agrees = new EmbeddedChannel();
        assertThat(gateways.admit(h, agrees)).isEmpty();
        gateways.onHeard(h);
        assertThat(gateways.remove(h, agrees)).isTrue();
        assertThat(gateways.isNewRefusal(ID, "one")).as("it was in meanwhile").isTrue();
        objects.close();
        agrees.close();
    }

    @Test
    void shouldRefuseASecondProcessWithTheSameNumber() throws Exception {
        GatewayTransport gateway = gateway(ID, new GatewayInbox());
        await("connected", () -> isUp(gateway));
        byte[] twin = bytes(GatewayCodec.hello(ALLOC, new GatewayHello("test", ID, 1, 10, Lane.CONTROL)));
        try (Raw raw = new Raw(twin)) {
            assertThat(raw.refusal()).contains("another gateway has the number " + ID);
        }
        assertThat(isUp(gateway)).isTrue();
    }

    @ParameterizedTest
    @EnumSource(FrameType.class)
    void shouldCloseTheConnectionOfAGatewayThatSendsWhatIsNotARequest(FrameType type) throws Exception {
        if (type.isRequest()) {
            return;
        }
        try (Raw raw = new Raw(hello("test", ID, 1))) {
            assertThat(GatewayCodec.offer(raw.next())).isEqualTo(Gateways.OFFER);
            assertThat(node.gateways()).isEqualTo(1);
            ByteBuf frame = FrameWriter.begin(ALLOC, type, 1, 0);
            frame.writeZero(64);
            raw.socket.getOutputStream().write(bytes(FrameWriter.end(frame)));
            raw.awaitClose();
        }
        await("its place is free", () -> node.gateways() == 0);
        assertThat(inbox.asked).isEmpty();
    }

    @Test
    void shouldCloseTheConnectionOfAGatewayThatSpeaksForAnotherBoot() throws Exception {
        ClientMessage sound = new ClientMessage.OpenSession(9, 1);
        for (ClientMessage other :
                List.of(new ClientMessage.OpenSession(10, 1), new ClientMessage.KeepAlive(10, 2, List.of()))) {
            try (Raw raw = new Raw(hello("test", ID, 1))) {
                assertThat(raw.next().type()).isEqualTo(FrameType.GATEWAY_OK);
                raw.socket.getOutputStream().write(bytes(FrameWriter.client(ALLOC, 1, sound)));
                raw.socket.getOutputStream().write(bytes(FrameWriter.client(ALLOC, 1, other)));
                raw.awaitClose();
            }
            await("its place is free", () -> node.gateways() == 0);
        }
        assertThat(inbox.asked).containsExactly(new Asked(ID, sound), new Asked(ID, sound));
    }

    @Test
    void shouldReplaceAConnectionThatComesAgainOnItsLane() throws Exception {
        try (Raw first = new Raw(hello("test", ID, 1))) {
            assertThat(first.next().type()).isEqualTo(FrameType.GATEWAY_OK);
            try (Raw second = new Raw(hello("test", ID, 1))) {
                assertThat(second.next().type()).isEqualTo(FrameType.GATEWAY_OK);
                first.awaitClose();
                node.sendClient(1, ID, new ClientMessage.FlushReply(8, Status.OK, 1));
                node.flush();
                FrameReader reply = second.next();
                assertThat(reply.client()).isEqualTo(new ClientMessage.FlushReply(8, Status.OK, 1));
                assertThat(node.gateways()).isEqualTo(1);
            }
        }
        await("gone", () -> node.gateways() == 0);
    }
}
