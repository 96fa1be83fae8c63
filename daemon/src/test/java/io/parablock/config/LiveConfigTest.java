package io.parablock.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LiveConfigTest {
    private static final String MINIMAL = """
            cluster.id = demo
            node.id = 1
            node.data_dir = "/data"
            peers = [ { id = 1, address = "127.0.0.1:7001" } ]
            volumes = [ { name = demo, size = 1GiB } ]
            """;

    @TempDir
    Path folder;

    private Path file;

    @BeforeEach
    void write() throws IOException {
        file = folder.resolve("node.conf");
        write("");
    }

    private void write(String more) throws IOException {
        Files.writeString(file, MINIMAL + more);
    }

    private LiveConfig<NodeConfig> live(Map<String, String> environment) {
        return LiveConfig.ofNode(file, environment, new Properties());
    }

    @Test
    void shouldTakeWhatCanBeReloadedAndKeepTheRest() throws Exception {
        LiveConfig<NodeConfig> live = live(Map.of());
        write("nbd.client_stall = 7s\nraft.span = 64\n");

        LiveConfig.Reload<NodeConfig> reload = live.reread();

        assertThat(reload.changes())
                .extracting(LiveConfig.Change::line)
                .containsExactly(
                        "nbd.client_stall is now 7s, it was 60s",
                        "raft.span changed in the file; takes effect after a restart");
        assertThat(reload.config().nbd().clientStallNs()).isEqualTo(7_000_000_000L);
        assertThat(reload.config().raft().span()).isEqualTo(1024);
        assertThat(live.config().nbd().clientStallNs()).as("not accepted yet").isEqualTo(60_000_000_000L);

        live.accept(reload);
        assertThat(live.config()).isEqualTo(reload.config());
        assertThat(live.reread().changes())
                .as("until the restart")
                .extracting(c -> c.key().name())
                .containsExactly("raft.span");
        write("");
        assertThat(live.reread().changes())
                .extracting(LiveConfig.Change::line)
                .containsExactly("nbd.client_stall is now 60s, it was 7s");
    }

    @Test
    void shouldChangeNothingIfTheFileIsWrong() throws Exception {
        LiveConfig<NodeConfig> live = live(Map.of());
        NodeConfig before = live.config();
        write("nbd.client_stall = 7s\nnbd.keep_alive = soon\n");

        assertThatThrownBy(live::reread)
                .isInstanceOf(ConfigException.class)
                .hasMessage(file + ":7: nbd.keep_alive must be a time such as 50ms, not soon");
        Files.delete(file);
        assertThatThrownBy(live::reread)
                .isInstanceOf(ConfigException.class)
                .hasMessage(file + ": cannot read the configuration: no such file");
        assertThat(live.config()).isSameAs(before);
    }

    @Test
    void shouldLetTheEnvironmentWinAsAtTheStart() throws Exception {
        LiveConfig<NodeConfig> live = live(Map.of("PARABLOCK_NBD__CLIENT_STALL", "9s"));
        write("nbd.client_stall = 7s\n");
        assertThat(live.reread().changes()).isEmpty();
    }

    @Test
    void shouldReloadAGatewaysFile() throws Exception {
        String gateway = """
                cluster.id = demo
                peers = [ { id = 1, address = "127.0.0.1:7001" } ]
                """;
        Files.writeString(file, gateway);
        LiveConfig<GatewayProcessConfig> live = LiveConfig.ofGateway(file, Map.of(), new Properties());
        Files.writeString(file, gateway + "http.listen = \"127.0.0.1:81\"\nnbd.stop_grace = 1s\n");
        LiveConfig.Reload<GatewayProcessConfig> reload = live.reread();
        assertThat(reload.changes()).extracting(c -> c.key().name()).containsExactly("nbd.stop_grace", "http.listen");
        assertThat(reload.config().httpListen()).isNull();
        assertThat(reload.config().nbd().stopGraceNs()).isEqualTo(1_000_000_000L);
    }
}
