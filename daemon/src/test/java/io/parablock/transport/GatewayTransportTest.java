package io.parablock.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.parablock.blockdev.nbd.netty.TransportKind;
import io.parablock.raft.log.EntryKind;
import io.parablock.replica.PeerSender;
import io.parablock.replica.client.ClientMessage;
import io.parablock.replica.client.ClientMessage.Status;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Gateways without a replica at one node, over loopback sockets. */
@Isolated("real time")
class GatewayTransportTest extends GatewayTransportFixture {
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

}
