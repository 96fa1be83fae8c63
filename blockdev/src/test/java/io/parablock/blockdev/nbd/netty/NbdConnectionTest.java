package io.parablock.blockdev.nbd.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.util.concurrent.GlobalEventExecutor;
import io.parablock.blockdev.nbd.Nbd;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** One connection without a socket: what comes in is in exactly these pieces. */
class NbdConnectionTest {
    private final HoldingBackend backend = new HoldingBackend(1 << 20);
    private final AllClients all = new AllClients(NbdServerConfig.DEFAULT, GlobalEventExecutor.INSTANCE);
    private final NbdConnection connection = new NbdConnection(backend, NbdServerConfig.DEFAULT, all);
    private final EmbeddedChannel channel = new EmbeddedChannel(connection);

    private static ByteBuf request(int type, long cookie) {
        return request(type, cookie, 512);
    }

    private static ByteBuf request(int type, long cookie, int length) {
        return Unpooled.buffer()
                .writeInt(Nbd.REQUEST_MAGIC)
                .writeShort(0)
                .writeShort(type)
                .writeLong(cookie)
                .writeLong(0)
                .writeInt(length);
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

    /** As a socket would: writeInbound() would give the tasks a turn too. */
    private void receiveReads(int count, int length) {
        ByteBuf reads = Unpooled.buffer();
        for (int i = 0; i < count; i++) {
            ByteBuf each = request(Nbd.CMD_READ, i, length);
            reads.writeBytes(each);
            each.release();
        }
        channel.pipeline().fireChannelRead(reads);
        channel.pipeline().fireChannelReadComplete();
    }

    private void answerAll(int length) {
        int requests = backend.begun.size();
        backend.begun.forEach(begun -> begun.answer().run());
        ByteBuf replies = sent();
        assertThat(replies.readableBytes()).isEqualTo(requests * (16 + length));
        replies.release();
    }

    @Test
    void shouldBeginSoManyRequestsInATurnAndTheOthersInTheNextOnes() {
        attach();
        int requests = 5 * TurnLimit.REQUESTS_MAX / 2;
        receiveReads(requests, 512);
        for (int turn = 1; turn <= 2; turn++) {
            assertThat(backend.begun).hasSize(turn * TurnLimit.REQUESTS_MAX);
            assertThat(channel.config().isAutoRead()).isFalse();
            channel.runPendingTasks();
        }
        assertThat(backend.begun).hasSize(requests);
        assertThat(channel.config().isAutoRead()).isTrue();
        answerAll(512);
        assertThat(channel.close().isSuccess()).isTrue();
    }

    @Test
    void shouldBeginSoManyBytesInATurn() {
        attach();
        int length = 96 << 10;
        receiveReads(8, length);
        for (int begun = 3; begun < 8; begun += 3) {
            assertThat(backend.begun).hasSize(begun);
            channel.runPendingTasks();
        }
        assertThat(backend.begun).hasSize(8);
        answerAll(length);
        assertThat(channel.close().isSuccess()).isTrue();
    }

    @Test
    void shouldBeginNothingMoreForAClientThatHasGone() {
        attach();
        channel.freezeTime();
        for (int i = 0; i < LeavingClients.AT_ONCE_MAX; i++) {
            all.ends(channel.eventLoop()).end(new EmbeddedChannel());
        }
        int length = (int) TurnLimit.BYTES_MAX / 2;
        receiveReads(8, length);
        assertThat(backend.begun).hasSize(2);
        channel.pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
        for (int i = 0; i < 5; i++) {
            channel.runPendingTasks();
        }
        assertThat(channel.isOpen()).as("its turn has not come").isTrue();
        assertThat(channel.config().isAutoRead()).isFalse();
        assertThat(backend.begun).hasSize(2);
        assertThat(all.budget().inWorkBytes()).isZero();
        backend.begun.remove().answer().run();
        channel.advanceTimeBy(LeavingClients.PAUSE_MS, TimeUnit.MILLISECONDS);
        channel.runPendingTasks();
        assertThat(channel.isOpen()).isFalse();
        backend.begun.remove().answer().run();
        assertThat(backend.begun).isEmpty();
        assertThat(all.leaving()).isZero();
        assertThat(all.budget().inWorkBytes()).isZero();
        sent().release();
    }
}
