package io.parablock.blockdev.nbd.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.parablock.blockdev.nbd.Nbd;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Many leave at once, with requests in work, over every transport: each tells of the end of a connection in its own way. */
@Tag("one-jdk")
class NbdLeavingTest {
    private static final int CROWD = 1_500;
    private static final int NEWCOMERS = 100;
    private static final int GREETING_BYTES = 18;
    private static final int ATTACHED_BYTES = 10;
    private static final int TIMEOUT_MS = 30_000;

    private final List<Socket> crowd = new ArrayList<>();
    private final HoldingBackend backend = new HoldingBackend(1 << 20);
    private EventLoopGroup loops;
    private NbdServer server;

    private void start(TransportKind kind, int connectionsMax) {
        assumeTrue(isAvailable(kind), kind + " is not available here");
        loops = new MultiThreadIoEventLoopGroup(1, kind.ioHandler());
        server = NbdServer.listen(
                loops,
                kind,
                new InetSocketAddress("127.0.0.1", 0),
                backend,
                new NbdServerConfig(
                        connectionsMax, TIMEOUT_MS, 1 << 20, 64 << 20, 30, 60_000, StopReply.ESHUTDOWN, 0, CROWD));
    }

    private static boolean isAvailable(TransportKind kind) {
        try {
            return TransportKind.choose(kind.label()).kind() == kind;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    @AfterEach
    void stop() throws IOException {
        for (Socket each : crowd) {
            each.close();
        }
        if (server != null) {
            server.close();
            loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
        }
    }

    private static void await(String what, BooleanSupplier done) throws InterruptedException {
        long deadlineNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(TIMEOUT_MS);
        while (!done.getAsBoolean()) {
            assertThat(System.nanoTime()).as("timed out: " + what).isLessThan(deadlineNs);
            Thread.sleep(1);
        }
    }

    private Socket connect() throws IOException {
        Socket socket =
                new Socket(server.address().getAddress(), server.address().getPort());
        crowd.add(socket);
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(TIMEOUT_MS);
        return socket;
    }

    /** The handshake and, behind it, a READ. */
    private void connectWithARequest() throws IOException {
        Socket socket = connect();
        ByteBuffer all = ByteBuffer.allocate(4 + 16 + 4 + 28);
        all.putInt(Nbd.FIXED_NEWSTYLE | Nbd.NO_ZEROES).putLong(Nbd.IHAVEOPT).putInt(Nbd.OPT_EXPORT_NAME);
        all.putInt(4).put(new byte[] {'d', 'i', 's', 'k'});
        all.putInt(Nbd.REQUEST_MAGIC).putShort((short) 0).putShort((short) Nbd.CMD_READ);
        all.putLong(7).putLong(0).putInt(4096);
        socket.getOutputStream().write(all.array());
        assertThat(socket.getInputStream().readNBytes(GREETING_BYTES + ATTACHED_BYTES))
                .hasSize(GREETING_BYTES + ATTACHED_BYTES);
    }

    /** So that all have left when the event loop looks at its sockets again; one in {@code resetEach} with a reset. */
    private void leaveAtOnce(int resetEach) throws Exception {
        CountDownLatch left = new CountDownLatch(1);
        loops.next().execute(() -> {
            try {
                left.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        try {
            for (int i = 0; i < crowd.size(); i++) {
                if (i % resetEach == resetEach - 1) {
                    crowd.get(i).setSoLinger(true, 0);
                }
                crowd.get(i).close();
            }
            crowd.clear();
        } finally {
            left.countDown();
        }
    }

    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void shouldKeepNothingOfACrowdThatHasLeft(TransportKind kind) throws Exception {
        start(kind, 2 * CROWD);
        try (RawClient other = new RawClient(server.address()).attached()) {
            for (int i = 0; i < CROWD; i++) {
                connectWithARequest();
            }
            await("the requests", () -> backend.begun.size() == CROWD);
            leaveAtOnce(3);
            other.request(0, Nbd.CMD_FLUSH, 1, 0, 0);
            await("the other's request", () -> backend.begun.size() == CROWD + 1);
            await("the ends", () -> server.connections() == 1 && server.leaving() == 0);
            assertThat(server.inWorkBytes()).isEqualTo(512);
            backend.begun.forEach(begun -> begun.answer().run());
            assertThat(other.error(1)).isZero();
            assertThat(other.in.available()).as("an answer for somebody else").isZero();
            await("the end of the work", () -> server.inWorkBytes() == 0);
            assertThat(server.waiting()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void shouldLetOthersInForThoseWhoseEndWaits(TransportKind kind) throws Exception {
        start(kind, CROWD);
        for (int i = 0; i < CROWD; i++) {
            connect();
        }
        for (Socket each : crowd) {
            assertThat(each.getInputStream().readNBytes(GREETING_BYTES)).hasSize(GREETING_BYTES);
        }
        leaveAtOnce(CROWD + 1);
        await("all to leave", () -> server.connections() == server.leaving());
        for (int i = 0; i < NEWCOMERS; i++) {
            Socket socket = connect();
            assertThat(socket.getInputStream().readNBytes(GREETING_BYTES)).hasSize(GREETING_BYTES);
        }
        await("the ends", () -> server.connections() == NEWCOMERS && server.leaving() == 0);
    }

    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void shouldEndAClientThatOnlyReadsAnyMore(TransportKind kind) throws Exception {
        start(kind, 2);
        connectWithARequest();
        Socket socket = crowd.get(0);
        socket.shutdownOutput();
        assertThat(socket.getInputStream().read()).isEqualTo(-1);
        await("the end", () -> server.connections() == 0);
        assertThat(server.inWorkBytes()).isZero();
        backend.begun.forEach(begun -> begun.answer().run());
    }
}
