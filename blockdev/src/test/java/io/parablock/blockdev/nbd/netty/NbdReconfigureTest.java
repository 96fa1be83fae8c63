package io.parablock.blockdev.nbd.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.parablock.blockdev.nbd.MemoryNbdBackend;
import io.parablock.blockdev.nbd.Nbd;
import io.parablock.blockdev.store.MemoryBlockStore;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Limits that change while clients are connected. */
class NbdReconfigureTest {
    /** Beyond what a client of these tests waits. */
    private static final int LONG_MS = 60_000;

    private static final int SHORT_MS = 100;
    private static final int CONNECTIONS = 16;

    private EventLoopGroup loops;
    private NbdServer server;

    @BeforeEach
    void start() {
        TransportKind kind = TransportKind.choose("auto").kind();
        loops = new MultiThreadIoEventLoopGroup(1, kind.ioHandler());
        server = NbdServer.listen(
                loops,
                kind,
                new InetSocketAddress("127.0.0.1", 0),
                new MemoryNbdBackend("disk", new MemoryBlockStore(1 << 20)),
                config(CONNECTIONS, LONG_MS));
    }

    @AfterEach
    void stop() {
        server.close();
        loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }

    private static NbdServerConfig config(int connectionsMax, int handshakeTimeoutMs) {
        return new NbdServerConfig(connectionsMax, handshakeTimeoutMs, 1 << 20, 64 << 20);
    }

    @Test
    void shouldChangeForClientsThatComeLater() throws Exception {
        try (RawClient before = new RawClient(server.address())) {
            server.reconfigure(config(CONNECTIONS, SHORT_MS));
            try (RawClient after = new RawClient(server.address())) {
                assertThat(after.isClosed()).as("the shorter time").isTrue();
            }
            before.flags(3).option(4711, new byte[1]);
            assertThat(before.reply(4711)).as("it has its own time").isEqualTo(Nbd.REP_ERR_UNSUP);
        }
    }

    @Test
    void shouldNotChangeWhatAllShare() {
        assertThatThrownBy(() -> server.reconfigure(config(CONNECTIONS + 1, SHORT_MS)))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
