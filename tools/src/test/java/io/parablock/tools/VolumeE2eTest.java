package io.parablock.tools;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Volumes come, grow and go under real nodes, a real gateway and real clients; nodes are killed in between. */
@Tag("e2e")
@Tag("one-jdk")
@Timeout(180)
class VolumeE2eTest {
    private static final int CLIENT_SECONDS = 30;
    private static final long AWAIT_MS = 30_000;

    @TempDir
    private Path dir;

    private String where = "";

    private CommandRun volume(String... arguments) {
        String[] all = new String[arguments.length + 3];
        all[0] = "volume";
        System.arraycopy(arguments, 0, all, 1, arguments.length);
        all[all.length - 2] = "--dir";
        all[all.length - 1] = where;
        return CommandRun.of(all);
    }

    private void done(String line, String... arguments) {
        assertThat(volume(arguments)).isEqualTo(new CommandRun(0, line + "\n", ""));
    }

    private void refused(int exitCode, String line, String... arguments) {
        CommandRun run = volume(arguments);
        assertThat(run.err()).contains(line).hasLineCount(1);
        assertThat(run.exitCode()).isEqualTo(exitCode);
    }

    private static String uri(LiveCluster live, int node, String name) {
        return live.uri(node).replace("/" + LiveCluster.EXPORT, "/" + name);
    }

    private static String size(String uri) throws Exception {
        return Clients.run(CLIENT_SECONDS, "nbdinfo", "--size", uri).strip();
    }

    private static void io(String uri, String... commands) throws Exception {
        String[] all = new String[4 + 2 * commands.length];
        all[0] = "qemu-io";
        all[1] = "-f";
        all[2] = "raw";
        for (int i = 0; i < commands.length; i++) {
            all[3 + 2 * i] = "-c";
            all[4 + 2 * i] = commands[i];
        }
        all[all.length - 1] = uri;
        assertThat(Clients.run(CLIENT_SECONDS, all)).doesNotContain("failed", "error");
    }

    private interface Condition {
        boolean holds() throws Exception;
    }

    private static void await(String what, Condition condition) throws Exception {
        long deadlineNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(AWAIT_MS);
        while (!condition.holds()) {
            assertThat(System.nanoTime()).as(what).isLessThan(deadlineNs);
            Thread.sleep(100);
        }
    }

    private boolean serves(int node, String name) throws Exception {
        JsonNode all = new ObjectMapper().readTree(volume("list", "--json").out());
        for (JsonNode v : all) {
            for (JsonNode id : v.path("nodes")) {
                if (v.path("name").asText().equals(name) && id.asInt() == node) {
                    return true;
                }
            }
        }
        return false;
    }

    @Test
    void shouldCreateGrowAndDelete() throws Exception {
        Clients.require("nbdinfo", "qemu-io");
        where = dir.resolve("cluster").toString();
        try (LiveCluster live = LiveCluster.start(dir.resolve("cluster"), "64MiB", "parallel", "fsync", Map.of());
                LiveGateway gateway = LiveGateway.prepare(dir.resolve("gateway"), live, LiveCluster.EXPORT, "")) {
            Process unused = gateway.start();
            gateway.awaitServing();
            String ofGateway = gateway.uri().replace("/" + LiveCluster.EXPORT, "/data");

            done("volume data was created, 8MiB", "create", "data", "--size", "8MiB", "--chunk-size", "8MiB");
            io(uri(live, 1, "data"), "write -P 0x41 1M 64k", "flush");
            await(
                    "the gateway offers it",
                    () -> Clients.run(CLIENT_SECONDS, "nbdinfo", "--list", gateway.uri())
                            .contains("\"data\""));
            io(ofGateway, "read -P 0x41 1M 64k");

            live.cluster.kill(3);
            done("volume data has 20MiB now", "resize", "data", "--size", "20MiB");
            assertThat(size(uri(live, 2, "data"))).isEqualTo("20971520");
            io(uri(live, 2, "data"), "read -P 0x41 1M 64k", "write -P 0x42 17M 64k", "flush");
            await("the gateway offers the new size", () -> size(ofGateway).equals("20971520"));
            io(ofGateway, "read -P 0x42 17M 64k");
            live.cluster.start(3);
            await("node 3 follows", () -> serves(3, "data"));
            assertThat(size(uri(live, 3, "data"))).isEqualTo("20971520");
            io(uri(live, 3, "data"), "read -P 0x42 17M 64k");
            assertThat(volume("show", "data").out())
                    .contains("20MiB (20971520 bytes)", "from:       catalogue", "chunk 2:");

            refused(1, "cannot shrink to", "resize", "data", "--size", "8MiB");
            refused(1, "there is a volume data already", "create", "data", "--size", "8MiB");
            refused(1, "is in the configuration of the nodes", "resize", LiveCluster.EXPORT, "--size", "1GiB");
            refused(1, "a volume's name is", "create", "a b", "--size", "8MiB");
            refused(1, "there is no volume none", "delete", "none", "--yes");
            refused(2, "give --yes: all that is on volume data is lost", "delete", "data");
            refused(2, "is no size", "create", "x", "--size", "big");

            live.cluster.kill(2);
            done("volume data was deleted", "delete", "data", "--yes");
            live.cluster.start(2);
            for (int node = 1; node <= 3; node++) {
                Path volumes = dir.resolve("cluster").resolve("node" + node).resolve("volumes");
                await("the files of node " + node + " go", () -> {
                    try (var files = Files.list(volumes)) {
                        return files.noneMatch(f -> f.toString().contains("data-g"));
                    }
                });
            }
            await(
                    "the gateway offers it no more",
                    () -> !Clients.run(CLIENT_SECONDS, "nbdinfo", "--list", gateway.uri())
                            .contains("\"data\""));
            assertThat(volume("list").out()).contains(LiveCluster.EXPORT).doesNotContain("data");
        }
    }
}
