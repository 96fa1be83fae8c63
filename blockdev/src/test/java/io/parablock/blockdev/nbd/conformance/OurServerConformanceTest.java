package io.parablock.blockdev.nbd.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.parablock.blockdev.nbd.MemoryNbdBackend;
import io.parablock.blockdev.nbd.NbdBackend;
import io.parablock.blockdev.nbd.NbdExport;
import io.parablock.blockdev.nbd.NbdSession;
import io.parablock.blockdev.nbd.netty.NbdServer;
import io.parablock.blockdev.nbd.netty.NbdServerConfig;
import io.parablock.blockdev.nbd.netty.TransportKind;
import io.parablock.blockdev.store.MemoryBlockStore;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The suite against our own server over memory: nothing fails, and nothing is left out. */
@Tag("second-jdk")
class OurServerConformanceTest {
    private static final long SIZE_BYTES = 64 << 20;
    private static final int CONNECTIONS_MAX = 64;
    private static final long IN_FLIGHT_BYTES_MAX = 64 << 20;
    private static final long TOTAL_BYTES_MAX = 256 << 20;
    private static final Duration HANDSHAKE_DEADLINE = Duration.ofSeconds(2);
    private static final BlockSizes SIZES = new BlockSizes(512, 4096, 32 << 20);
    private static final String WRITABLE = "disk";
    private static final String READ_ONLY = "archive";

    @TempDir
    private Path folder;

    private static final class TwoExports implements NbdBackend {
        private final NbdBackend writable = new MemoryNbdBackend(WRITABLE, new MemoryBlockStore(SIZE_BYTES));
        private final NbdBackend readOnly = new MemoryNbdBackend(READ_ONLY, new MemoryBlockStore(SIZE_BYTES), true);

        @Override
        public List<NbdExport> exports() {
            return List.of(writable.exports().get(0), readOnly.exports().get(0));
        }

        @Override
        public NbdSession attach(NbdExport export) {
            return (export.readOnly() ? readOnly : writable).attach(export);
        }
    }

    @Test
    void shouldConform() {
        TransportKind kind = TransportKind.choose("auto").kind();
        EventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, kind.ioHandler());
        UnixDomainSocketAddress unix = UnixDomainSocketAddress.of(folder.resolve("nbd.socket"));
        try (NbdServer server = NbdServer.listen(
                loops,
                kind,
                List.of(new InetSocketAddress("127.0.0.1", 0), unix),
                new TwoExports(),
                new NbdServerConfig(
                        CONNECTIONS_MAX, HANDSHAKE_DEADLINE.toMillis(), IN_FLIGHT_BYTES_MAX, TOTAL_BYTES_MAX))) {
            Target target = Target.of(server.address(), WRITABLE, SIZE_BYTES)
                    .withUnixAddress(unix)
                    .withReadOnlyExport(READ_ONLY)
                    .withSizes(SIZES)
                    .withHandshakeDeadline(HANDSHAKE_DEADLINE)
                    .withLongEffects();
            List<Result> results = ConformanceSuite.run(target);
            assertThat(results).hasSizeGreaterThan(300);
            assertThat(results)
                    .filteredOn(r -> r.outcome() != Result.Outcome.PASSED)
                    .isEmpty();
        } finally {
            loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
        }
    }
}
