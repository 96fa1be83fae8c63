package io.parablock.blockdev.nbd.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.parablock.blockdev.nbd.MemoryNbdBackend;
import io.parablock.blockdev.nbd.Nbd;
import io.parablock.blockdev.store.MemoryBlockStore;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.assertj.core.groups.Tuple;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the server tells of its exports and clients. */
@Timeout(30)
class ClientCountsTest {
    private static final long SIZE = 1 << 20;

    private final ConcurrentLinkedQueue<Long> receivedNs = new ConcurrentLinkedQueue<>();
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
                new MemoryNbdBackend("disk", new MemoryBlockStore(SIZE)),
                new NbdServerConfig(16, 2_000, 1 << 20, 3 << 20));
        server.onWriteReceived(receivedNs::add);
    }

    @AfterEach
    void stop() {
        server.close();
        loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }

    private RawClient connect() throws IOException {
        return new RawClient(server.address()).attached();
    }

    private NbdReadings.Export disk() {
        List<NbdReadings.Export> exports = server.exports();
        assertThat(exports).hasSize(1);
        return exports.get(0);
    }

    private NbdReadings.Command command(String op) {
        return disk().commands().stream()
                .filter(c -> c.op().equals(op))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void shouldNameAnExportThatNobodyHasAskedFor() {
        assertThat(disk().name()).isEqualTo("disk");
        assertThat(disk().connections()).isZero();
        assertThat(disk().commands())
                .extracting(NbdReadings.Command::op)
                .containsExactlyInAnyOrder(
                        "read", "write", "other", "flush", "trim", "prefetch", "zero", "block_status");
        assertThat(disk().commands()).allMatch(c -> c.requests() == 0 && c.bytes() == 0 && c.errors() == 0);
        assertThat(server.clients(10)).isEmpty();
    }

    @Test
    void shouldCountByCommandAndByClient() throws IOException {
        try (RawClient one = connect();
                RawClient other = connect()) {
            for (int i = 1; i <= 3; i++) {
                one.request(0, Nbd.CMD_WRITE, i, 0, 512);
                one.out.write(new byte[512]);
                assertThat(one.error(i)).isZero();
            }
            one.request(0, Nbd.CMD_READ, 4, 0, 4096);
            assertThat(one.error(4)).isZero();
            one.in.readNBytes(4096);
            other.request(0, Nbd.CMD_FLUSH, 5, 0, 0);
            assertThat(other.error(5)).isZero();
            other.request(0, Nbd.CMD_READ, 6, SIZE, 512);
            assertThat(other.error(6)).isEqualTo(Nbd.EINVAL);
            other.request(0, 99, 7, 0, 512);
            assertThat(other.error(7)).isEqualTo(Nbd.EINVAL);

            assertThat(disk().connections()).isEqualTo(2);
            assertThat(command("write")).isEqualTo(new NbdReadings.Command("write", 3, 1536, 0));
            assertThat(command("read")).isEqualTo(new NbdReadings.Command("read", 1, 4096, 1));
            assertThat(command("flush")).isEqualTo(new NbdReadings.Command("flush", 1, 0, 0));
            assertThat(command("other")).isEqualTo(new NbdReadings.Command("other", 0, 0, 1));
            assertThat(receivedNs).hasSize(3).allMatch(ns -> ns >= 0);

            List<NbdReadings.Client> clients = server.clients(10);
            assertThat(clients).hasSize(2).allSatisfy(c -> {
                assertThat(c.export()).isEqualTo("disk");
                assertThat(c.address()).startsWith("127.0.0.1:");
                assertThat(c.inFlight()).isZero();
                assertThat(c.sinceMs()).isPositive();
            });
            assertThat(clients)
                    .extracting(NbdReadings.Client::requests, NbdReadings.Client::bytes)
                    .containsExactlyInAnyOrder(Tuple.tuple(4L, 1536L + 4096), Tuple.tuple(1L, 0L));
            assertThat(server.clients(1)).hasSize(1);
        }
    }

    @Test
    void shouldForgetAClientThatHasGoneAndKeepWhatItDid() throws Exception {
        try (RawClient c = connect()) {
            c.request(0, Nbd.CMD_FLUSH, 1, 0, 0);
            assertThat(c.error(1)).isZero();
        }
        while (!server.clients(10).isEmpty()) {
            Thread.sleep(5);
        }
        assertThat(disk().connections()).isZero();
        assertThat(command("flush").requests()).isEqualTo(1);
    }
}
