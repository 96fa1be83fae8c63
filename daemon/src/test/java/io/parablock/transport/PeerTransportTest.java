package io.parablock.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.parablock.blockdev.nbd.netty.TransportKind;
import io.parablock.raft.log.Entry;
import io.parablock.raft.log.EntryKind;
import io.parablock.raft.message.Message;
import io.parablock.replica.Formation;
import io.parablock.replica.client.ClientMessage;
import io.parablock.transport.impair.LinkImpairment;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Two nodes, and peers that are none, over loopback sockets of each kind that works here. */
@Isolated("real time")
class PeerTransportTest {
    private static final ByteBufAllocator ALLOC = PooledByteBufAllocator.DEFAULT;
    private static final long TIMEOUT_NS = TimeUnit.SECONDS.toNanos(15);
    private static final int FRAME_BYTES_MAX = 100_000;
    private static final long QUEUE_BYTES_MAX = 1 << 20;
    private static final int LANES = 3;
    private static final long LATE_MS = 200;
    private static final PeerTransportConfig.Limits LIMITS =
            new PeerTransportConfig.Limits(FRAME_BYTES_MAX, QUEUE_BYTES_MAX, 64L << 20, 5, 50, 2_048, 400, 64);
    private static final Message.CommitNotice NO_COMMIT = new Message.CommitNotice(0, List.of(), 0);

    private final Map<Integer, InetSocketAddress> addresses = new HashMap<>();
    private final List<AutoCloseable> open = new ArrayList<>();

    static Stream<TransportKind> kinds() {
        return Stream.of(TransportKind.values()).filter(k -> {
            try {
                return TransportKind.choose(k.label()).kind() == k;
            } catch (IllegalArgumentException notHere) {
                return false;
            }
        });
    }

    private record Received(int from, long boot, Message message) {}

    private static final class Inbox implements PeerHandler {
        final ConcurrentLinkedQueue<Received> messages = new ConcurrentLinkedQueue<>();

        @Override
        public void onMessage(int groupId, int from, long disk, long boot, Message message) {
            messages.add(new Received(from, boot, message));
        }

        @Override
        public void onClient(int groupId, int from, ClientMessage message) {
            throw new AssertionError("nobody sent " + message);
        }

        @Override
        public void onConnected(int peer, boolean up) {}

        @Override
        public void onGateway(int gateway) {
            throw new AssertionError("nobody is gateway " + gateway);
        }

        @Override
        public void onReadComplete() {}

        List<Entry> entries() {
            List<Entry> out = new ArrayList<>();
            for (Received r : messages) {
                if (r.message() instanceof Message.Append a) {
                    out.addAll(a.entries());
                } else if (r.message() instanceof Message.Entries e) {
                    out.addAll(e.entries());
                }
            }
            return out;
        }

        void release() {
            entries().forEach(e -> ((ByteBuf) e.payload).release());
        }
    }

    @BeforeEach
    void takePorts() throws IOException {
        addresses.putAll(FreePorts.of(List.of(1, 2)));
    }

    @AfterEach
    void closeAll() throws Exception {
        for (int i = open.size() - 1; i >= 0; i--) {
            open.get(i).close();
        }
    }

    private PeerTransport node(TransportKind kind, int id, long boot, Inbox inbox) {
        return node(kind, PeerTransportConfig.of("test", id, boot, addresses, LANES, LANES, LIMITS), inbox);
    }

    private PeerTransport node(TransportKind kind, PeerTransportConfig config, Inbox inbox) {
        EventLoopGroup loops = new MultiThreadIoEventLoopGroup(2, kind.ioHandler());
        open.add(() -> loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly());
        PeerTransport t = PeerTransport.listen(config, loops, kind, inbox, formed(config.nodeId()), Gateways.NONE);
        open.add(t);
        t.dial();
        return t;
    }

    private static Formation.Standing standing(int id) {
        return new Formation.Standing(100 + id, new TreeMap<>(Map.of(1, 101L, 2, 102L)));
    }

    /** Of a node of a cluster that has formed. */
    private static Doorkeeper formed(int id) {
        Formation formation = new Formation(id, List.of(1, 2), standing(id));
        return new Doorkeeper() {
            @Override
            public Formation.Standing standing() {
                return formation.standing();
            }

            @Override
            public Formation.Answer onHello(int sender, Formation.Standing said) {
                return formation.onHello(sender, said);
            }

            @Override
            public boolean isOpen() {
                return true;
            }
        };
    }

