package io.parablock.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigLoaderTest {
    private static final String MINIMAL = """
            cluster.id = "demo"
            node.id = 1
            node.data_dir = "/data"
            peers = [ { id = 1, address = "127.0.0.1:7001" }, { id = 2, host = "127.0.0.1", port = 7002 } ]
            volumes = [ { name = "demo", size = "25GiB" } ]
            """;

    @TempDir
    private Path dir;

    @Test
    void shouldFillInTheDefaults() {
        NodeConfig c = ConfigLoader.parse(MINIMAL);

        assertThat(c.nbd().listen()).containsExactly(InetSocketAddress.createUnresolved("127.0.0.1", 10809));
        assertThat(c.groups()).isEqualTo(3);
        assertThat(c.volumes().get(0).chunkSizeBytes(2)).isEqualTo(5L << 30);
        assertThat(c.peers().get(1)).isEqualTo(new NodeConfig.Peer(2, "127.0.0.1", 7002));
        assertThat(c.raft().electionTimeoutNs()).isEqualTo(300_000_000L);
        assertThat(c.gateway().requestTimeoutNs()).isZero();
        assertThat(c.lanes()).isEqualTo(4);
    }

    @Test
    void shouldListenInSeveralPlaces() {
        InetSocketAddress tcp = InetSocketAddress.createUnresolved("10.0.0.1", 10809);
        UnixDomainSocketAddress unix = UnixDomainSocketAddress.of("/run/p.sock");
        String list = "nbd.listen = [\"10.0.0.1:10809\", \"unix:/run/p.sock\"]";
        assertThat(ConfigLoader.parse(MINIMAL + list).nbd().listen()).containsExactly(tcp, unix);
        String text = "nbd.listen = \"unix:/run/p.sock, 10.0.0.1:10809\"";
        assertThat(ConfigLoader.parse(MINIMAL + text).nbd().listen()).containsExactly(unix, tcp);
    }

    @Test
    void shouldKnowWhatAStoppingServerReplies() {
        assertThat(ConfigLoader.parse(MINIMAL).nbd().stopReply()).isEqualTo(NodeConfig.StopReply.ESHUTDOWN);
        assertThat(ConfigLoader.parse(MINIMAL + "nbd.stop_reply = close").nbd().stopReply())
                .isEqualTo(NodeConfig.StopReply.CLOSE);
        assertThatThrownBy(() -> ConfigLoader.parse(MINIMAL + "nbd.stop_reply = eio"))
                .hasMessageContaining("nbd.stop_reply must be one of [eshutdown, close], not eio");
    }

    @Test
    void shouldKnowThePaceOfNewConnections() {
        NodeConfig.NbdKeys given = ConfigLoader.parse(MINIMAL + "nbd { accepts_per_second = 0, accept_backlog = 7 }")
                .nbd();
        assertThat(given.acceptsPerSecond()).isZero();
        assertThat(given.acceptBacklog()).isEqualTo(7);
        assertThat(ConfigLoader.parse(MINIMAL).nbd().acceptsPerSecond()).isEqualTo(500);
        assertThat(ConfigLoader.parse(MINIMAL).nbd().acceptBacklog()).isEqualTo(1024);
    }

    @Test
    void shouldKnowWhatIsBadOnPurpose() {
        NodeConfig.ImpairmentKeys off = ConfigLoader.parse(MINIMAL).impairment();
        assertThat(off.lanes()).isEmpty();
        assertThat(off.peers()).isEmpty();
        assertThat(off.delayNs() + off.jitterNs() + off.stallNs() + off.bytesPerSecond() + off.walDelayNs())
                .isZero();
        assertThat(off.stallProbability() + off.lossProbability() + off.walDelayProbability())
                .isZero();
        NodeConfig.ImpairmentKeys on = ConfigLoader.parse(MINIMAL + """
                        impairment { lanes = [control, 3], peers = 2, delay = 1500us, stall = 20ms, stall_probability = 0.01 }
                        """).impairment();
        assertThat(on.lanes()).containsExactlyInAnyOrder(-1, 3);
        assertThat(on.peers()).containsExactly(2);
        assertThat(on.delayNs()).isEqualTo(1_500_000);
        assertThat(on.stallNs()).isEqualTo(20_000_000);
        assertThat(on.stallProbability()).isEqualTo(0.01);
        assertThat(ConfigLoader.parse(MINIMAL + "impairment.lanes = \"0, control\"")
                        .impairment()
                        .lanes())
                .containsExactlyInAnyOrder(-1, 0);
    }

    @Test
    void shouldKnowReadOnlyVolumes() {
        String volumes = "volumes = [ { name = a, size = 4MiB, read_only = true }, { name = b, size = 4MiB } ]";
        assertThat(ConfigLoader.parse(MINIMAL + volumes).volumes())
                .extracting(NodeConfig.Volume::readOnly)
                .containsExactly(true, false);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    raft.spam = 1024               | unknown key raft.spam; did you mean raft.span?
                    raft.span = 1000               | raft.span must be a power of two, not 1000
                    raft.span = 8192               | raft.span must be in 4..4096, not 8192
                    mode = paralel                 | mode must be one of [parallel, strict], not paralel
                    wal.writes_in_flight = 0       | wal.writes_in_flight must be in 1..128, not 0
                    wal.writes_in_flight = many    | wal.writes_in_flight must be auto or a number, not many
                    wal.segment_bytes = 1KiB       | wal.segment_bytes must be in 1MiB..512MiB, not 1KiB
                    raft.election_timeout = soon   | raft.election_timeout must be a time such as 50ms, not soon
                    raft.heartbeat_interval = 200  | raft.heartbeat_interval must be at most a third of raft.election_timeout
                    nbd.listen = nowhere           | nbd.listen must be host:port, not nowhere
                    nbd.listen = "unix:"           | nbd.listen must be unix: and a path of 1..107 bytes, not unix:
                    nbd.listen = []                | nbd.listen is required
                    nbd.accepts_per_second = -1    | nbd.accepts_per_second must be in 0..1000000, not -1
                    nbd.accept_backlog = 0         | nbd.accept_backlog must be in 1..65535, not 0
                    gateway.range_steps_max = 0    | gateway.range_steps_max must be in 1..1024, not 0
                    impairment.lanes = 4           | impairment.lanes must be all, control or lanes 0..3, not 4
                    impairment.lanes = [0, data]   | impairment.lanes must be all, control or lanes 0..3, not data
                    impairment.peers = 3           | impairment.peers has node 3, which is not among peers
                    impairment.stall_probability = 2 | impairment.stall_probability must be a number from 0 to 1, not 2
                    impairment.delay = 61s         | impairment.delay must be in 0..1min, not 61s
                    node.id = 9                    | node.id 9 is not among peers
                    volumes = 3                    | volumes must be a list of objects
                    gateway.request_timeout = 5ms  | gateway.request_timeout must be 0 or in 100ms..1d, not 5ms
                    gateway.request_timeout = 99500us | gateway.request_timeout must be 0 or in 100ms..1d, not 99500us
                    raft.span = 64.5               | raft.span must be a whole number, not 64.5
                    raft = 5                       | raft is the beginning of keys, such as raft.span
                    http.listen = "127.0.0.1:7001" | http.listen has 127.0.0.1:7001, which is in peers too
                    """)
    void shouldNameTheWrongKeyInOneLine(String line, String message) {
        assertThatThrownBy(() -> ConfigLoader.parse(MINIMAL + line))
                .isInstanceOf(ConfigException.class)
                .hasMessage(message);
    }

    @Test
    void shouldPutPropertiesOverEnvironmentOverFile() throws Exception {
        Path file = dir.resolve("node.conf");
        Files.writeString(file, MINIMAL + "raft.span = 64\nmode = strict\npipeline = inline\n");
        Properties properties = new Properties();
        properties.setProperty("parablock.raft.span", "256");

        NodeConfig c = ConfigLoader.load(
                file, Map.of("PARABLOCK_RAFT__SPAN", "128", "PARABLOCK_WAL__SEGMENT_BYTES", "8MiB"), properties);

        assertThat(c.raft().span()).isEqualTo(256);
        assertThat(c.wal().segmentBytes()).isEqualTo(8L << 20);
        assertThat(c.pipeline().kind()).isEqualTo(NodeConfig.PipelineKind.INLINE);
        assertThat(c.lanes()).isEqualTo(1);
        assertThatThrownBy(() -> ConfigLoader.load(file, Map.of("PARABLOCK_RAFT__SPAM", "1"), new Properties()))
                .hasMessageContaining("unknown key raft.spam");
    }
}
