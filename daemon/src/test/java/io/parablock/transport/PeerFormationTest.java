package io.parablock.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.parablock.blockdev.nbd.netty.TransportKind;
import io.parablock.raft.message.Message;
import io.parablock.replica.Formation;
import io.parablock.replica.Formation.Standing;
import io.parablock.replica.Formation.Verdict;
import io.parablock.replica.client.ClientMessage;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** Three nodes form their cluster (protocol.md §9) over loopback sockets. */
@Isolated("real time")
class PeerFormationTest {
    private static final long TIMEOUT_NS = TimeUnit.SECONDS.toNanos(15);
    private static final List<Integer> VOTERS = List.of(1, 2, 3);
    private static final Map<Integer, Long> MEMBERS = Map.of(1, 101L, 2, 102L, 3, 103L);
    private static final int LANES = 2;
    /** A wait of the greatest length would be a time-out here. */
    private static final PeerTransportConfig.Limits LIMITS =
            new PeerTransportConfig.Limits(100_000, 1 << 20, 64L << 20, 5, 30_000, 2_048, 400, 64);

    private final Map<Integer, InetSocketAddress> addresses = new ConcurrentHashMap<>();
    private final List<AutoCloseable> open = new ArrayList<>();

    /** A node without groups; its disk is {@code standing}. */
    private final class Peer implements PeerHandler, Doorkeeper, AutoCloseable {
        final Formation formation;
        final PeerTransport transport;
        final List<Message> heard = new ArrayList<>();
        final List<String> refusals = new ArrayList<>();
        volatile String stoppedBy = "";

        Peer(int id, long boot, String cluster, Standing disk) {
            this.formation = new Formation(id, VOTERS, disk);
            TransportKind kind = TransportKind.choose("auto").kind();
            EventLoopGroup loops = new MultiThreadIoEventLoopGroup(2, kind.ioHandler());
            open.add(() -> loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly());
            transport = PeerTransport.listen(
                    PeerTransportConfig.of(cluster, id, boot, addresses, LANES, LANES, LIMITS),
                    loops,
                    kind,
                    this,
                    this,
                    Gateways.NONE);
            open.add(this);
            transport.dial();
        }

        @Override
        public synchronized Standing standing() {
            return formation.standing();
        }

        @Override
        public synchronized Formation.Answer onHello(int sender, Standing said) {
            Formation.Answer answer = formation.onHello(sender, said);
            if (answer.verdict() == Verdict.FORM) {
                formation.formed(formation.wanted());
                return formation.onHello(sender, said);
            }
            if (answer.verdict() == Verdict.STRANGER) {
                stoppedBy = answer.line();
            } else if (answer.verdict() == Verdict.REFUSE) {
                refusals.add(answer.line());
            }
            return answer;
        }

        synchronized boolean isFormed() {
            return formation.isFormed();
        }

        synchronized boolean hasRefused(String text) {
            return refusals.stream().anyMatch(line -> line.contains(text));
        }

        boolean isConnectedTo(int... peers) {
            for (int peer : peers) {
                if (!transport.connected(peer)) {
                    return false;
                }
            }
            return true;
        }

        @Override
        public synchronized void onMessage(int groupId, int from, long disk, long boot, Message message) {
            assertThat(formation.isFormed()).isTrue();
            heard.add(message);
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

        @Override
        public boolean isOpen() {
            return isFormed();
        }

        @Override
        public void close() {
            transport.close();
        }
    }

    @BeforeEach
    void takePorts() throws IOException {
        addresses.putAll(FreePorts.of(VOTERS));
    }

    @AfterEach
    void closeAll() throws Exception {
        for (int i = open.size() - 1; i >= 0; i--) {
            open.get(i).close();
        }
    }

    private static Standing fresh(long incarnation) {
        return new Standing(incarnation, new TreeMap<>());
    }

    private static Standing member(int id) {
        return new Standing(100 + id, new TreeMap<>(MEMBERS));
    }

    private Peer start(int id, Standing disk) {
        return new Peer(id, System.nanoTime(), "test", disk);
    }

    private static void await(String what, BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + TIMEOUT_NS;
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as(what).isLessThan(end);
            Thread.sleep(2);
        }
    }

