package io.parablock.blockdev.nbd.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.parablock.blockdev.nbd.MemoryNbdBackend;
import io.parablock.blockdev.nbd.Nbd;
import io.parablock.blockdev.store.MemoryBlockStore;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Clients that announce more than all may have in work, and send next to nothing of it. */
class NbdSilentAnnouncersTest {
    private static final int CONNECTIONS_MAX = 64;
    private static final int SILENT = 20;
    /** Eight large payloads, as with the defaults of a node. */
    private static final long TOTAL = 8L * Nbd.PAYLOAD_MAX;

    /** The reserve takes the room of one. */
    private static final int WAITING = SILENT - 7;

    private static final int BLOCK = 4096;
    private static final int DEPTH = 32;
    private static final int ROUNDS = 5;
    private static final long WAIT_MS = 10_000;

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
                new MemoryNbdBackend("disk", new MemoryBlockStore(64 << 20)),
                new NbdServerConfig(CONNECTIONS_MAX, WAIT_MS, 33L << 20, TOTAL));
    }

    @AfterEach
    void stop() {
        server.close();
        loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }

    @Test
    void shouldNotHoldUpTheSmallRequestsOfOthers() throws Exception {
        List<RawClient> silent = new ArrayList<>();
        try (RawClient early = new RawClient(server.address()).attached()) {
            for (int i = 0; i < SILENT; i++) {
                RawClient c = new RawClient(server.address()).attached();
                silent.add(c);
                c.request(0, Nbd.CMD_WRITE, i, 0, Nbd.PAYLOAD_MAX);
            }
            long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(WAIT_MS);
            while (server.waiting() < WAITING) {
                assertThat(System.nanoTime()).isLessThan(deadline);
                Thread.sleep(1);
            }
            try (RawClient late = new RawClient(server.address()).attached()) {
                for (int round = 0; round < ROUNDS; round++) {
                    writeAndRead(early, round);
                    writeAndRead(late, round);
                    for (RawClient c : silent) {
                        // Whoever sends something now and then is never closed: nothing but the reserve helps the
                        // others.
                        c.out.write(round);
                    }
                }
            }
            assertThat(server.waiting()).as("the large ones wait all the same").isEqualTo(WAITING);
            assertThat(server.inWorkBytes()).isBetween(TOTAL / 2, TOTAL);
        } finally {
            for (RawClient c : silent) {
                c.close();
            }
        }
    }

    /** So many under way as fit into the allowance. */
    private static void writeAndRead(RawClient c, int value) throws Exception {
        byte[] content = new byte[BLOCK];
        java.util.Arrays.fill(content, (byte) value);
        for (int i = 0; i < DEPTH; i++) {
            c.request(0, Nbd.CMD_WRITE, i, (long) i * BLOCK, BLOCK);
            c.out.write(content);
        }
        for (int i = 0; i < DEPTH; i++) {
            assertThat(c.error(i)).isZero();
        }
        for (int i = 0; i < DEPTH; i++) {
            c.request(0, Nbd.CMD_READ, i, (long) i * BLOCK, BLOCK);
        }
        for (int i = 0; i < DEPTH; i++) {
            assertThat(c.error(i)).isZero();
            assertThat(c.in.readNBytes(BLOCK)).isEqualTo(content);
        }
    }
}
