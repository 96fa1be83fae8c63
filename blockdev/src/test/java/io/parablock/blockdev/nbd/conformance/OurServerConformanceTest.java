package io.parablock.blockdev.nbd.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.parablock.blockdev.nbd.MemoryNbdBackend;
import io.parablock.blockdev.nbd.netty.NbdServer;
import io.parablock.blockdev.nbd.netty.NbdServerConfig;
import io.parablock.blockdev.nbd.netty.TransportKind;
import io.parablock.blockdev.store.MemoryBlockStore;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The suite against our own server over memory. */
class OurServerConformanceTest {
    private static final long SIZE_BYTES = 64 << 20;
    private static final int CONNECTIONS_MAX = 64;
    private static final long IN_FLIGHT_BYTES_MAX = 64 << 20;
    private static final long TOTAL_BYTES_MAX = 256 << 20;
    private static final Duration HANDSHAKE_DEADLINE = Duration.ofSeconds(2);
    private static final BlockSizes SIZES = new BlockSizes(512, 4096, 32 << 20);

    @Test
    void shouldConform() {
        TransportKind kind = TransportKind.choose("auto").kind();
        EventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, kind.ioHandler());
        try (NbdServer server = NbdServer.listen(
                loops,
                kind,
                new InetSocketAddress("127.0.0.1", 0),
                new MemoryNbdBackend("disk", new MemoryBlockStore(SIZE_BYTES)),
                new NbdServerConfig(
                        CONNECTIONS_MAX, HANDSHAKE_DEADLINE.toMillis(), IN_FLIGHT_BYTES_MAX, TOTAL_BYTES_MAX))) {
            Target target = Target.of(server.address(), "disk", SIZE_BYTES)
                    .withSizes(SIZES)
                    .withHandshakeDeadline(HANDSHAKE_DEADLINE)
                    .withLongEffects();
            assertThat(ConformanceSuite.run(target)).filteredOn(Result::failed).isEmpty();
        } finally {
            loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
        }
    }
}
