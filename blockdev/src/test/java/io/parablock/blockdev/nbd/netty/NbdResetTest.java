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
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A client that resets its connection right behind what it sends is gone, whatever the server waits for. */
class NbdResetTest {
    private static final int CLIENTS = 50;
    private static final long TIMEOUT_MS = 60_000;
    private static final long NOTICED_MS = 5_000;

    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void shouldNoticeAResetThatComesWithData(TransportKind kind) throws Exception {
        assumeTrue(isAvailable(kind), kind + " is not available here");
        EventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, kind.ioHandler());
        try (NbdServer server = NbdServer.listen(
                loops,
                kind,
                new InetSocketAddress("127.0.0.1", 0),
                new MemoryNbdBackend("disk", new MemoryBlockStore(1 << 20)),
                new NbdServerConfig(2 * CLIENTS, TIMEOUT_MS, 1 << 20, 1 << 20))) {
            for (int i = 0; i < CLIENTS; i++) {
                reset(server.address(), i % 2 == 0);
            }
            long deadlineNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(NOTICED_MS);
            while (server.connections() > 0 && System.nanoTime() < deadlineNs) {
                Thread.sleep(10);
            }
            assertThat(server.connections()).isZero();
        } finally {
            loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
        }
    }

    private static boolean isAvailable(TransportKind kind) {
        try {
            return TransportKind.choose(kind.label()).kind() == kind;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** In the middle of an option, or of a request's header. */
    private static void reset(InetSocketAddress address, boolean attached) throws IOException {
        try (Socket socket = new Socket(address.getAddress(), address.getPort())) {
            socket.setTcpNoDelay(true);
            assertThat(socket.getInputStream().readNBytes(18)).hasSize(18);
            byte[] name = attached ? new byte[] {'d', 'i', 's', 'k'} : new byte[3000];
            ByteBuffer option = ByteBuffer.allocate(4 + 16 + name.length);
            option.putInt(Nbd.FIXED_NEWSTYLE | Nbd.NO_ZEROES).putLong(Nbd.IHAVEOPT);
            option.putInt(attached ? Nbd.OPT_EXPORT_NAME : Nbd.OPT_GO);
            option.putInt(attached ? name.length : -1).put(name);
            socket.setSoLinger(true, 0);
            socket.getOutputStream().write(option.array());
            if (attached) {
                assertThat(socket.getInputStream().readNBytes(10)).hasSize(10);
                socket.getOutputStream().write(new byte[] {0x25, 0x60, (byte) 0x95, 0x13, 0, 0});
            }
        }
    }
}
