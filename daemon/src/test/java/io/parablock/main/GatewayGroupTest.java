package io.parablock.main;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.parablock.blockdev.nbd.Nbd;
import io.parablock.blockdev.nbd.NbdSession;
import io.parablock.events.EventLog;
import io.parablock.gateway.Gateway;
import io.parablock.gateway.GatewayConfig;
import io.parablock.metrics.RequestMeters;
import io.parablock.pipeline.GroupLoop;
import io.parablock.raft.message.Message;
import io.parablock.replica.PeerSender;
import io.parablock.replica.client.ClientMessage;
import io.parablock.replica.client.ClientMessage.Status;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** One group of a gateway without a replica, against a leader that is played by hand. */
class GatewayGroupTest {
    private static final int GROUP = 1;
    private static final int LEADER = 2;
    private static final long SESSION = 77;

    private final List<String> wire = new ArrayList<>();
    private final List<ClientMessage> sent = new ArrayList<>();
    private final List<Integer> ended = new ArrayList<>();

    private final class Members implements PeerSender {
        @Override
        public void send(int groupId, int to, Message message) {
            throw new AssertionError("a gateway is no member");
        }

        @Override
        public void sendClient(int groupId, int to, ClientMessage message) {
            sent.add(message);
            wire.add(to + " " + message.getClass().getSimpleName());
            if (message instanceof ClientMessage.Mutate m && m.payload() != null) {
                m.payload().release();
            }
        }

        @Override
        public boolean connected(int peer) {
            return true;
        }

        @Override
        public void flush() {
            wire.add("flush");
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

    private static void write(NbdSession client, List<Integer> ended) {
        ByteBuf payload = Unpooled.directBuffer(512).writeZero(512);
        client.write(0, payload, false, ended::add);
    }

    @Test
    void shouldCloseItsSessionsBeforeItStops() {
        Members members = new Members();
        Gateway gateway = new Gateway(
                70_000,
                5,
                GatewayConfig.defaults(),
                members,
                RequestMeters.NONE,
                UnpooledByteBufAllocator.DEFAULT,
                () -> 1_000_000_000L);
        GatewayGroup group = new GatewayGroup(GROUP, gateway, members, new EventLog(16), cause -> {
            throw new AssertionError(cause);
        });
        group.bind(new Here());
        gateway.addGroup(GROUP, new Here());
        gateway.addVolume("disk", 1 << 20, 1 << 20, false, List.of(GROUP));
        group.onReply(LEADER, new ClientMessage.LeaderNotice(3, true, 0));
        NbdSession client = gateway.attach(gateway.exports().get(0));
        write(client, ended);
        ClientMessage.OpenSession open = (ClientMessage.OpenSession) sent.get(0);
        group.onReply(LEADER, new ClientMessage.SessionOpened(open.nonce(), SESSION, Status.OK, LEADER));
        group.onReply(LEADER, new ClientMessage.MutateReply(SESSION, 1, Status.OK, LEADER));
        write(client, ended);
        assertThat(ended).containsExactly(0);
        wire.clear();

        assertThat(group.stop()).isCompletedWithValue(true);

        assertThat(ended).containsExactly(0, Nbd.EIO);
        assertThat(sent).last().isEqualTo(new ClientMessage.CloseSession(SESSION));
        assertThat(wire).containsExactly(LEADER + " CloseSession", "flush");
        client.detach();
        assertThat(wire).as("the client's own end comes late").hasSize(2);
    }
}