    @Test
    void shouldFormOnceTheLastOneIsThere() throws Exception {
        Peer one = start(1, fresh(101));
        Peer two = start(2, fresh(102));
        // Longer than the time-out of a hello: who has to wait keeps its connection.
        Thread.sleep(3 * LIMITS.helloTimeoutMs());
        assertThat(one.isFormed() || two.isFormed()).isFalse();
        assertThat(one.isConnectedTo(2) || two.isConnectedTo(1)).isFalse();
        long beganNs = System.nanoTime();
        Peer three = start(3, fresh(103));
        await("formed", () -> one.isFormed() && two.isFormed() && three.isFormed());
        await("connected", () -> one.isConnectedTo(2, 3) && two.isConnectedTo(1, 3) && three.isConnectedTo(1, 2));
        // The others had backed off: they dial at once because it said hello.
        assertThat(System.nanoTime() - beganNs).isLessThan(TimeUnit.SECONDS.toNanos(2));
        assertThat(three.standing()).isEqualTo(member(3));
        one.transport.send(1, 3, new Message.SyncAck(4));
        one.transport.flush();
        await("heard", () -> {
            synchronized (three) {
                return three.heard.size() == 1;
            }
        });
    }

    @Test
    void shouldFormWithAMemberThatRestarted() throws Exception {
        Peer one = start(1, member(1));
        // Node 2 had drawn its incarnation and died before it could note the others'.
        Peer two = start(2, fresh(102));
        await("let in", () -> two.isConnectedTo(1));
        assertThat(two.isFormed()).isFalse();
        Peer three = start(3, member(3));
        await("formed", two::isFormed);
        await("connected", () -> one.isConnectedTo(2, 3) && two.isConnectedTo(1, 3) && three.isConnectedTo(1, 2));
        assertThat(two.standing()).isEqualTo(member(2));
    }

    @Test
    void shouldKeepAWipedNodeOut() throws Exception {
        Peer one = start(1, member(1));
        Peer two = start(2, member(2));
        await("connected", () -> one.isConnectedTo(2) && two.isConnectedTo(1));
        Peer wiped = start(3, fresh(303));
        await("stops", () -> !wiped.stoppedBy.isEmpty());
        await("refused", () -> one.hasRefused("node 3 has a new disk") && two.hasRefused("node 3 has a new disk"));
        assertThat(wiped.stoppedBy).contains("another disk of node 3", "was wiped or replaced");
        assertThat(wiped.isFormed()).isFalse();
        assertThat(wiped.isConnectedTo(1) || wiped.isConnectedTo(2)).isFalse();
        assertThat(one.isConnectedTo(3) || two.isConnectedTo(3)).isFalse();
        assertThat(one.isConnectedTo(2) && two.isConnectedTo(1)).isTrue();
    }

    @Test
    void shouldNotMixTwoClustersOfOneName() throws Exception {
        Peer one = start(1, member(1));
        Peer other = start(2, new Standing(102, new TreeMap<>(Map.of(1, 501L, 2, 102L, 3, 503L))));
        await(
                "both refuse",
                () -> one.hasRefused("formed its cluster with other disks")
                        && other.hasRefused("node 1 has a new disk"));
        assertThat(one.isConnectedTo(2) || other.isConnectedTo(1)).isFalse();
    }

    @Test
    void shouldTellAPeerOfAnOlderVersion() throws Exception {
        Peer one = start(1, member(1));
        byte[] hello = helloOfVersion(1, "test", 2, 1);
        try (Socket s = new Socket(
                one.transport.address().getAddress(), one.transport.address().getPort())) {
            s.setSoTimeout(5_000);
            s.getOutputStream().write(hello);
            DataInputStream in = new DataInputStream(s.getInputStream());
            byte[] frame = new byte[Integer.reverseBytes(in.readInt())];
            in.readFully(frame);
            assertThat(FrameType.ofCode(frame[FrameDescriptor.TYPE - FrameDescriptor.LENGTH_BYTES]))
                    .isEqualTo(FrameType.REFUSED);
            assertThat(new String(frame, java.nio.charset.StandardCharsets.UTF_8))
                    .contains("peer protocol version 1, this node speaks " + Hello.VERSION);
            assertThat(in.read()).isEqualTo(-1);
        }
    }

    /** As this program no longer writes it. */
    private static byte[] helloOfVersion(int version, String cluster, int sender, int target) {
        io.netty.buffer.ByteBuf hello = FrameWriter.hello(
                io.netty.buffer.UnpooledByteBufAllocator.DEFAULT, new Hello(cluster, sender, target, 1, 0, fresh(1)));
        // It ended with the lane.
        int bytes = hello.readableBytes() - Long.BYTES - Integer.BYTES;
        hello.writerIndex(bytes);
        int meta = bytes - FrameDescriptor.META;
        hello.setIntLE(0, bytes - FrameDescriptor.LENGTH_BYTES);
        hello.setIntLE(FrameDescriptor.META_BYTES, meta);
        hello.setShortLE(FrameDescriptor.BODY + Long.BYTES, version);
        hello.setIntLE(FrameDescriptor.CRC, FrameWriter.crc(hello, FrameDescriptor.META_BYTES, meta + 4));
        byte[] out = new byte[bytes];
        hello.readBytes(out);
        hello.release();
        return out;
    }
}
