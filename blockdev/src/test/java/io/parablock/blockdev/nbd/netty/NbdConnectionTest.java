package io.parablock.blockdev.nbd.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.concurrent.GlobalEventExecutor;
import io.parablock.blockdev.nbd.Nbd;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** One connection without a socket: what comes in is in exactly these pieces. */
class NbdConnectionTest {
    private final HoldingBackend backend = new HoldingBackend(1 << 20);
    private final NbdConnection connection = new NbdConnection(
            backend, NbdServerConfig.DEFAULT, new AllClients(NbdServerConfig.DEFAULT, GlobalEventExecutor.INSTANCE));
    private final EmbeddedChannel channel = new EmbeddedChannel(connection);

    private static ByteBuf request(int type, long cookie) {
        return Unpooled.buffer()
                .writeInt(Nbd.REQUEST_MAGIC)
                .writeShort(0)
                .writeShort(type)
                .writeLong(cookie)
                .writeLong(0)
                .writeInt(512);
    }

    private ByteBuf sent() {
        channel.runPendingTasks();
        ByteBuf all = Unpooled.buffer();
        for (ByteBuf each = channel.readOutbound(); each != null; each = channel.readOutbound()) {
            all.writeBytes(each);
            each.release();
        }
        return all;
    }

    @Test
    void shouldRefuseRequestsWhenTheStopCameInTheMiddleOfTheLastOption() {
        byte[] name = "disk".getBytes(StandardCharsets.UTF_8);
        channel.writeInbound(Unpooled.buffer()
                .writeInt(3)
                .writeLong(Nbd.IHAVEOPT)
                .writeInt(Nbd.OPT_GO)
                .writeInt(Integer.BYTES + name.length + Short.BYTES));
        assertThat(connection.stop()).isNotDone();
        channel.runPendingTasks();
        channel.writeInbound(
                Unpooled.buffer().writeInt(name.length).writeBytes(name).writeShort(0));
        sent().release();
        channel.writeInbound(request(Nbd.CMD_READ, 7));
        ByteBuf reply = sent();
        assertThat(reply.readInt()).isEqualTo(Nbd.SIMPLE_REPLY_MAGIC);
        assertThat(reply.readInt()).isEqualTo(Nbd.ESHUTDOWN);
        assertThat(reply.readLong()).isEqualTo(7);
        assertThat(channel.close().isSuccess()).isTrue();
    }

    private void attach() {
        byte[] name = "disk".getBytes(StandardCharsets.UTF_8);
        channel.writeInbound(Unpooled.buffer()
                .writeInt(3)
                .writeLong(Nbd.IHAVEOPT)
                .writeInt(Nbd.OPT_EXPORT_NAME)
                .writeInt(name.length)
                .writeBytes(name));
        sent().release();
    }

    @Test
    void shouldBeginSoManyRequestsInATurnAndTheOthersInTheNextOnes() {
        attach();
        int requests = 5 * Transmission.TURN_REQUESTS_MAX / 2;
        ByteBuf all = Unpooled.buffer();
        for (int i = 0; i < requests; i++) {
            ByteBuf each = request(Nbd.CMD_READ, i);
            all.writeBytes(each);
            each.release();
        }
        // As a socket would: writeInbound() would give the tasks a turn too.
        channel.pipeline().fireChannelRead(all);
        channel.pipeline().fireChannelReadComplete();
        assertThat(backend.begun).hasSize(Transmission.TURN_REQUESTS_MAX);
        assertThat(channel.config().isAutoRead()).isFalse();
        channel.runPendingTasks();
        assertThat(backend.begun).hasSize(requests);
        assertThat(channel.config().isAutoRead()).isTrue();
        backend.begun.forEach(begun -> begun.answer().run());
        ByteBuf replies = sent();
        assertThat(replies.readableBytes()).isEqualTo(requests * (16 + 512));
        replies.release();
        assertThat(channel.close().isSuccess()).isTrue();
    }
}
