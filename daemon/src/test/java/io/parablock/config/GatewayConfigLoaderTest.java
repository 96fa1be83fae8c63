package io.parablock.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GatewayConfigLoaderTest {
    private static final String SMALLEST = """
            cluster.id = prod
            peers = [ { id = 1, address = "10.0.0.1:7000" }, { id = 2, host = "10.0.0.2", port = 7001 } ]
            """;

    @TempDir
    Path folder;

    @Test
    void shouldHaveANodesDefaults() {
        GatewayProcessConfig c = GatewayConfigLoader.parse(SMALLEST);
        NodeConfig node = ConfigLoader.parse(SMALLEST + """
                node.id = 1
                node.data_dir = x
                volumes = [ { name = v, size = 1GiB } ]
                """);
        assertThat(c.clusterId()).isEqualTo("prod");
        assertThat(c.members()).isEqualTo(node.peers());
        assertThat(c.nbd()).isEqualTo(node.nbd());
        assertThat(c.transport()).isEqualTo(node.transport());
        assertThat(c.gateway()).isEqualTo(node.gateway());
        assertThat(c.limits()).isEqualTo(node.limits());
        assertThat(c.httpListen()).as("a node may be on the same machine").isNull();
    }

    @Test
    void shouldTakeItsKeysFromEverywhere() throws Exception {
        Path file = Files.writeString(
                folder.resolve("gateway.conf"),
                SMALLEST + "nbd.listen = \"unix:/run/p.sock\"\npipeline = inline\nhttp.listen = \"127.0.0.1:81\"\n");
        Properties properties = new Properties();
        properties.setProperty("parablock.transport.lanes", "2");
        GatewayProcessConfig c = GatewayConfigLoader.load(
                file, Map.of("PARABLOCK_GATEWAY__REQUEST_TIMEOUT", "30s", "PARABLOCK_HOME", "x"), properties);
        assertThat(c.nbd().listen()).hasToString("[/run/p.sock]");
        assertThat(c.pipeline().kind()).isEqualTo(NodeConfig.PipelineKind.INLINE);
        assertThat(c.httpListen()).isNotNull();
        assertThat(c.transport().lanes()).isEqualTo(2);
        assertThat(c.gateway().requestTimeoutNs()).isEqualTo(30_000_000_000L);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            node.data_dir = x                    | node.data_dir is a node's key
            volumes = [{name = v, size = 1GiB}]  | volumes is a node's key
            raft.span = 8                        | raft.span is a node's key
            transport.gateways_max = 3           | transport.gateways_max is a node's key
            cluster.name = x                     | unknown key cluster.name; did you mean cluster.id?
            transport.gateway_keep_alive = 10ms  | transport.gateway_keep_alive must be in
            peers = []                           | peers is required
            peers = [{id = 300, host = h, port = 1}] | peers[0].id must be in
            cluster.id = ""                      | cluster.id is required
            """)
    void shouldNameAWrongKeyInOneLine(String text, String line) {
        assertThatThrownBy(() -> GatewayConfigLoader.parse(SMALLEST + text))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(line)
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
    }

    @Test
    void shouldNameAFileThatIsNotThere() {
        assertThatThrownBy(() -> GatewayConfigLoader.load(folder.resolve("none")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("cannot read the configuration");
    }
}
