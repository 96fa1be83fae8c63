package io.parablock.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.channel.embedded.EmbeddedChannel;
import io.parablock.blockdev.nbd.netty.TransportKind;
import io.parablock.replica.client.ClientMessage;
import io.parablock.replica.client.ClientMessage.Status;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Which gateways a node lets in, and which connections it closes. */
@Isolated("real time")
@Tag("one-jdk")
class GatewayConnectionTest extends GatewayTransportFixture {
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
