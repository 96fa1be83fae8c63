package io.parablock.tools;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** What operators ask of nodes, with nodes of which only the HTTP servers are there. */
@Isolated("system properties and streams")
class AdminCommandsTest {
    @TempDir
    private Path dir;

    private FakeNodes nodes;
    private String first = "";

    @BeforeEach
    void prepare() throws Exception {
        nodes = new FakeNodes(dir);
        first = nodes.add(1, FakeNodes.status(1, 2, "0.1.0", "serving: follows node 2"));
        nodes.add(2, FakeNodes.status(2, 2, "0.1.0", "serving: leads"));
        nodes.addDown(3);
    }

    @AfterEach
    void stop() {
        nodes.close();
    }

    @Test
    void shouldAskTheLeaderToHandOver() {
        nodes.page(2, "/admin/leader-transfer", "{\"groups\":[{\"group\":1,\"leader\":1,\"transferred\":true}]}");
        assertThat(CommandRun.of("leader", "transfer", "--dir", dir.toString()))
                .isEqualTo(new CommandRun(0, "group 1: node 1 leads\n", ""));
        assertThat(CommandRun.of("leader", "transfer", "--dir", dir.toString(), "--json")
                        .out())
                .contains("\"transferred\" : true");
    }

    @Test
    void shouldAskTheLeaderToHandOverToANode() {
        nodes.page(2, "/admin/leader-transfer?to=1", "{\"groups\":[{\"group\":1,\"leader\":1,\"transferred\":true}]}");
        String where = dir.toString();
        assertThat(CommandRun.of("leader", "transfer", "--dir", where, "--to", "1"))
                .isEqualTo(new CommandRun(0, "group 1: node 1 leads\n", ""));
        assertThat(CommandRun.of("leader", "transfer", "--dir", where, "--to", "4"))
                .isEqualTo(new CommandRun(2, "", "parablock: there is no node 4, only [1, 2, 3]\n"));
    }

    @Test
    void shouldPassOnWhyANodeRefuses() {
        nodes.page(
                1, "/admin/leader-transfer?group=1", "409{\"error\":\"this node does not lead group 1; node 2 does\"}");
        assertThat(CommandRun.of("leader", "transfer", "--http", first, "--group", "1"))
                .isEqualTo(new CommandRun(
                        1, "", "parablock: " + first + ": this node does not lead group 1; node 2 does\n"));
        assertThat(CommandRun.of("node", "stop", "--http", first))
                .isEqualTo(new CommandRun(1, "", "parablock: " + first + ": HTTP 404\n"));
        assertThat(CommandRun.of("leader", "transfer", "--dir", dir.toString(), "--group", "7"))
                .isEqualTo(new CommandRun(1, "", "parablock: no node that answers leads group 7\n"));
        assertThat(CommandRun.of("node", "stop", "--dir", dir.toString(), "--node", "3"))
                .matches(run ->
                        run.exitCode() == 1 && run.err().startsWith("parablock: no answer from http://127.0.0.1:1"));
    }

    private static String scrubStatus(int rounds) {
        return FakeNodes.status(1, 1, "0.1.0", "serving: leads")
                .replace(
                        "\"groups\":[]",
                        "\"groups\":[{\"group\":1,\"scrub\":{\"rounds\":" + rounds + ",\"progress_percent\":40}}]");
    }