    private static void await(String what, BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + TIMEOUT_NS;
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as(what).isLessThan(end);
            Thread.sleep(2);
        }
    }

    private static boolean isFree(InetSocketAddress address) {
        try (ServerSocket probe = new ServerSocket()) {
            probe.setReuseAddress(true);
            probe.bind(address);
            return true;
        } catch (IOException taken) {
            return false;
        }
    }

    private static boolean isUp(PeerTransport t) {
        PeerTransport.PeerReading r = t.readings().get(0);
        return r.connected() && r.lanesUp() == LANES;
    }

    private static Entry entry(long slot, int bytes) {
        byte[] content = new byte[bytes];
        new Random(slot).nextBytes(content);
        ByteBuf p = ALLOC.directBuffer(bytes, bytes).writeBytes(content);
        Entry e = new Entry(
                slot, 1, EntryKind.WRITE, 0, bytes, 1, slot, 1, FrameWriter.crc(p, 0, bytes), bytes, new long[0]);
        e.payload = p;
        return e;
    }

    private static Message.Append append(List<Entry> entries) {
        return new Message.Append(1, entries, 1, new long[0], 1, NO_COMMIT);
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void shouldCarryOnePayloadBufferToThePeerOverAllLanes(TransportKind kind) throws Exception {
        Inbox inbox = new Inbox();
        PeerTransport a = node(kind, 1, 7, new Inbox());
        node(kind, 2, 8, inbox);
        await("connected", () -> isUp(a));
        List<Entry> sent = new ArrayList<>();
        for (int slot = 1; slot <= 12; slot++) {
            sent.add(entry(slot, 4096));
            a.send(5, 2, append(List.of(sent.get(slot - 1))));
        }
        a.send(5, 2, new Message.Heartbeat(1, 9, NO_COMMIT));
        a.flush();
        await("all received", () -> inbox.messages.size() == 13);
        assertThat(inbox.messages).allMatch(r -> r.from() == 1 && r.boot() == 7);
        for (Entry e : inbox.entries()) {
            assertThat(e.payload).isEqualTo(sent.get((int) e.slot() - 1).payload);
        }
        inbox.release();
        await("nothing queued", () -> a.readings().get(0).queuedBytes() == 0);
        for (Entry e : sent) {
            ByteBuf p = (ByteBuf) e.payload;
            await("only the sender's reference is left", () -> p.refCnt() == 1);
            p.release();
        }
    }

    /** An append on each lane; one lane is late. */
    @ParameterizedTest
    @MethodSource("kinds")
    void shouldHoldBackTheLanesThatAreBadOnPurpose(TransportKind kind) throws Exception {
        LaneImpairment wrong = new LaneImpairment(
                new LinkImpairment(TimeUnit.MILLISECONDS.toNanos(LATE_MS), 0, 0, 0, 0, 0, 0),
                Set.of(1),
                Set.of(2),
                64 << 10,
                1);
        Inbox inbox = new Inbox();
        PeerTransport a = node(
                kind,
                PeerTransportConfig.of("test", 1, 7, addresses, LANES, LANES, LIMITS)
                        .withImpairment(wrong),
                new Inbox());
        node(kind, 2, 8, inbox);
        await("connected", () -> isUp(a));
        long sentNs = System.nanoTime();
        List<Entry> sent = new ArrayList<>();
        for (int slot = 1; slot <= LANES; slot++) {
            sent.add(entry(slot, 4096));
            a.send(5, 2, append(List.of(sent.get(slot - 1))));
        }
        a.flush();
        assertThat(System.nanoTime() - sentNs)
                .as("the sender waits for nothing")
                .isLessThan(LATE_MS * 1_000_000);
        await("nothing queued", () -> a.readings().get(0).queuedBytes() == 0);
        await("all received", () -> inbox.messages.size() == LANES);
        assertThat(System.nanoTime() - sentNs).isGreaterThanOrEqualTo(LATE_MS * 1_000_000);
        assertThat(inbox.entries()).extracting(Entry::slot).containsExactlyInAnyOrder(1L, 2L, 3L);
        inbox.release();
        for (Entry e : sent) {
            ByteBuf p = (ByteBuf) e.payload;
            await("only the sender's reference is left", () -> p.refCnt() == 1);
            p.release();
        }
    }

    @Test
    void shouldMeanOnlyTheLanesAndPeersThatAreNamed() {
        LinkImpairment late = new LinkImpairment(1, 0, 0, 0, 0, 0, 0);
        LaneImpairment some = new LaneImpairment(late, Set.of(LaneImpairment.CONTROL, 2), Set.of(3), 1, 1);
        assertThat(some.link(1, 3, LaneImpairment.CONTROL)).isNotNull();
        assertThat(some.link(1, 3, 2)).isNotNull();
        assertThat(some.link(1, 3, 0)).isNull();
        assertThat(some.link(1, 2, 2)).isNull();
        LaneImpairment all = new LaneImpairment(late, Set.of(), Set.of(), 1, 1);
        assertThat(all.link(1, 2, LaneImpairment.CONTROL)).isNotNull();
        assertThat(all.link(1, 3, 0)).isNotNull();
        LinkImpairment nothing = new LinkImpairment(0, 0, 0, 9, 0, 9, 0);
        assertThat(new LaneImpairment(nothing, Set.of(), Set.of(), 1, 1).link(1, 2, 0))
                .isNull();
        assertThat(some).hasToString("lanes [control, 2] to peers [3]: delay 1.0E-6 ms; seed 1");
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void shouldFindARestartedPeerAgain(TransportKind kind) throws Exception {
        Inbox inbox = new Inbox();
        PeerTransport a = node(kind, 1, 7, inbox);
        PeerTransport b = node(kind, 2, 8, new Inbox());
        await("connected", () -> isUp(a) && isUp(b));
        b.close();
        await("seen to be gone", () -> !a.connected(2));
        // A registered listener of the JDK goes with its selector's next turn, after its channel says that it is
        // closed.
        await("port free", () -> isFree(addresses.get(2)));
        PeerTransport again = node(kind, 2, 9, new Inbox());
        await("connected again", () -> isUp(a) && isUp(again));
        again.send(1, 1, new Message.SyncAck(3));
        again.flush();
        await("received", () -> !inbox.messages.isEmpty());
        assertThat(inbox.messages.peek()).isEqualTo(new Received(2, 9, new Message.SyncAck(3)));
        assertThat(a.readings().get(0).reconnects()).isEqualTo(2);
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void shouldSplitOrRefuseWhatThePeerWouldCut(TransportKind kind) throws Exception {
        Inbox inbox = new Inbox();
        PeerTransport a = node(kind, 1, 7, new Inbox());
        node(kind, 2, 8, inbox);
        await("connected", () -> isUp(a));
        List<Entry> four = List.of(entry(1, 40_000), entry(2, 40_000), entry(3, 40_000), entry(4, 40_000));
        Entry large = entry(5, FRAME_BYTES_MAX);
        a.send(1, 2, append(List.of(large)));
        a.send(1, 2, append(four));
        a.send(1, 2, new Message.Entries(1, four));
        a.flush();
        await("two halves of each", () -> inbox.messages.size() == 4);
        assertThat(inbox.entries()).extracting(Entry::slot).containsExactlyInAnyOrder(1L, 2L, 3L, 4L, 1L, 2L, 3L, 4L);
        assertThat(a.readings().get(0).refusedFrames()).isEqualTo(1);
        assertThat(isUp(a)).isTrue();
        inbox.release();
        assertThat(((ByteBuf) large.payload).release()).isTrue();
        await("nothing queued", () -> a.readings().get(0).queuedBytes() == 0);
        for (Entry e : four) {
            ByteBuf p = (ByteBuf) e.payload;
            await("only the sender's reference is left", () -> p.refCnt() == 1);
            p.release();
        }
    }

    // ---------------------------------------------------------------- peers that are none

    private static byte[] bytes(ByteBuf frame) {
        byte[] out = new byte[frame.readableBytes()];
        frame.readBytes(out);
        frame.release();
        return out;
    }

    private static byte[] hello(String cluster, int sender, int target) {
        return bytes(FrameWriter.hello(ALLOC, new Hello(cluster, sender, target, 1, 0, standing(sender))));
    }

    private static byte[] otherVersion() {
        ByteBuf hello = FrameWriter.hello(ALLOC, new Hello("test", 2, 1, 1, 0, standing(2)));
        hello.setShortLE(FrameDescriptor.BODY + 8, Hello.VERSION + 1);
        int meta = hello.getIntLE(FrameDescriptor.META_BYTES);
        hello.setIntLE(FrameDescriptor.CRC, FrameWriter.crc(hello, FrameDescriptor.META_BYTES, meta + 4));
        return bytes(hello);
    }

    private static byte[] afterHello(byte[] frame) {
        byte[] hello = hello("test", 2, 1);
        byte[] out = java.util.Arrays.copyOf(hello, hello.length + frame.length);
        System.arraycopy(frame, 0, out, hello.length, frame.length);
        return out;
    }

    private static byte[] badCrc() {
        byte[] frame = bytes(FrameWriter.message(ALLOC, 1, new Message.SyncAck(1)));
        frame[frame.length - 1] ^= 1;
        return afterHello(frame);
    }

    private static Map<String, byte[]> badPeers() {
        byte[] random = new byte[8_192];
        new Random(3).nextBytes(random);
        return Map.of(
                "another cluster", hello("other", 2, 1),
                "for another node", hello("test", 2, 3),
                "a stranger", hello("test", 9, 1),
                "this node itself", hello("test", 1, 1),
                "another version", otherVersion(),
                "random bytes", random,
                "a large hello", new byte[] {0, 0, 0, 1},
                "a large frame", afterHello(new byte[] {0, 0, 0, 0x7f}),
                "a bad CRC", badCrc(),
                "silence", new byte[0]);
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void shouldCloseEveryBadPeerAndKeepTheGoodOne(TransportKind kind) throws Exception {
        Inbox inbox = new Inbox();
        PeerTransport a = node(kind, 1, 7, inbox);
        PeerTransport b = node(kind, 2, 8, new Inbox());
        await("connected", () -> isUp(b));
        for (Map.Entry<String, byte[]> bad : badPeers().entrySet()) {
            try (Socket s = new Socket(a.address().getAddress(), a.address().getPort())) {
                s.setSoTimeout(5_000);
                try {
                    s.getOutputStream().write(bad.getValue());
                    // A time-out of this read is the failure.
                    s.getInputStream().readAllBytes();
                } catch (SocketException reset) {
                    assertThat(reset).as(bad.getKey()).isNotInstanceOf(java.net.ConnectException.class);
                }
            }
        }
        assertThat(inbox.messages).isEmpty();
        assertThat(isUp(b)).isTrue();
        b.send(1, 1, new Message.SyncAck(1));
        b.flush();
        await("the good one is heard", () -> inbox.messages.size() == 1);
    }

    /** Accepts node 1's connections by hand. */
    private final class RawPeer {
        final ServerSocket listener = new ServerSocket();

        RawPeer() throws IOException {
            listener.setReuseAddress(true);
            listener.setReceiveBufferSize(16 << 10);
            listener.bind(addresses.get(2));
            listener.setSoTimeout(10_000);
            open.add(listener);
        }

        Socket accept() throws IOException {
            Socket s = listener.accept();
            s.setSoTimeout(10_000);
            open.add(s);
            return s;
        }
    }

    private static FrameType readFrame(Socket s) throws IOException {
        DataInputStream in = new DataInputStream(s.getInputStream());
        byte[] frame = new byte[Integer.reverseBytes(in.readInt())];
        in.readFully(frame);
        return FrameType.ofCode(frame[FrameDescriptor.TYPE - FrameDescriptor.LENGTH_BYTES]);
    }

    /** The lane of the hello. */
    private static int readHello(Socket s) throws IOException {
        DataInputStream in = new DataInputStream(s.getInputStream());
        byte[] frame = new byte[Integer.reverseBytes(in.readInt())];
        in.readFully(frame);
        // What follows the lane: an incarnation, two members, and no changed seats.
        int standingBytes = 8 + 4 + 2 * Hello.MEMBER_BYTES + 4;
        return java.nio.ByteBuffer.wrap(frame)
                .order(java.nio.ByteOrder.LITTLE_ENDIAN)
                .getInt(frame.length - standingBytes - 4);
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void shouldBoundWhatIsQueuedForASlowReader(TransportKind kind) throws Exception {
        RawPeer peer = new RawPeer();
        PeerTransport a = node(kind, 1, 7, new Inbox());
        Socket control = null;
        for (int i = 0; i <= LANES; i++) {
            Socket s = peer.accept();
            if (readHello(s) == Lane.CONTROL) {
                control = s;
            }
            s.getOutputStream().write(bytes(FrameWriter.helloOk(ALLOC)));
        }
        assertThat(control).isNotNull();
        await("connected", () -> isUp(a));
        Entry e = entry(1, 64 << 10);
        long most = 0;
        for (int i = 0; i < 400; i++) {
            a.send(1, 2, append(List.of(e)));
            a.flush();
            // The most: what the socket's buffers still take may go out before anybody looks again.
            most = Math.max(most, a.readings().get(0).queuedBytes());
        }
        assertThat(most).isBetween(QUEUE_BYTES_MAX, LANES * (QUEUE_BYTES_MAX + FRAME_BYTES_MAX));
        a.send(1, 2, new Message.Heartbeat(1, 9, NO_COMMIT));
        a.flush();
        assertThat(readFrame(control)).isEqualTo(FrameType.HEARTBEAT);
        a.close();
        await("the queued frames are let go", () -> ((ByteBuf) e.payload).refCnt() == 1);
        ((ByteBuf) e.payload).release();
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void shouldCloseLanesThatAreStillInTheirHandshake(TransportKind kind) throws Exception {
        RawPeer peer = new RawPeer();
        PeerTransport a = node(kind, 1, 7, new Inbox());
        List<Socket> lanes = new ArrayList<>();
        for (int i = 0; i <= LANES; i++) {
            Socket s = peer.accept();
            readHello(s);
            lanes.add(s);
        }
        a.close();
        for (Socket s : lanes) {
            // Well before the dialler would give up on the answer.
            s.setSoTimeout(1_000);
            assertThat(s.getInputStream().read()).isEqualTo(-1);
        }
    }
}
