package io.parablock.tools;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.perf.NbdClient;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What must close one connection, say so in one line, and disturb nobody else. */
@Tag("e2e")
@Tag("one-jdk")
class BadInputE2eTest {
    private static final int CONNECTIONS = 20;
    private static final int READ_TIMEOUT_MS = 15_000;
    /** Well below the time that a slow request has. */
    private static final int HTTP_TIMEOUT_MS = 2_500;

    private static final long MEMORY_GROWTH_BYTES_MAX = 256L << 20;

    @TempDir
    static Path folder;

    private static LiveCluster live;

    @BeforeAll
    static void start() throws Exception {
        live = LiveCluster.start(folder.resolve("cluster"), "64MiB", "parallel", "fsync", Map.of());
    }

    @AfterAll
    static void stop() {
        if (live != null) {
            live.close();
        }
    }

    private static InetSocketAddress port(String kind) {
        return switch (kind) {
            case "nbd" -> live.nbd(1);
            case "http" -> live.http(1);
            default -> live.peer(1);
        };
    }

    @ParameterizedTest
    @ValueSource(strings = {"nbd", "peer", "http"})
    void shouldCloseAConnectionThatSpeaksNonsense(String kind) throws Exception {
        int linesBefore = live.log(1).size();
        long memoryBefore = residentBytes();
        Random random = new Random(42);
        for (int i = 0; i < CONNECTIONS; i++) {
            byte[] nonsense = new byte[1 << 16];
            random.nextBytes(nonsense);
            sendAndAwaitClose(port(kind), nonsense);
        }
        requireUnharmed(linesBefore, CONNECTIONS, memoryBefore);
    }

    @Test
    void shouldAnswerNonsenseOnTheStatusPortAtOnce() throws Exception {
        int linesBefore = live.log(1).size();
        long memoryBefore = residentBytes();
        Random random = new Random(43);
        for (int i = 0; i < CONNECTIONS; i++) {
            byte[] nonsense = new byte[1 + random.nextInt(1_000)];
            random.nextBytes(nonsense);
            nonsense[0] = (byte) -1;
            try (Socket socket =
                    new Socket(live.http(1).getAddress(), live.http(1).getPort())) {
                socket.setSoTimeout(HTTP_TIMEOUT_MS);
                socket.getOutputStream().write(nonsense);
                String answer =
                        new String(socket.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.US_ASCII);
                assertThat(answer).startsWith("HTTP/1.1 400 ").contains("Connection: close");
            }
        }
        requireUnharmed(linesBefore, 0, memoryBefore);
    }

    @Test
    void shouldRefuseAFrameThatIsTooLarge() throws Exception {
        int linesBefore = live.log(1).size();
        long memoryBefore = residentBytes();
        for (int length : new int[] {Integer.MAX_VALUE, Integer.MIN_VALUE, -1, 1 << 30}) {
            sendAndAwaitClose(
                    live.peer(1), ByteBuffer.allocate(64).putInt(length).array());
            sendAndAwaitClose(
                    live.peer(1),
                    ByteBuffer.allocate(64).putInt(Integer.reverseBytes(length)).array());
        }
        requireUnharmed(linesBefore, 8, memoryBefore);
    }

    @Test
    void shouldRefuseAnNbdRequestThatIsTooLarge() throws Exception {
        int linesBefore = live.log(1).size();
        long memoryBefore = residentBytes();
        for (int length : new int[] {64 << 20, -1}) {
            // A payload that is announced and not wanted ends the connection; a read only gets an error.
            sendAndAwaitClose(live.nbd(1), nbdRequests(request(1, length)));
            sendAndAwaitClose(live.nbd(1), nbdRequests(request(0, length), request(2, 0)));
        }
        requireUnharmed(linesBefore, 4, memoryBefore);
    }