    @Test
    void shouldBeginARoundOfTheScrubAndWaitForItsEnd() throws Exception {
        nodes.page(1, "/status", scrubStatus(2));
        nodes.page(
                1,
                "/admin/scrub",
                "{\"node\":1,\"groups\":[{\"group\":1,\"started\":true,\"rounds\":2},"
                        + "{\"group\":1025,\"started\":true,\"rounds\":2}]}");
        nodes.page(2, "/admin/scrub", "409{\"error\":\"a round of the scrub is under way\"}");
        Thread end = new Thread(() -> {
            try {
                Thread.sleep(1_000);
            } catch (InterruptedException e) {
                return;
            }
            nodes.page(1, "/status", scrubStatus(3));
        });
        end.start();
        long beganNs = System.nanoTime();
        CommandRun run = CommandRun.of("scrub", "--now", "--dir", dir.toString());
        assertThat(System.nanoTime() - beganNs).isGreaterThan(900_000_000L);
        end.join();
        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.out()).startsWith("  scrub ...\n").contains("damaged-records");
        assertThat(run.err()).contains(": a round of the scrub is under way\n", "parablock: no answer from ");
        assertThat(CommandRun.of("scrub", "--now", "--dir", dir.toString(), "--watch")
                        .exitCode())
                .isEqualTo(2);
        nodes.page(1, "/admin/scrub", "409{\"error\":\"the scrub is off: scrub.bytes_per_second is 0\"}");
        assertThat(CommandRun.of("scrub", "--now", "--http", first))
                .isEqualTo(new CommandRun(
                        1, "", "parablock: " + first + ": the scrub is off: scrub.bytes_per_second is 0\n"));
    }

    @Test
    void shouldGiveUpADiskAtANodeThatAnswers() {
        String done = "{\"node\":3,\"groups\":[{\"group\":1,\"vacant\":true}]}";
        String said = "the disk of node 3 is given up: start that node with an empty data directory\n";
        nodes.page(1, "/admin/replace-node?node=3", done);
        assertThat(CommandRun.of("node", "replace", "3", "--http", first)).isEqualTo(new CommandRun(0, said, ""));
        assertThat(CommandRun.of("node", "replace", "3", "--http", first, "--json")
                        .out())
                .contains("\"vacant\" : true");
        nodes.page(2, "/admin/replace-node?node=3", done);
        assertThat(CommandRun.of("node", "replace", "3", "--dir", dir.toString()))
                .isEqualTo(new CommandRun(0, said, ""));
        nodes.page(1, "/admin/replace-node?node=1", "409{\"error\":\"node 1 is this one, and it runs\"}");
        assertThat(CommandRun.of("node", "replace", "1", "--http", first))
                .isEqualTo(new CommandRun(1, "", "parablock: " + first + ": node 1 is this one, and it runs\n"));
        assertThat(CommandRun.of("node", "replace").exitCode()).isEqualTo(2);
    }

    @Test
    void shouldWantToKnowWhichNodeIsToStop() {
        assertThat(CommandRun.of("node", "stop", "--dir", dir.toString()))
                .isEqualTo(new CommandRun(2, "", "parablock: say which one: --node, of [1, 2, 3]\n"));
        assertThat(CommandRun.of("node", "stop", "--dir", dir.toString(), "--node", "4"))
                .isEqualTo(new CommandRun(2, "", "parablock: there is no node 4, only [1, 2, 3]\n"));
    }

    @Test
    void shouldBundleWhatThereIsAndNameWhatThereIsNot() throws Exception {
        for (int id = 1; id <= 2; id++) {
            nodes.page(id, "/metrics", "metric 1\n");
            nodes.page(id, "/volumes", "{\"version\":1}\n");
        }
        Files.writeString(dir.resolve("node1.log"), "a line of the log\n");
        Path file = dir.resolve("bundle.tar.gz");
        CommandRun run = CommandRun.of("support-bundle", "--dir", dir.toString(), "--out", file.toString(), "--json");
        assertThat(run.exitCode()).isZero();
        assertThat(run.err())
                .contains(
                        "parablock: not in the bundle: node1/events.json: HTTP 404 from ",
                        "parablock: not in the bundle: node2/log.txt: ",
                        "parablock: not in the bundle: node3/status.json: ")
                .doesNotContain("node1/log.txt", "node1/config.txt");
        assertThat(new ObjectMapper().readTree(run.out()).path("bytes").asLong())
                .isEqualTo(Files.size(file));
        Map<String, String> content = read(file);
        assertThat(content.get("node1/log.txt")).isEqualTo("a line of the log\n");
        assertThat(content.get("node1/metrics.txt")).isEqualTo("metric 1\n");
        assertThat(content.get("node1/volumes.json")).isEqualTo("{\"version\":1}\n");
        assertThat(content.get("node2/status.json")).contains("serving: leads");
        assertThat(content.get("node3/config.txt"))
                .contains("raft.span = 256  # file ", "raft.retransmit = 100ms  # default");
        assertThat(content.get("machine.json")).contains("\"java.version\"");
        assertThat(content.get("cluster.json")).contains("degraded: node 3 is down");
        assertThat(content.get("missing.txt")).contains("node3/metrics.txt: ");
    }

    @Test
    void shouldBundleOneNode() throws Exception {
        Path file = dir.resolve("one.tar.gz");
        CommandRun run = CommandRun.of("support-bundle", "--http", first, "--out", file.toString());
        assertThat(run.out()).isEqualTo("written: " + file + "\n");
        assertThat(read(file)).containsKeys("node/status.json", "machine.json", "missing.txt");
        assertThat(CommandRun.of(
                        "support-bundle",
                        "--http",
                        first,
                        "--out",
                        dir.resolve("no/such.tar.gz").toString()))
                .matches(r -> r.exitCode() == 1 && r.err().startsWith("parablock: the bundle cannot be written: "));
    }

    private static Map<String, String> read(Path file) throws Exception {
        Map<String, String> content = new TreeMap<>();
        try (TarArchiveInputStream tar =
                new TarArchiveInputStream(new GZIPInputStream(new ByteArrayInputStream(Files.readAllBytes(file))))) {
            for (TarArchiveEntry e = tar.getNextEntry(); e != null; e = tar.getNextEntry()) {
                String name = e.getName();
                content.put(
                        name.substring(name.indexOf('/') + 1), new String(tar.readAllBytes(), StandardCharsets.UTF_8));
            }
        }
        return content;
    }

    @Test
    void shouldPrintACompletionScript() {
        CommandRun run = CommandRun.of("completion");
        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).contains("function _complete_parablock()", "leader", "support-bundle", "--watch");
    }
}
