package io.parablock.blockdev.nbd.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.parablock.blockdev.nbd.MemoryNbdBackend;
import io.parablock.blockdev.nbd.Nbd;
import io.parablock.blockdev.store.MemoryBlockStore;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Many come at once, over every transport: each takes back what it has already asked the kernel for in its own way. */
@Tag("one-jdk")
class NbdAcceptTest {
    private static final int CROWD = 700;
    private static final int GREETING_BYTES = 18;
    private static final int TIMEOUT_MS = 30_000;

    private final List<Socket> crowd = new ArrayList<>();
    private EventLoopGroup loops;
    private NbdServer server;

    private void start(TransportKind kind, int connectionsMax, int perSecond) {
        assumeTrue(isAvailable(kind), kind + " is not available here");
        loops = new MultiThreadIoEventLoopGroup(1, kind.ioHandler());
        server = NbdServer.listen(
                loops,
                kind,
                new InetSocketAddress("127.0.0.1", 0),
                new MemoryNbdBackend("disk", new MemoryBlockStore(1 << 20)),
                new NbdServerConfig(
                        connectionsMax,
                        TIMEOUT_MS,
                        1 << 20,
                        64 << 20,
                        30,
                        60_000,
                        StopReply.ESHUTDOWN,
                        perSecond,
                        2 * CROWD));
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

    private void come(int count) throws IOException {
        for (int i = 0; i < count; i++) {
            Socket socket =
                    new Socket(server.address().getAddress(), server.address().getPort());
            crowd.add(socket);
            socket.setSoTimeout(TIMEOUT_MS);
        }
    }

    private int greeted() throws IOException {
        int greeted = 0;
        for (Socket each : crowd) {
            try {
                greeted += each.getInputStream().readNBytes(GREETING_BYTES).length == GREETING_BYTES ? 1 : 0;
            } catch (SocketException reset) {
                // Told the end before it was read from.
                assertThat(reset).hasMessageContaining("reset");
            }
        }
        return greeted;
    }

    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void shouldLetACrowdInAtThePaceAndServeOthersMeanwhile(TransportKind kind) throws IOException {
        int perSecond = 1_000;
        start(kind, 2 * CROWD, perSecond);
        try (RawClient other = new RawClient(server.address()).attached()) {
            long beganNs = System.nanoTime();
            come(CROWD);
            other.request(0, Nbd.CMD_FLUSH, 1, 0, 0);
            assertThat(other.error(1)).isZero();
            long connected = server.connections();
            long tookNs = System.nanoTime() - beganNs;
            assertThat(connected)
                    .as("let in within %d ns", tookNs)
                    .isLessThanOrEqualTo(
                            1 + AcceptPace.AT_ONCE_MAX + 1 + tookNs * perSecond / TimeUnit.SECONDS.toNanos(1));
            assertThat(greeted()).isEqualTo(CROWD);
            long leastNs = TimeUnit.SECONDS.toNanos(CROWD - AcceptPace.AT_ONCE_MAX) / perSecond;
            assertThat(System.nanoTime() - beganNs).isGreaterThanOrEqualTo(leastNs);
            assertThat(server.connections()).isEqualTo(CROWD + 1);
        }
    }

    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void shouldGoOnTakingThoseWhoComeLater(TransportKind kind) throws IOException {
        start(kind, 2 * CROWD, 2_000);
        for (int i = 0; i < 3; i++) {
            come(CROWD / 4);
            assertThat(greeted()).isEqualTo(CROWD / 4);
            stopCrowd();
        }
    }

    private void stopCrowd() throws IOException {
        for (Socket each : crowd) {
            each.close();
        }
        crowd.clear();
    }

    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void shouldRefuseThoseForWhomThereIsNoRoom(TransportKind kind) throws IOException {
        start(kind, 100, 2_000);
        come(300);
        assertThat(greeted()).isEqualTo(100);
        assertThat(server.connections()).isEqualTo(100);
    }

    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void shouldTellThoseWhoStillWaitTheEnd(TransportKind kind) throws IOException {
        start(kind, CROWD, 1);
        come(300);
        server.close();
        assertThat(greeted()).isLessThanOrEqualTo(AcceptPace.AT_ONCE_MAX + 1);
    }
}
