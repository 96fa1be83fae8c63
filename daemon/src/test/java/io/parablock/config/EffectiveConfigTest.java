package io.parablock.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EffectiveConfigTest {
    @TempDir
    Path folder;

    private static EffectiveConfig.Setting of(EffectiveConfig config, String name) {
        return config.settings().stream()
                .filter(s -> s.key().name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void shouldTellWhereEveryValueComesFrom() throws Exception {
        Path more = Files.writeString(folder.resolve("more.conf"), "\nmode = strict\n");
        Path file = Files.writeString(folder.resolve("node.conf"), """
                include "more.conf"
                cluster.id = demo
                node { id = 1, data_dir = "/data" }
                peers = [ { id = 1, address = "127.0.0.1:7001" } ]
                volumes = [ { name = demo, size = 1GiB } ]
                raft.span = 64
                pipeline = inline
                """);
        Properties properties = new Properties();
        properties.setProperty("parablock.log.level", "debug");
        properties.setProperty("parablock.archive", "the launcher's");
        EffectiveConfig c = EffectiveConfig.of(
                file, Role.NODE, Map.of("PARABLOCK_RAFT__SPAN", "128", "PARABLOCK_HOME", "x"), properties);

        assertThat(c.settings()).hasSize(ReferenceFile.names().size());
        assertThat(of(c, "nbd.client_stall"))
                .extracting("value", "origin")
                .containsExactly("60s", new Origin(Origin.Kind.DEFAULT, ""));
        assertThat(of(c, "mode").origin()).isEqualTo(new Origin(Origin.Kind.FILE, more + ":2"));
        assertThat(of(c, "node.data_dir"))
                .extracting("value", "origin")
                .containsExactly("\"/data\"", new Origin(Origin.Kind.FILE, file + ":3"));
        assertThat(of(c, "pipeline.kind").origin()).isEqualTo(new Origin(Origin.Kind.FILE, file + ":7"));
        assertThat(of(c, "raft.span"))
                .extracting("value", "origin")
                .containsExactly("128", new Origin(Origin.Kind.ENVIRONMENT, "PARABLOCK_RAFT__SPAN"));
        assertThat(of(c, "log.level").origin()).isEqualTo(new Origin(Origin.Kind.PROPERTY, "parablock.log.level"));
    }

    /** There is no such key yet; one that comes is hidden by its name. */
    @Test
    void shouldShowNoSecret() {
        Origin origin = new Origin(Origin.Kind.FILE, "node.conf:3");
        for (String name : List.of("tls.key_password", "cluster.psk", "nbd.secret")) {
            EffectiveConfig.Setting secret = new EffectiveConfig.Setting(Key.text(name), "\"hunter2\"", origin);
            assertThat(secret.shown()).as(name).isEqualTo(EffectiveConfig.HIDDEN);
            assertThat(new EffectiveConfig.Setting(Key.text(name), "", origin).shown())
                    .isEmpty();
        }
        assertThat(new EffectiveConfig.Setting(Key.text("tls.key_file"), "\"k\"", origin).shown())
                .isEqualTo("\"k\"");
        assertThat(KeyCatalogue.keys())
                .as("nothing is hidden that an operator needs to see")
                .noneMatch(Key::isSecret);
    }

    @Test
    void shouldPrintTheDefaultsWithoutAFile() {
        EffectiveConfig c = EffectiveConfig.of(null, Role.GATEWAY, Map.of(), new Properties());
        assertThat(of(c, "cluster.id").value()).as("required").isEmpty();
        assertThat(of(c, "http.listen").value()).as("a gateway has none").isEmpty();
        assertThat(c.settings()).noneMatch(s -> s.key().name().equals("node.id"));
    }

    @Test
    void shouldNameTheOverrideThatIsWrong() throws Exception {
        Path file = Files.writeString(folder.resolve("node.conf"), "cluster.id = demo\n");
        assertThatThrownBy(() ->
                        EffectiveConfig.of(file, Role.NODE, Map.of("PARABLOCK_RAFT__SPAM", "1"), new Properties()))
                .hasMessage("environment PARABLOCK_RAFT__SPAM: unknown key raft.spam; did you mean raft.span?");
        assertThatThrownBy(() ->
                        EffectiveConfig.of(file, Role.NODE, Map.of("PARABLOCK_PEERS", "[{id = 0}]"), new Properties()))
                .hasMessage("environment PARABLOCK_PEERS: peers[0].id must be in 1..255, not 0");
        Properties properties = new Properties();
        properties.setProperty("parablock.peers", "[{");
        assertThatThrownBy(() -> EffectiveConfig.of(file, Role.NODE, Map.of(), properties))
                .hasMessageStartingWith("property parablock.peers: ")
                .hasMessageNotContaining("\n");
    }
}
