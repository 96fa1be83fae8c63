package io.parablock.tools;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.parablock.config.ConfigurationPage;
import io.parablock.config.EffectiveConfig;
import io.parablock.config.Key;
import io.parablock.config.KeyCatalogue;
import io.parablock.config.KeyType;
import io.parablock.config.Origin;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigCommandTest {
    private static final String SOUND = """
            cluster.id = demo
            node.id = 1
            node.data_dir = "/data"
            peers = [ { id = 1, address = "10.0.0.1:7000" } ]
            volumes = [ { name = demo, size = 1GiB } ]
            nbd.client_stall = 7s
            """;

    private final ObjectMapper mapper = new ObjectMapper();

    @TempDir
    Path folder;

    private String write(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text).toString();
    }

    private static String done(String... arguments) {
        CommandRun run = CommandRun.of(arguments);
        assertThat(run.err()).isEmpty();
        assertThat(run.exitCode()).isZero();
        return run.out();
    }

    @Test
    void shouldCheckAFile() throws Exception {
        String sound = write("node1.conf", SOUND);
        assertThat(done("config", "--check", sound)).isEqualTo("ok\n");
        assertThat(done("config", "--check", sound, "--json")).isEqualTo("{\"ok\":true}\n");
        String wrong = write("node2.conf", SOUND + "mode = x\n");
        CommandRun run = CommandRun.of("config", "--check", wrong, "--json");
        assertThat(run)
                .isEqualTo(new CommandRun(
                        2,
                        "{\"ok\":false,\"place\":\"" + wrong
                                + ":7\",\"error\":\"mode must be one of [parallel, strict], not x\"}\n",
                        ""));
        assertThat(CommandRun.of("config", "--check", sound, "--gateway").err())
                .isEqualTo("parablock: " + sound
                        + ":2: node.id is a node's key; a gateway without a replica does not have" + " it\n");
    }

    @Test
    void shouldPrintWhatCanBeReadAgain() throws Exception {
        String file = write("node1.conf", SOUND);
        String printed = done("config", "--print", file);
        assertThat(printed.lines())
                .contains("nbd.client_stall = 7s  # file " + file + ":6", "raft.span = 1024  # default")
                .hasSize((int) KeyCatalogue.keys().stream()
                        .filter(k -> !k.isOfObjects())
                        .count());
        String again = write("again.conf", printed);
        assertThat(done("config", "--check", again)).isEqualTo("ok\n");
        assertThat(done("config", "--print", again).replaceAll("  #.*", "")).isEqualTo(printed.replaceAll("  #.*", ""));

        JsonNode json = mapper.readTree(done("config", "--print", file, "--json"));
        assertThat(json.findParents("key").stream()
                        .filter(one -> one.get("key").asText().equals("nbd.client_stall"))
                        .map(JsonNode::toString))
                .containsExactly("{\"key\":\"nbd.client_stall\",\"value\":\"7s\",\"origin\":\"file\",\"place\":\""
                        + file + ":6\"}");
    }

    @Test
    void shouldPrintASecretAsAComment() {
        Key mode = Objects.requireNonNull(KeyCatalogue.find("mode"));
        Key secret = new Key("tls.key_password", KeyType.TEXT, "", mode.range(), false, false, false, "", "", "");
        assertThat(ConfigCommand.line(new EffectiveConfig.Setting(
                        secret, "\"hunter2\"", new Origin(Origin.Kind.FILE, "node.conf:3"))))
                .isEqualTo("# tls.key_password = (hidden)  # file node.conf:3");
    }

    @Test
    void shouldPrintTheDefaultsWithoutAFile() {
        assertThat(done("config", "--print").lines())
                .contains("# cluster.id is required", "raft.span = 1024  # default", "log.target = stdout  # default");
        assertThat(done("config", "--print", "--gateway").lines())
                .contains("# http.listen has no default")
                .noneMatch(line -> line.startsWith("raft."));
    }

    @Test
    void shouldExplainAKey() throws Exception {
        assertThat(done("config", "--explain", "gateway.request_timeout")).isEqualTo("""
                gateway.request_timeout
                  The client gets an I/O error after this long (of a long TRIM, WRITE_ZEROES or CACHE: each step). 0 waits for ever.
                  type:     time (ms)
                  default:  0
                  range:    0 or 100ms..1d
                  changes:  after a restart of the process
                  gateway:  yes, the same
                  example:  gateway.request_timeout = 30s
                """);
        assertThat(done("config", "--explain", "node.id")).contains("default:  none, it is required");
        JsonNode json = mapper.readTree(done("config", "--explain", "nbd.client_stall", "--json"));
        assertThat(json.get("reloadable").asBoolean()).isTrue();
        assertThat(json.get("max").asLong()).isEqualTo(86_400_000);
        assertThat(json.get("default").asText()).isEqualTo("60s");
    }

    @Test
    void shouldPrintThePage() {
        assertThat(done("config", "--page")).isEqualTo(ConfigurationPage.text());
    }
}
