package io.parablock.tools;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.perf.NbdClient;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A daemon whose standard output is a pipe that is full and that nobody reads. */
@Tag("e2e")
@Timeout(180)
class UnreadLogE2eTest {
    /** So long is a wrong value; two lines with it are more than a pipe holds. */
    private static final int VALUE_CHARS = 40_000;

    private static final int CLIENTS_MAX = 2;
    private static final int SOON_MS = 10_000;
    private static final byte[] BLOCK = new byte[4096];

    @TempDir
    Path folder;

    private final HttpClient http = HttpClient.newHttpClient();

    private CompletableFuture<HttpResponse<String>> ask(LiveCluster live, String method, String path) {
        HttpRequest request = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + live.http(1).getPort() + path))
                .method(method, HttpRequest.BodyPublishers.noBody())
                .timeout(Duration.ofSeconds(60))
                .build();
        return http.sendAsync(request, HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void shouldServeWhileNobodyReadsItsLog() throws Exception {
        Map<String, String> keys = Map.of("limits.nbd_connections", Integer.toString(CLIENTS_MAX));
        Path[] pipe = new Path[1];
        List<RandomAccessFile> ends = new ArrayList<>();
        try (LiveCluster live =
                LiveCluster.start(folder.resolve("cluster"), 1, "16MiB", "parallel", "fsync", "", keys, cluster -> {
                    pipe[0] = cluster.folder().log(1);
                    ends.add(unread(pipe[0]));
                })) {
            Files.writeString(
                    live.cluster.folder().config(1),
                    "nbd.keep_alive = " + "x".repeat(VALUE_CHARS) + "\n",
                    StandardOpenOption.APPEND);
            try (NbdClient client = NbdClient.connect(live.nbd(1), LiveCluster.EXPORT)) {
                List<CompletableFuture<HttpResponse<String>>> reloads = new ArrayList<>();
                for (int i = 0; i < 4; i++) {
                    reloads.add(ask(live, "POST", "/reload"));
                }
                // Long enough for the pipe to be full, also where lines are written at once.
                Thread.sleep(1_000);
                awaitRefusedClient(live);
                client.writeNow(0, BLOCK, SOON_MS);
                assertThat(client.readNow(0, BLOCK.length, SOON_MS)).isEqualTo(BLOCK);
                for (CompletableFuture<HttpResponse<String>> reload : reloads) {
                    assertThat(reload.get(SOON_MS, TimeUnit.MILLISECONDS).statusCode())
                            .isEqualTo(422);
                }
                assertThat(ask(live, "GET", "/events?limit=4").get().body()).contains("PB-1111");
                assertThat(ask(live, "GET", "/metrics").get().body()).contains("parablock_log_lines_dropped_total");
            }
            live.process(1).destroy();
            List<String> lines = read(pipe[0], ends.get(0));
            assertThat(lines.stream().filter(line -> line.endsWith("event=PB-1111")))
                    .hasSize(4);
            assertThat(lines).anyMatch(line -> line.contains("refusing NBD client"));
            assertThat(lines.get(lines.size() - 1))
                    .contains("node 1 has stopped")
                    .endsWith("event=PB-1104");
            assertThat(live.process(1).waitFor(60, TimeUnit.SECONDS)).isTrue();
        } finally {
            for (RandomAccessFile end : ends) {
                end.close();
            }
        }
    }

    /** A new pipe, opened at both ends. */
    private static RandomAccessFile unread(Path pipe) throws IOException {
        Process process = new ProcessBuilder("mkfifo", pipe.toString()).start();
        try {
            assertThat(process.waitFor()).isZero();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        return new RandomAccessFile(pipe.toFile(), "rw");
    }

    /** It is told so in the log by the event loop itself. */
    private static void awaitRefusedClient(LiveCluster live) throws Exception {
        List<Socket> clients = new ArrayList<>();
        try {
            for (int i = 0; i <= CLIENTS_MAX; i++) {
                Socket client = new Socket(live.nbd(1).getAddress(), live.nbd(1).getPort());
                client.setSoTimeout(SOON_MS);
                clients.add(client);
            }
            assertThat(clients.get(CLIENTS_MAX).getInputStream().read()).isEqualTo(-1);
        } finally {
            for (Socket client : clients) {
                client.close();
            }
        }
    }

    /** From now on, to the end of who writes. */
    private static List<String> read(Path pipe, RandomAccessFile end) throws IOException {
        try (InputStream in = Files.newInputStream(pipe)) {
            end.close();
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
        }
    }
}
