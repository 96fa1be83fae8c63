package io.parablock.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.parablock.blockdev.nbd.netty.TransportKind;
import io.parablock.raft.log.Entry;
import io.parablock.raft.log.EntryKind;
import io.parablock.raft.log.SlotRun;
import io.parablock.raft.message.Message;
import io.parablock.replica.Formation;
import io.parablock.replica.client.ClientMessage;
import io.parablock.transport.impair.LinkImpairment;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** Two nodes over loopback, one of whose lanes stands still, while what it was given looks sent. */
@Isolated("real time")
class StalledLaneTest {
    private static final int LANES = 3;
    private static final int STALLED = 1;
    private static final int GROUP = 5;
    private static final int FRAMES = 60;
    /** Of each frame on that lane. Its hello takes as long, and must come in time. */
    private static final long STALL_MS = 1_500;

    private static final long PATIENCE_MS = 10_000;

    private final List<AutoCloseable> open = new ArrayList<>();
    private final ConcurrentSkipListSet<Long> acknowledged = new ConcurrentSkipListSet<>();

    private static final class Peer implements PeerHandler {
        private final Consumer<Message> messages;

        Peer(Consumer<Message> messages) {
            this.messages = messages;
        }

        @Override
        public void onMessage(int groupId, int from, long disk, long boot, Message message) {
            messages.accept(message);
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
    }

    private static Doorkeeper formed(int id) {
        Formation.Standing standing = new Formation.Standing(100 + id, new TreeMap<>(Map.of(1, 101L, 2, 102L)));
        Formation formation = new Formation(id, List.of(1, 2), standing);
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

    private PeerTransport node(PeerTransportConfig config, Consumer<Message> messages) {
        TransportKind kind = TransportKind.choose("nio").kind();
        EventLoopGroup loops = new MultiThreadIoEventLoopGroup(2, kind.ioHandler());
        open.add(() -> loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly());
        PeerTransport t =
                PeerTransport.listen(config, loops, kind, new Peer(messages), formed(config.nodeId()), Gateways.NONE);
        open.add(t);
        t.dial();
        return t;
    }

    @AfterEach
    void closeAll() throws Exception {
        for (int i = open.size() - 1; i >= 0; i--) {
            open.get(i).close();
        }
    }

    private static void await(String what, BooleanSupplier done) throws InterruptedException {
        long beginNs = System.nanoTime();
        while (!done.getAsBoolean()) {
            assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - beginNs))
                    .as(what)
                    .isLessThan(PATIENCE_MS);
            Thread.sleep(1);
        }
    }

    @Test
    void shouldGiveNoMoreToALaneThatOthersHaveOvertaken() throws Exception {
        Map<Integer, InetSocketAddress> addresses = FreePorts.of(List.of(1, 2));
        PeerTransportConfig.Limits limits = PeerTransportConfig.Limits.DEFAULT;
        LaneImpairment stall = new LaneImpairment(
                new LinkImpairment(TimeUnit.MILLISECONDS.toNanos(STALL_MS), 0, 0, 0, 0, 0, 0),
                Set.of(STALLED),
                Set.of(2),
                4 << 20,
                1);
        PeerTransport[] second = new PeerTransport[1];
        PeerTransport first = node(
                PeerTransportConfig.of("test", 1, 7, addresses, LANES, LANES, limits)
                        .withImpairment(stall),
                message -> ((Message.AppendAck) message).slots().forEach(run -> acknowledged.add(run.first())));
        second[0] = node(PeerTransportConfig.of("test", 2, 8, addresses, LANES, LANES, limits), message -> {
            long slot = ((Message.Append) message).entries().get(0).slot();
            PeerTransport b = second[0];
            b.send(GROUP, 1, new Message.AppendAck(1, List.of(new SlotRun(slot, slot)), 1, 0, Long.MAX_VALUE));
            b.flush();
        });
        for (PeerTransport t : List.of(first, second[0])) {
            await(
                    "connected",
                    () -> t.readings().get(0).connected() && t.readings().get(0).lanesUp() == LANES);
        }
        long beginNs = System.nanoTime();
        for (int slot = 1; slot <= FRAMES; slot++) {
            Entry e = new Entry(slot, 1, EntryKind.TRIM, 0, 512, 7, slot, 0, 0, 0, new long[0]);
            first.send(
                    GROUP,
                    2,
                    new Message.Append(1, List.of(e), 1, new long[0], 1, new Message.CommitNotice(0, List.of(), 0)));
            first.flush();
            long sent = slot;
            await("all but one of " + slot + " acknowledged: " + acknowledged, () -> acknowledged.size() >= sent - 1);
        }
        await("the last acknowledgement", () -> acknowledged.size() >= FRAMES - 1);
        // In turn, a third of them would be late.
        assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - beginNs))
                .as("time that all but one of " + FRAMES + " take")
                .isLessThan(2 * STALL_MS);
    }
}
