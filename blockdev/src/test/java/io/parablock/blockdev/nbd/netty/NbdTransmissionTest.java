package io.parablock.blockdev.nbd.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.channel.ChannelException;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.parablock.blockdev.nbd.MemoryNbdBackend;
import io.parablock.blockdev.nbd.Nbd;
import io.parablock.blockdev.nbd.NbdBackend;
import io.parablock.blockdev.nbd.ReplyMode;
import io.parablock.blockdev.nbd.netty.RawClient.Chunk;
import io.parablock.blockdev.store.MemoryBlockStore;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Structured and extended replies, listeners, limits and the stop, over sockets. */
@Tag("one-jdk")
class NbdTransmissionTest {
    private static final long SIZE = 8L << 30;
    private static final int BLOCK = Nbd.BLOCK_PREFERRED;
    private static final InetSocketAddress ANY_PORT = new InetSocketAddress("127.0.0.1", 0);

    @TempDir
    private Path dir;

    private TransportKind kind = TransportKind.choose("auto").kind();
    private EventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, kind.ioHandler());
    private final MemoryBlockStore store = new MemoryBlockStore(SIZE);
    private final NbdBackend disk = new MemoryNbdBackend("disk", store);
    private NbdServer server = listen(disk, NbdServerConfig.DEFAULT);

    private NbdServer listen(NbdBackend backend, NbdServerConfig config) {
        return NbdServer.listen(loops, kind, ANY_PORT, backend, config);
    }

    @AfterEach
    void stop() {
        server.close();
        loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }

    private RawClient connect() throws IOException {
        return new RawClient(server.address());
    }

    private static void await(String what, BooleanSupplier done) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!done.getAsBoolean()) {
            assertThat(System.nanoTime()).as("timed out: " + what).isLessThan(deadline);
            LockSupport.parkNanos(1_000_000);
        }
    }

    private static byte[] random(int bytes) {
        byte[] out = new byte[bytes];
        new Random(bytes).nextBytes(out);
        return out;
    }

    @ParameterizedTest
    @EnumSource(names = {"STRUCTURED", "EXTENDED"})
    void shouldSendZerosAsHolesAndContentInOnePieceIfAskedTo(ReplyMode mode) throws IOException {
        byte[] content = random(64 << 10);
        store.write(BLOCK, ByteBuffer.wrap(content));
        try (RawClient c = connect().flags(3)) {
            RawClient chunked = mode == ReplyMode.EXTENDED ? c.extended() : c.structured();
            assertThat(chunked.attach() & Nbd.FLAG_SEND_DF).isNotZero();
            int n = content.length + 2 * BLOCK;
            c.request(0, Nbd.CMD_READ, 1, 0, n);
            Chunk hole = c.chunk(1, 0);
            assertThat(hole.type()).isEqualTo(Nbd.REPLY_OFFSET_HOLE);
            assertThat(hole.content().getLong()).isZero();
            assertThat(hole.content().getInt(8)).isEqualTo(BLOCK);
            Chunk bytes = c.chunk(1, 0);
            assertThat(bytes.type()).isEqualTo(Nbd.REPLY_OFFSET_DATA);
            assertThat(bytes.content().getLong()).isEqualTo(BLOCK);
            assertThat(Arrays.copyOfRange(bytes.payload(), 8, 8 + content.length))
                    .isEqualTo(content);
            assertThat(bytes.isDone()).isFalse();
            assertThat(c.chunk(1, 0).isDone()).isTrue();

            c.request(Nbd.CMD_FLAG_DF, Nbd.CMD_READ, 2, 0, n);
            Chunk whole = c.chunk(2, 0);
            assertThat(whole.isDone()).isTrue();
            assertThat(whole.payload()).hasSize(8 + n);

            c.request(0, Nbd.CMD_READ, 3, SIZE, 512);
            Chunk error = c.chunk(3, SIZE);
            assertThat(error.error()).isEqualTo(Nbd.EINVAL);
            assertThat(error.isDone()).isTrue();
        }
    }

    @Test
    void shouldTellTheAllocationInBothForms() throws IOException {
        store.write(BLOCK, ByteBuffer.wrap(random(BLOCK)));
        try (RawClient c = connect().flags(3).structured()) {
            c.selectAllocation();
            int unused = c.attach();
            c.request(0, Nbd.CMD_BLOCK_STATUS, 1, 0, (1L << 32) - 512);
            ByteBuffer runs = c.chunk(1, 0).content();
            assertThat(ints(runs))
                    .containsExactly(
                            Nbd.BASE_ALLOCATION_ID, BLOCK, 3, BLOCK, 0, (int) ((1L << 32) - 512 - 2 * BLOCK), 3);
            c.request(Nbd.CMD_FLAG_REQ_ONE, Nbd.CMD_BLOCK_STATUS, 2, BLOCK, 3 * BLOCK);
            assertThat(ints(c.chunk(2, BLOCK).content())).containsExactly(Nbd.BASE_ALLOCATION_ID, BLOCK, 0);
            c.request(0, Nbd.CMD_BLOCK_STATUS, 3, SIZE, 512);
            assertThat(c.chunk(3, SIZE).error()).isEqualTo(Nbd.EINVAL);
        }
        try (RawClient c = connect().flags(3).extended()) {
            c.selectAllocation();
            int unused = c.attach();
            c.request(0, Nbd.CMD_BLOCK_STATUS, 1, 2 * BLOCK, SIZE - 2 * BLOCK);
            Chunk status = c.chunk(1, 2 * BLOCK);
            assertThat(status.type()).isEqualTo(Nbd.REPLY_BLOCK_STATUS_EXT);
            ByteBuffer b = status.content();
            assertThat(b.getInt()).isEqualTo(Nbd.BASE_ALLOCATION_ID);
            assertThat(b.getInt()).isEqualTo(1);
            assertThat(b.getLong()).isEqualTo(SIZE - 2 * BLOCK);
            assertThat(b.getLong()).isEqualTo(Nbd.STATE_HOLE | Nbd.STATE_ZERO);
            assertThat(b.hasRemaining()).isFalse();
        }
        try (RawClient c = connect().flags(3).structured()) {
            int unused = c.attach();
            c.request(0, Nbd.CMD_BLOCK_STATUS, 1, 0, 512);
            assertThat(c.chunk(1, 0).error()).as("no context").isEqualTo(Nbd.EINVAL);
        }
    }

    private static List<Integer> ints(ByteBuffer b) {
        Integer[] out = new Integer[b.remaining() / 4];
        Arrays.setAll(out, i -> b.getInt(4 * i));
        return List.of(out);
    }

    @Test
    void shouldWriteAndZeroUnderExtendedHeaders() throws IOException {
        byte[] content = random(BLOCK);
        try (RawClient c = connect().flags(3).extended()) {
            int unused = c.attach();
            c.request(Nbd.CMD_FLAG_PAYLOAD_LEN | Nbd.CMD_FLAG_FUA, Nbd.CMD_WRITE, 1, BLOCK, BLOCK);
            c.out.write(content);
            assertThat(c.chunk(1, BLOCK).type()).isEqualTo(Nbd.REPLY_NONE);
            ByteBuffer read = ByteBuffer.allocate(BLOCK);
            store.read(BLOCK, read);
            assertThat(read.array()).isEqualTo(content);
            c.request(Nbd.CMD_FLAG_FAST_ZERO, Nbd.CMD_WRITE_ZEROES, 2, 0, SIZE);
            assertThat(c.chunk(2, 0).isDone()).isTrue();
            assertThat(store.allocatedBytes()).isZero();
            c.request(Nbd.CMD_FLAG_NO_HOLE, Nbd.CMD_WRITE_ZEROES, 3, 0, 3 << 20);
            assertThat(c.chunk(3, 0).isDone()).isTrue();
            assertThat(store.allocatedBytes()).isEqualTo(3 << 20);
            c.request(0, Nbd.CMD_TRIM, 4, 0, SIZE);
            assertThat(c.chunk(4, 0).isDone()).isTrue();
            assertThat(store.allocatedBytes()).isZero();
            c.request(0, Nbd.CMD_CACHE, 5, 0, SIZE);
            assertThat(c.chunk(5, 0).isDone()).isTrue();
            c.request(0, Nbd.CMD_FLUSH, 6, 0, 0);
            assertThat(c.chunk(6, 0).isDone()).isTrue();
        }
    }

    @Test
    void shouldServeAReadOnlyExport() throws IOException {
        server.close();
        server = listen(new MemoryNbdBackend("disk", store, true), NbdServerConfig.DEFAULT);
        try (RawClient c = connect().flags(3)) {
            int flags = c.attach();
            assertThat(flags & Nbd.FLAG_READ_ONLY).isNotZero();
            assertThat(flags & (Nbd.FLAG_SEND_TRIM | Nbd.FLAG_SEND_WRITE_ZEROES))
                    .isZero();
            c.request(0, Nbd.CMD_WRITE, 1, 0, 512);
            c.out.write(new byte[512]);
            assertThat(c.error(1)).isEqualTo(Nbd.EPERM);
            c.request(0, Nbd.CMD_READ, 2, 0, 512);
            assertThat(c.error(2)).isZero();
            c.in.skipNBytes(512);
        }
    }

    private void use(TransportKind other) {
        server.close();
        try {
            assertThat(TransportKind.choose(other.label()).kind()).isEqualTo(other);
        } catch (IllegalArgumentException notHere) {
            // io_uring and epoll need a kernel and natives; nio is everywhere, and is never skipped.
            assumeTrue(false, notHere.getMessage());
        }
        loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
        loops = new MultiThreadIoEventLoopGroup(1, other.ioHandler());
        kind = other;
    }

    @ParameterizedTest
    @EnumSource
    void shouldLeaveTheUnixSocketOfItsSuccessor(TransportKind other) throws IOException {
        use(other);
        Path path = dir.resolve("nbd.sock");
        UnixDomainSocketAddress unix = UnixDomainSocketAddress.of(path);
        server = NbdServer.listen(loops, kind, unix, disk, NbdServerConfig.DEFAULT);
        try (var names = Files.list(dir)) {
            assertThat(names).containsExactly(path);
        }
        // The successor begins while this one has not quite ended.
        Files.delete(path);
        try (NbdServer successor = NbdServer.listen(loops, kind, unix, disk, NbdServerConfig.DEFAULT)) {
            server.close();
            try (RawClient c = new RawClient(unix).attached()) {
                c.request(0, Nbd.CMD_FLUSH, 1, 0, 0);
                assertThat(c.error(1)).isZero();
                assertThat(successor.connections()).isEqualTo(1);
            }
        }
        assertThat(path).doesNotExist();
    }

    @ParameterizedTest
    @EnumSource
    void shouldListenOnTcpAndOnAUnixSocketOverThatOfADeadProcess(TransportKind other) throws IOException {
        use(other);
        Path path = dir.resolve("nbd.sock");
        UnixDomainSocketAddress unix = UnixDomainSocketAddress.of(path);
        try (var dead = java.nio.channels.ServerSocketChannel.open(java.net.StandardProtocolFamily.UNIX)) {
            dead.bind(unix);
        }
        assertThat(path).exists();
        List<SocketAddress> both = List.of(unix, ANY_PORT);
        server = NbdServer.listen(loops, kind, both, disk, NbdServerConfig.DEFAULT);
        assertThat(server.addresses()).hasSize(2);
        for (SocketAddress a : server.addresses()) {
            try (RawClient c = new RawClient(a).attached()) {
                c.request(0, Nbd.CMD_FLUSH, 1, 0, 0);
                assertThat(c.error(1)).isZero();
            }
        }
        assertThatThrownBy(() -> NbdServer.listen(loops, kind, unix, disk, NbdServerConfig.DEFAULT))
                .hasMessageContaining("in use");
        server.close();
        assertThat(path).doesNotExist();
        Files.writeString(path, "a file");
        assertThatThrownBy(() -> NbdServer.listen(loops, kind, unix, disk, NbdServerConfig.DEFAULT))
                .hasMessageContaining("no socket");
        assertThat(path).exists();
    }

    @Test
    void shouldNameTheAddressAtWhichItCannotListen() {
        assertThatThrownBy(() -> NbdServer.listen(loops, kind, server.address(), disk, NbdServerConfig.DEFAULT))
                .isInstanceOf(ChannelException.class)
                .hasMessageContaining("" + server.address().getPort())
                .hasMessageContaining("in use");
        Path nowhere = dir.resolve("absent").resolve("nbd.sock");
        assertThatThrownBy(() -> NbdServer.listen(
                        loops, kind, UnixDomainSocketAddress.of(nowhere), disk, NbdServerConfig.DEFAULT))
                .isInstanceOf(ChannelException.class)
                .hasMessageContaining("absent");
    }

    /** Every connection has been told then: the server waits for them, and the one loop has run what it was given before. */
    private void awaitStopping(Thread stopping) {
        await("the grace", () -> stopping.getState() == Thread.State.TIMED_WAITING);
        loops.next().submit(() -> {}).syncUninterruptibly();
    }

    @Test
    void shouldFinishWhatIsOutstandingWhenItStopsAndRefuseTheRest() throws Exception {
        server.close();
        HoldingBackend held = new HoldingBackend(SIZE);
        server = listen(held, NbdServerConfig.DEFAULT);
        try (RawClient c = connect().attached();
                RawClient late = connect().flags(3)) {
            c.request(0, Nbd.CMD_READ, 1, 0, 512);
            await("the read", () -> held.begun.size() == 1);
            Thread stopping = new Thread(() -> server.stop(10_000));
            stopping.start();
            awaitStopping(stopping);
            assertThatThrownBy(this::connect).isInstanceOf(IOException.class);
            late.option(Nbd.OPT_LIST, new byte[0]);
            assertThat(late.reply(Nbd.OPT_LIST)).isEqualTo(Nbd.REP_ERR_SHUTDOWN);
            c.request(0, Nbd.CMD_WRITE, 2, 0, 512);
            c.out.write(new byte[512]);
            assertThat(c.error(2)).isEqualTo(Nbd.ESHUTDOWN);
            assertThat(stopping.isAlive()).isTrue();
            held.begun.remove().answer().run();
            assertThat(c.error(1)).isZero();
            c.in.skipNBytes(512);
            assertThat(c.isClosed()).isTrue();
            stopping.join(10_000);
            assertThat(stopping.isAlive()).isFalse();
        }
    }

    /** What was received is carried out and answered, a payload under way included; what is behind is not read. */
    @ParameterizedTest
    @EnumSource
    void shouldEndTheStreamBehindTheLastReplyIfToldTo(TransportKind other) throws Exception {
        use(other);
        HoldingBackend held = new HoldingBackend(SIZE);
        server = listen(held, new NbdServerConfig(16, 30_000, 33 << 20, 64 << 20, 30, 60_000, StopReply.CLOSE, 0, 128));
        int large = 4 << 20;
        Thread stopping = new Thread(() -> server.stop(30_000));
        try (RawClient c = connect().attached()) {
            try (RawClient idle = connect().attached()) {
                c.request(0, Nbd.CMD_READ, 1, 0, large);
                await("the read", () -> held.begun.size() == 1);
                c.request(0, Nbd.CMD_WRITE, 2, 0, BLOCK);
                c.out.write(new byte[BLOCK / 2]);
                await("a payload under way", () -> server.inWorkBytes() == large + BLOCK);
                stopping.start();
                awaitStopping(stopping);
                assertThat(idle.in.read()).as("nothing is outstanding").isEqualTo(-1);
            }
            c.out.write(new byte[BLOCK / 2]);
            for (int i = 3; i < 100; i++) {
                c.request(0, Nbd.CMD_READ, i, 0, BLOCK);
            }
            await("the write", () -> held.begun.size() == 2);
            held.begun.remove().answer().run();
            held.begun.remove().answer().run();
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
            assertThat(c.error(1)).isZero();
            c.in.skipNBytes(large);
            assertThat(c.error(2)).isZero();
            assertThat(c.in.read()).as("no answer to the others, and no reset").isEqualTo(-1);
            assertThat(held.begun).isEmpty();
        }
        stopping.join(10_000);
        assertThat(stopping.isAlive()).isFalse();
    }

    @Test
    void shouldCloseAClientThatTakesNoRepliesAndServeTheOthers() throws IOException {
        server.close();
        server = listen(
                disk, new NbdServerConfig(16, 2_000, 33 << 20, 64 << 20, 30, 2_000, StopReply.ESHUTDOWN, 0, 128));
        store.write(0, ByteBuffer.wrap(random(1 << 20)));
        try (RawClient slow = connect().attached();
                RawClient good = connect().attached()) {
            for (int i = 0; i < 200; i++) {
                slow.request(0, Nbd.CMD_READ, i, 0, 1 << 20);
            }
            await("its replies fill the queue", () -> server.inWorkBytes() == 0);
            good.request(0, Nbd.CMD_READ, 1, 0, 1 << 20);
            assertThat(good.error(1)).isZero();
            good.in.skipNBytes(1 << 20);
            await("the slow one is closed", () -> server.connections() == 1);
            good.request(0, Nbd.CMD_FLUSH, 2, 0, 0);
            assertThat(good.error(2)).isZero();
        }
    }

    @Test
    void shouldCloseAClientThatSendsNothingOfItsPayload() throws IOException {
        server.close();
        server = listen(
                disk, new NbdServerConfig(16, 2_000, 33 << 20, 33 << 20, 30, 2_000, StopReply.ESHUTDOWN, 0, 128));
        try (RawClient halfWay = connect().attached();
                RawClient good = connect().attached()) {
            halfWay.request(0, Nbd.CMD_WRITE, 1, 0, 32 << 20);
            halfWay.out.write(new byte[1 << 20]);
            await("its room is set aside", () -> server.inWorkBytes() == 32 << 20);
            good.request(0, Nbd.CMD_READ, 1, 0, 2 << 20);
            assertThat(good.error(1)).as("waits until the other one is closed").isZero();
            good.in.skipNBytes(2 << 20);
            assertThat(halfWay.isClosed()).isTrue();
            assertThat(store.allocatedBytes()).as("nothing of it was written").isZero();
        }
    }

    @Test
    void shouldGoOnWithAClientThatTakesItsRepliesLate() throws IOException {
        byte[] content = random(1 << 20);
        store.write(0, ByteBuffer.wrap(content));
        try (RawClient slow = connect().attached()) {
            int all = 100;
            for (int i = 0; i < all; i++) {
                slow.request(0, Nbd.CMD_READ, i, 0, 1 << 20);
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(300));
            for (int i = 0; i < all; i++) {
                assertThat(slow.error(i)).isZero();
                assertThat(slow.in.readNBytes(1 << 20)).isEqualTo(content);
            }
        }
    }

    @Test
    void shouldRefuseConnectionsAboveTheCap() throws IOException {
        server.close();
        server = listen(disk, new NbdServerConfig(1, 2_000, 33 << 20, 64 << 20));
        try (RawClient first = connect().attached()) {
            first.request(0, Nbd.CMD_FLUSH, 1, 0, 0);
            assertThat(first.error(1)).isZero();
            assertThatThrownBy(this::connect).isInstanceOf(IOException.class);
        }
    }
}
