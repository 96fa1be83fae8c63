package io.parablock.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.parablock.blockdev.nbd.Nbd;
import io.parablock.blockdev.nbd.NbdSession;
import io.parablock.metrics.RequestMeters;
import io.parablock.pipeline.GroupLoop;
import io.parablock.raft.message.Message;
import io.parablock.replica.PeerSender;
import io.parablock.replica.client.ClientMessage;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Answered writes may be lost (protocol.md §11): whoever may have written gets errors until it connects anew. */
class EndedSessionsTest {
    private static final long MS = 1_000_000;
    private static final int GROUP = 1;

    private final List<ClientMessage> sent = new ArrayList<>();
    private final List<String> ended = new ArrayList<>();
    private final Gateway gateway = new Gateway(
            1,
            5,
            new GatewayConfig(1 << 20, 32 << 20, 2, 4, 1_000 * MS, 20 * MS, 400 * MS, 5_000 * MS, 0),
            new Peers(),
            RequestMeters.NONE,
            UnpooledByteBufAllocator.DEFAULT,
            () -> 1_000 * MS);

    private final class Peers implements PeerSender {
        @Override
        public void send(int groupId, int to, Message message) {}

        @Override
        public void sendClient(int groupId, int to, ClientMessage message) {
            sent.add(message);
        }

        @Override
        public boolean connected(int peer) {
            return true;
        }
    }

    private static final class Here implements GroupLoop {
        @Override
        public void execute(Runnable input) {
            input.run();
        }

        @Override
        public boolean offer(Runnable input) {
            input.run();
            return true;
        }

        @Override
        public boolean inLoop() {
            return true;
        }

        @Override
        public void start() {}

        @Override
        public void close() {}
    }

    private NbdSession attach() {
        return gateway.attach(gateway.exports().get(0));
    }

    private void ask(NbdSession s, String name) {
        s.read(0, 512, (error, content) -> ended.add(name + " read " + error));
        ByteBuf payload = Unpooled.directBuffer(512).writeZero(512);
        s.write(0, payload, false, error -> ended.add(name + " write " + error));
        s.flush(error -> ended.add(name + " flush " + error));
        if (ended.contains(name + " write " + Nbd.EIO)) {
            assertThat(payload.refCnt()).isZero();
        }
    }

    @Test
    void shouldFailEveryRequestOfTheClientsOfThen() {
        gateway.addGroup(GROUP, new Here());
        gateway.addVolume("disk", 1 << 20, 1 << 20, false, List.of(GROUP));
        gateway.onLeader(GROUP, 2);
        NbdSession old = attach();
        ask(old, "waiting");
        assertThat(ended).isEmpty();
        gateway.endSessions(GROUP);
        assertThat(ended)
                .containsExactlyInAnyOrder(
                        "waiting read " + Nbd.EIO, "waiting write " + Nbd.EIO, "waiting flush " + Nbd.EIO);
        ended.clear();
        sent.clear();
        ask(old, "old");
        assertThat(ended)
                .containsExactlyInAnyOrder("old read " + Nbd.EIO, "old write " + Nbd.EIO, "old flush " + Nbd.EIO);
        assertThat(sent).isEmpty();
        NbdSession fresh = attach();
        fresh.read(0, 512, (error, content) -> ended.add("fresh read " + error));
        assertThat(sent).anyMatch(m -> m instanceof ClientMessage.Read);
        gateway.endSessions(GROUP);
    }
}