    private static byte[] request(int type, int length) {
        ByteBuffer request = ByteBuffer.allocate(28);
        request.putInt(0x25609513).putShort((short) 0).putShort((short) type);
        return request.putLong(1).putLong(0).putInt(length).array();
    }

    /** A handshake and then these. */
    private static byte[] nbdRequests(byte[]... requests) {
        ByteBuffer bytes = ByteBuffer.allocate(24 + 28 * requests.length);
        bytes.putInt(3).putLong(0x49484156454f5054L).putInt(1).putInt(4);
        bytes.put("demo".getBytes(java.nio.charset.StandardCharsets.UTF_8));
        for (byte[] request : requests) {
            bytes.put(request);
        }
        return bytes.array();
    }

    @Test
    void shouldRefuseAPeerOfAnotherCluster() throws Exception {
        long termBefore = LiveCluster.sum(live.cluster.status(), NodeStatus.TERM);
        ClusterFolder other = new ClusterFolder(folder.resolve("other"));
        Files.createDirectories(other.dir());
        // It believes itself to be node 2 of a cluster whose nodes 1 and 3 are ours.
        DemoSettings ours = live.cluster.settings();
        DemoSettings theirs = new DemoSettings(
                other.dir(), 3, ours.size(), "parallel", "fsync", "", 20_900, 20_910, ours.peerPort(), Map.of());
        NodeConfig.write(other.config(2), theirs, 2);
        String config = Files.readString(other.config(2))
                .replaceFirst("cluster.id = \"demo\"", "cluster.id = \"stranger\"")
                .replace("127.0.0.1:" + ours.peerPort(2), "127.0.0.1:20920");
        Files.writeString(other.config(2), config);
        Process stranger = new NodeLauncher().start(other.config(2), other.log(2), other.pidFile(2));
        try {
            LiveCluster.await("a line about the stranger", () -> {
                try {
                    return live.log(1).stream().anyMatch(line -> line.contains("cluster"));
                } catch (IOException e) {
                    return false;
                }
            });
            Thread.sleep(3_000);
            assertThat(LiveCluster.sum(live.cluster.status(), NodeStatus.TERM)).isEqualTo(termBefore);
            live.requireWritable(1);
        } finally {
            ClusterFolder.stop(List.of(stranger.toHandle()));
        }
    }

    private static void sendAndAwaitClose(InetSocketAddress address, byte[] bytes) throws IOException {
        try (Socket socket = new Socket()) {
            socket.connect(address, READ_TIMEOUT_MS);
            socket.setSoTimeout(READ_TIMEOUT_MS);
            OutputStream out = socket.getOutputStream();
            try {
                out.write(bytes);
                out.flush();
                // An answer is allowed, but the end must come.
                socket.getInputStream().transferTo(OutputStream.nullOutputStream());
            } catch (java.net.SocketTimeoutException e) {
                throw new AssertionError("the daemon keeps the connection to " + address + " open", e);
            } catch (IOException e) {
                // A reset is an end too.
            }
        }
    }

    private static void requireUnharmed(int linesBefore, int connections, long memoryBefore) throws Exception {
        live.requireWritable(1);
        try (NbdClient client = NbdClient.connect(live.nbd(1), LiveCluster.EXPORT)) {
            client.flushNow(LiveCluster.TIMEOUT_MS);
        }
        List<String> lines = live.log(1);
        assertThat(lines.subList(linesBefore, lines.size()))
                .as("one line for each connection, no stack traces")
                .hasSizeLessThanOrEqualTo(connections + 5)
                .noneMatch(line -> line.startsWith("\tat "));
        assertThat(residentBytes()).isLessThan(memoryBefore + MEMORY_GROWTH_BYTES_MAX);
    }

    private static long residentBytes() throws IOException {
        for (String line :
                Files.readAllLines(Path.of("/proc", "" + live.process(1).pid(), "status"))) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("\\D", "")) << 10;
            }
        }
        throw new IOException("no VmRSS");
    }
}
