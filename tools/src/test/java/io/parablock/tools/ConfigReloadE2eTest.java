package io.parablock.tools;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A running daemon takes what its file says at SIGHUP, and stays as it is if the file is wrong. */
@Tag("e2e")
class ConfigReloadE2eTest {
    private static final int GREETING_BYTES = 18;
    /** Below the default, which is 10 s. */
    private static final int SOON_MS = 8_000;

    @TempDir
    Path folder;

    private static void hangUp(Process process) throws Exception {
        Process kill = new ProcessBuilder("kill", "-HUP", Long.toString(process.pid())).start();
        assertThat(kill.waitFor(10, TimeUnit.SECONDS)).isTrue();
        assertThat(kill.exitValue()).isZero();
    }

    private static void add(Path file, String line) throws Exception {
        Files.writeString(file, line + "\n", StandardOpenOption.APPEND);
    }

    private static boolean hasLogged(LiveCluster live, String text) {
        return has(live.cluster.folder().log(1), text);
    }

    private static boolean has(Path file, String text) {
        try {
            return Files.readString(file).contains(text);
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    void shouldReloadAtSighup() throws Exception {
        try (LiveCluster live =
                LiveCluster.start(folder.resolve("cluster"), 1, "16MiB", "parallel", "fsync", "", Map.of())) {
            Path file = live.cluster.folder().config(1);
            String before = Files.readString(file);

            add(file, "nbd.handshake_timeout = soon");
            hangUp(live.process(1));
            int lines = before.lines().toList().size();
            String wrong = "the configuration is not reloaded: " + file + ":" + (lines + 1)
                    + ": nbd.handshake_timeout must be a time such as 50ms, not soon";
            LiveCluster.await("the line about the wrong file", () -> hasLogged(live, wrong));

            Files.writeString(file, before + "nbd.handshake_timeout = 200ms\nraft.span = 64\n");
            hangUp(live.process(1));
            LiveCluster.await(
                    "the change",
                    () -> hasLogged(live, "INFO  ConfigReloader nbd.handshake_timeout is now 200ms, it was 10s")
                            && hasLogged(
                                    live,
                                    "WARN  ConfigReloader raft.span changed in the file; takes effect after a restart"));
            requireNewTimeout(live);

            add(file, "log.target = \"" + folder.resolve("moved.log") + "\"");
            HttpResponse<String> answer = HttpClient.newHttpClient()
                    .send(
                            HttpRequest.newBuilder(URI.create(
                                            "http://127.0.0.1:" + live.http(1).getPort() + "/reload"))
                                    .POST(HttpRequest.BodyPublishers.noBody())
                                    .build(),
                            HttpResponse.BodyHandlers.ofString());
            assertThat(answer.body()).isEqualTo("{\"applied\":[\"log.target\"],\"after_restart\":[\"raft.span\"]}\n");
            LiveCluster.await("the line in the new file", () -> has(folder.resolve("moved.log"), "log.target is now "));
            live.requireWritable(1);
            assertThat(live.log(1)).noneMatch(line -> line.startsWith("\tat "));
            String events = CommandRun.of(
                            "events",
                            "--json",
                            "--dir",
                            folder.resolve("cluster").toString())
                    .out();
            assertThat(events)
                    .contains("\"kind\":\"process_started\"", "\"kind\":\"leader_elected\"", "\"id\":\"PB-1111\"")
                    .contains("\"applied\":\"log.target\",\"after_restart\":\"raft.span\"", "\"node\":1");
        }
    }

    /** A client that says nothing. */
    private static void requireNewTimeout(LiveCluster live) throws Exception {
        try (Socket silent = new Socket(live.nbd(1).getAddress(), live.nbd(1).getPort())) {
            silent.setSoTimeout(SOON_MS);
            assertThat(silent.getInputStream().readAllBytes()).hasSize(GREETING_BYTES);
        }
    }
}
