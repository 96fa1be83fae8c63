package io.parablock.blockdev.nbd.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.parablock.blockdev.nbd.MemoryNbdBackend;
import io.parablock.blockdev.nbd.Nbd;
import io.parablock.blockdev.store.MemoryBlockStore;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The server over sockets: raw bytes, and the clients of Debian's libnbd-bin, qemu-utils and fio. */
@Tag("one-jdk")
class NbdServerTest {
    private static final long SIZE = 64 << 20;
    private static final long TOTAL_BYTES = 3 << 20;

    @TempDir
    Path dir;

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
                new NbdServerConfig(16, 2_000, 1 << 20, TOTAL_BYTES));
    }

    @AfterEach
    void stop() {
        server.close();
        loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }

    private RawClient connect() throws IOException {
        return new RawClient(server.address());
    }

    @Test
    void shouldRefuseUnknownOptionsAndGoOn() throws IOException {
        try (RawClient c = connect().flags(3)) {
            c.option(4711, new byte[100]);
            assertThat(c.reply(4711)).isEqualTo(Nbd.REP_ERR_UNSUP);
            c.option(Nbd.OPT_LIST, new byte[1]);
            assertThat(c.reply(Nbd.OPT_LIST)).isEqualTo(Nbd.REP_ERR_INVALID);
            c.option(Nbd.OPT_GO, new byte[] {0, 0, 0, 3, 'n', 'o', 'n', 0, 0});
            assertThat(c.reply(Nbd.OPT_GO)).isEqualTo(Nbd.REP_ERR_UNKNOWN);
            c.option(Nbd.OPT_GO, new byte[] {0, 0, 9, 3, 'n', 'o', 'n', 0, 0});
            assertThat(c.reply(Nbd.OPT_GO)).isEqualTo(Nbd.REP_ERR_INVALID);
            c.option(4711, new byte[80 << 10]);
            assertThat(c.reply(4711)).isEqualTo(Nbd.REP_ERR_UNSUP);
            c.option(Nbd.OPT_INFO, new byte[80 << 10]);
            assertThat(c.reply(Nbd.OPT_INFO)).isEqualTo(Nbd.REP_ERR_TOO_BIG);
            c.option(Nbd.OPT_ABORT, new byte[0]);
            assertThat(c.reply(Nbd.OPT_ABORT)).isEqualTo(Nbd.REP_ACK);
            assertThat(c.isClosed()).isTrue();
        }
    }

    @Test
    void shouldAnswerBadRequestsAndStayInStep() throws IOException {
        try (RawClient c = connect().attached()) {
            c.request(0, Nbd.CMD_READ, 1, SIZE, 512);
            assertThat(c.error(1)).isEqualTo(Nbd.EINVAL);
            c.request(0, Nbd.CMD_WRITE, 2, SIZE, 512);
            c.out.write(new byte[512]);
            assertThat(c.error(2)).isEqualTo(Nbd.ENOSPC);
            c.request(0, Nbd.CMD_WRITE, 3, 100, 512);
            c.out.write(new byte[512]);
            assertThat(c.error(3)).isEqualTo(Nbd.EINVAL);
            c.request(0, Nbd.CMD_WRITE, 4, -512, 512);
            c.out.write(new byte[512]);
            assertThat(c.error(4)).isEqualTo(Nbd.ENOSPC);
            c.request(0x80, Nbd.CMD_READ, 5, 0, 512);
            assertThat(c.error(5)).isEqualTo(Nbd.EINVAL);
            c.request(0, 99, 6, 0, 512);
            assertThat(c.error(6)).isEqualTo(Nbd.EINVAL);
            c.request(0, Nbd.CMD_TRIM, 8, Long.MAX_VALUE - 511, 512);
            assertThat(c.error(8)).isEqualTo(Nbd.EINVAL);
            c.request(Nbd.CMD_FLAG_FUA, Nbd.CMD_WRITE, 9, 512, 512);
            byte[] payload = new byte[512];
            new Random(1).nextBytes(payload);
            for (byte b : payload) {
                c.out.write(b);
                c.out.flush();
            }
            assertThat(c.error(9)).isZero();
            c.request(0, Nbd.CMD_READ, 10, 0, 1024);
            assertThat(c.error(10)).isZero();
            byte[] read = c.in.readNBytes(1024);
            assertThat(java.util.Arrays.copyOfRange(read, 512, 1024)).isEqualTo(payload);
            c.request(0, Nbd.CMD_FLUSH, 11, 0, 0);
            c.request(0, Nbd.CMD_DISC, 12, 0, 0);
            assertThat(c.error(11)).isZero();
            assertThat(c.isClosed()).isTrue();
        }
    }

    @Test
    void shouldRefuseAReadThatIsTooLargeAndCloseOnAPayloadThatIs() throws IOException {
        try (RawClient c = connect().attached()) {
            c.request(0, Nbd.CMD_READ, 1, 0, Nbd.PAYLOAD_MAX + 512);
            assertThat(c.error(1)).isEqualTo(Nbd.EINVAL);
            c.request(0, Nbd.CMD_READ, 2, 0, -512);
            assertThat(c.error(2)).isEqualTo(Nbd.EINVAL);
            c.request(0, Nbd.CMD_WRITE, 3, 0, -1);
            assertThat(c.isClosed()).isTrue();
        }
    }

    @Test
    void shouldCloseOnlyTheConnectionThatSendsGarbage() throws IOException {
        try (RawClient good = connect().attached()) {
            Random random = new Random(3);
            for (int i = 0; i < 50; i++) {
                try (RawClient bad = i % 2 == 0 ? connect() : connect().attached()) {
                    byte[] garbage = new byte[1000];
                    random.nextBytes(garbage);
                    bad.out.write(garbage);
                    assertThat(bad.isClosed()).isTrue();
                } catch (java.net.SocketException e) {
                    // Reset while writing: closed as well.
                    assertThat(e).hasMessageMatching(".*(reset|Broken pipe).*");
                }
            }
            good.request(0, Nbd.CMD_FLUSH, 1, 0, 0);
            assertThat(good.error(1)).isZero();
        }
    }

    @Test
    void shouldEndAHandshakeThatTakesTooLong() throws IOException {
        try (RawClient c = connect()) {
            assertThat(c.isClosed()).isTrue();
        }
    }

    private String run(String... command) throws IOException, InterruptedException {
        Path out = Files.createTempFile(dir, "out", ".txt");
        Process p;
        try {
            p = new ProcessBuilder(command)
                    .directory(dir.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(out.toFile())
                    .start();
        } catch (IOException e) {
            throw new AssertionError(command[0] + " is missing: install Debian's qemu-utils, libnbd-bin and fio", e);
        }
        assertThat(p.waitFor(60, TimeUnit.SECONDS)).as("timed out").isTrue();
        String text = Files.readString(out);
        assertThat(p.exitValue()).as(List.of(command) + "\n" + text).isZero();
        return text;
    }

    @Test
    void shouldServeRealClients() throws IOException, InterruptedException {
        String uri = "nbd://127.0.0.1:" + server.address().getPort() + "/disk";
        assertThat(run("nbdinfo", uri)).contains("export-size: " + SIZE).contains("can_multi_conn: true");
        byte[] random = new byte[(int) SIZE];
        new Random(5).nextBytes(random);
        Files.write(dir.resolve("in"), random);
        run("nbdcopy", "in", uri);
        run("nbdcopy", uri, "out");
        assertThat(Files.mismatch(dir.resolve("in"), dir.resolve("out"))).isEqualTo(-1);
        run("qemu-img", "compare", "-f", "raw", "-F", "raw", "in", uri);
        run(
                "qemu-io",
                "-f",
                "raw",
                "-c",
                "write -f -P 0x5a 4096 65536",
                "-c",
                "read -P 0x5a 4096 65536",
                "-c",
                "discard 4096 4096",
                "-c",
                "read -P 0 4096 4096",
                "-c",
                "write -z 8192 4096",
                "-c",
                "read -P 0 8192 4096",
                "-c",
                "flush",
                uri);
        String map = run("nbdinfo", "--map", uri);
        assertThat(map).contains("data").contains("hole,zero");
        assertThat(run("qemu-img", "map", "--output=json", "-f", "raw", uri))
                .contains(
                        "\"start\": 4096, \"length\": 4096, \"depth\": 0, \"present\": true, \"zero\": true, \"data\": false")
                .as("qemu-io asks for zeros that take space")
                .contains("\"start\": 8192,");
        run(
                "fio",
                "--name=v",
                "--ioengine=nbd",
                "--uri=" + uri,
                "--rw=randrw",
                "--bs=4k",
                "--size=64m",
                "--io_size=32m",
                "--iodepth=32",
                "--verify=crc32c",
                "--verify_fatal=1");
    }
}
