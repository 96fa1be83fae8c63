package io.parablock.perf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parablock.perf.nbd.RamDisk;
import io.parablock.perf.nbd.RamDiskServer;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NbdClientTest {
    private static final long TIMEOUT_MS = 10_000;

    @TempDir
    Path folder;

    @Test
    void shouldReadBackWhatItWroteToNbdkit() throws Exception {
        try (ForeignServer server = ForeignServer.nbdkit("memory", "64M")) {
            shouldReadBack(server);
        }
    }

    @Test
    void shouldReadBackWhatItWroteToQemu() throws Exception {
        try (ForeignServer server = ForeignServer.qemuNbd(sparseFile())) {
            shouldReadBack(server);
        }
    }

    /** Its reader waits for answers all the time: that must not hold up who sends. */
    @Test
    void shouldReadBackWhatItWroteThroughAUnixSocket() throws Exception {
        Path socket = folder.resolve("nbd");
        try (RamDiskServer server = new RamDiskServer(socket, 64 << 20, "nio")) {
            assertThat(server.address()).isNotNull();
            shouldReadBack(UnixDomainSocketAddress.of(socket), RamDisk.EXPORT);
        }
    }

    @Test
    void shouldTellWhichUnixSocketNobodyListensAt() {
        Path socket = folder.resolve("nobody");
        assertThatThrownBy(() -> NbdClient.connect(UnixDomainSocketAddress.of(socket), "disk"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(socket.toString());
    }

    private static void shouldReadBack(ForeignServer server) throws Exception {
        shouldReadBack(server.address, "disk");
    }

    private static void shouldReadBack(SocketAddress address, String export) throws Exception {
        try (NbdClient client = NbdClient.connect(address, export)) {
            assertThat(client.sizeBytes()).isEqualTo(64 << 20);
            byte[] large = new byte[3 << 20];
            new Random(1).nextBytes(large);
            client.writeNow(512, large, TIMEOUT_MS);
            assertThat(client.readNow(512, large.length, TIMEOUT_MS)).isEqualTo(large);
            client.flushNow(TIMEOUT_MS);

            CountDownLatch zeroed = new CountDownLatch(2);
            AtomicInteger errors = new AtomicInteger();
            NbdClient.Completion completion = (error, content) -> {
                errors.addAndGet(error);
                zeroed.countDown();
            };
            client.writeZeroes(4096, 4096, completion);
            client.trim(1 << 20, 4096, completion);
            assertThat(zeroed.await(TIMEOUT_MS, TimeUnit.MILLISECONDS)).isTrue();
            assertThat(errors).hasValue(0);
            assertThat(client.readNow(4096, 4096, TIMEOUT_MS)).containsOnly(0);
        }
    }

    @Test
    void shouldReportAnErrorOfTheServer() throws Exception {
        try (ForeignServer server = ForeignServer.nbdkit("memory", "1M");
                NbdClient client = NbdClient.connect(server.address, "disk")) {
            assertThatThrownBy(() -> client.readNow(8 << 20, 512, TIMEOUT_MS))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("NBD error");
            assertThat(client.readNow(0, 512, TIMEOUT_MS)).hasSize(512);
        }
    }

    @Test
    void shouldFailWhatIsInFlightWhenTheServerDies() throws Exception {
        try (ForeignServer server = ForeignServer.nbdkit("--filter=delay", "memory", "1M", "delay-write=60")) {
            try (NbdClient client = NbdClient.connect(server.address, "disk")) {
                CountDownLatch answered = new CountDownLatch(3);
                AtomicInteger lost = new AtomicInteger();
                for (int i = 0; i < 3; i++) {
                    client.write(i * 512L, ByteBuffer.allocate(512), true, (error, content) -> {
                        lost.addAndGet(error == NbdClient.CONNECTION_LOST ? 1 : 0);
                        answered.countDown();
                    });
                }
                server.kill();
                assertThat(answered.await(TIMEOUT_MS, TimeUnit.MILLISECONDS)).isTrue();
                assertThat(lost).hasValue(3);
                assertThat(client.lost()).isTrue();
                assertThatThrownBy(() -> client.flushNow(TIMEOUT_MS)).hasMessageContaining("the NBD connection ended");
            }
        }
    }

    private Path sparseFile() throws IOException {
        Path file = folder.resolve("disk.raw");
        try (RandomAccessFile raw = new RandomAccessFile(file.toFile(), "rw")) {
            raw.setLength(64 << 20);
        }
        return file;
    }
}
