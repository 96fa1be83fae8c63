package io.parablock.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parablock.perf.LoadGenerator;
import io.parablock.perf.LoadResult;
import io.parablock.perf.LoadSettings;
import io.parablock.perf.NbdClient;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A gateway without a replica in front of three nodes, each a process of its own. */
@Tag("e2e")
@Tag("one-jdk")
class GatewayE2eTest {
    private static final int ROUNDS = Integer.getInteger("parablock.rounds", 1);
    private static final double SLACK = Double.parseDouble(System.getProperty("parablock.slack", "3"));
    private static final double GAP_DIFFERENCE_MS_MAX = 300;
    private static final long DRAIN_MS = 30_000;
    private static final int GATEWAYS_MAX = 3;
    /** In the first of the volume's four chunks: the group whose leader is killed. */
    private static final int FIRST_BLOCK = 8 << 20 >> 12;

    private static final int BLOCKS = 1024;

    @TempDir
    static Path folder;

    private static LiveCluster live;

    @BeforeAll
    static void start() throws Exception {
        live = LiveCluster.start(
                folder.resolve("cluster"),
                "128MiB",
                "parallel",
                "fsync",
                Map.of(
                        "volumes",
                        "[ { name = \"demo\", size = 128MiB, chunk_size = 32MiB } ]",
                        "transport.gateways_max",
                        Integer.toString(GATEWAYS_MAX)));
    }

    @AfterAll
    static void stop() {
        if (live != null) {
            live.close();
        }
    }

    private interface Body {
        void run(LiveGateway gateway) throws Exception;
    }

    private static void with(String name, Body body) throws Exception {
        with(name, "", body);
    }

    private static void with(String name, String more, Body body) throws Exception {
        try (LiveGateway gateway = LiveGateway.prepare(folder.resolve(name), live, LiveCluster.EXPORT, more)) {
            try {
                gateway.start();
                gateway.awaitServing();
                body.run(gateway);
            } catch (Exception | AssertionError e) {
                live.printLogs();
                gateway.printLog();
                throw e;
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"pipeline = inline", "pipeline = threads\ntransport.kind = nio"})
    void shouldServeTcpAndUnixClients(String keys) throws Exception {
        Clients.require("qemu-io");
        with("clients" + keys.length(), keys + "\n", gateway -> {
            String unix = "nbd+unix:///" + LiveCluster.EXPORT + "?socket=" + gateway.socket();
            // Over the end of a chunk; through one door in, through every other one out.
            qemu(unix, "write -P 0x5a 30M 4M", "flush", "write -z 31M 64k", "discard 33M 64k", "read -P 0x5a 30M 1M");
            for (String uri : List.of(gateway.uri(), live.uri(1), live.uri(2), live.uri(3))) {
                qemu(uri, "read -P 0x5a 30M 1M", "read -P 0 31M 64k", "read -P 0x5a 32M 1M", "read -P 0 33M 64k");
            }
            String status = page(gateway, "/status");
            assertThat(status).contains("\"role\":\"gateway\"", "\"lanes_up\":4", "\"groups\":[");
            assertThat(page(gateway, "/metrics")).contains("parablock_gateway_request_seconds", "parablock_leader{");
            assertThat(gateway.log())
                    .anyMatch(line -> line.contains("serves nbd") && line.contains("transport "))
                    .noneMatch(line -> line.startsWith("\tat "));
            assertThat(gateway.stop()).isTrue();
            assertThat(gateway.hasLogged("has stopped")).isTrue();
            assertThat(Files.exists(gateway.socket())).isFalse();
            LiveCluster.await("the node to notice", () -> hasLogged(1, " has gone"));
        });
    }

    private static void qemu(String uri, String... commands) throws Exception {
        String[] all = new String[4 + 2 * commands.length];
        all[0] = "qemu-io";
        all[1] = "-f";
        all[2] = "raw";
        for (int i = 0; i < commands.length; i++) {
            all[3 + 2 * i] = "-c";
            all[4 + 2 * i] = commands[i];
        }
        all[all.length - 1] = uri;
        String printed = Clients.run(120, all);
        assertThat(printed).doesNotContain("Pattern verification failed").doesNotContain("failed");
    }

    private static String page(LiveGateway gateway, String path) throws Exception {
        try (var in = new URI("http://127.0.0.1:" + gateway.http().getPort() + path)
                .toURL()
                .openStream()) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static boolean hasLogged(int node, String text) {
        try {
            return live.log(node).stream().anyMatch(line -> line.contains(text));
        } catch (IOException e) {
            return false;
        }
    }

    /** Two loads at once, one through the gateway and one through a member: neither sees an error, nor the longer gap. */
    @Test
    void shouldHideTheDeathOfTheLeaderAsAMemberDoes() throws Exception {
        int attached = 1;
        with("leaders", gateway -> {
            try (LoadGenerator load = load(gateway.nbd(), 0);
                    LoadGenerator beside = load(live.nbd(attached), 1)) {
                for (int round = 1; round <= ROUNDS; round++) {
                    int leader = live.leaderOtherThan(attached);
                    awaitMore(load);
                    awaitMore(beside);
                    Thread.sleep(1_000);
                    load.takeLongestGapMs();
                    beside.takeLongestGapMs();
                    live.cluster.kill(leader);
                    awaitMore(load);
                    awaitMore(beside);
                    double gapMs = load.takeLongestGapMs();
                    double besideMs = beside.takeLongestGapMs();
                    System.out.printf(
                            "round %d: node %d killed, longest gap %.0f ms through the gateway, %.0f ms through node %d%n",
                            round, leader, gapMs, besideMs, attached);
                    assertThat(gapMs).isLessThan(besideMs + SLACK * GAP_DIFFERENCE_MS_MAX);
                    live.cluster.start(leader);
                    live.awaitCaughtUp(leader);
                }
                for (LoadGenerator l : List.of(load, beside)) {
                    LoadResult result = l.stop(DRAIN_MS);
                    System.out.printf("%d writes, %d reads%n", result.writes(), result.reads());
                    assertThat(result.problems()).isEmpty();
                    assertThat(result.clean()).isTrue();
                    requireEverything(l, gateway.nbd());
                    for (int node = 1; node <= 3; node++) {
                        requireEverything(l, live.nbd(node));
                    }
                }
                live.requireIdentical();
            }
        });
    }

    /** Requests that were sent after now are answered. */
    private static void awaitMore(LoadGenerator load) throws Exception {
        long before = load.completions();
        LiveCluster.await("requests to be answered", () -> {
            assertThat(load.problems()).isEmpty();
            return load.completions() > before + 100;
        });
    }

    private static void requireEverything(LoadGenerator load, InetSocketAddress address) throws Exception {
        try (NbdClient reader = NbdClient.connect(address, LiveCluster.EXPORT)) {
            assertThat(load.verifyAll(reader, LiveCluster.TIMEOUT_MS))
                    .as("read at " + address)
                    .isEmpty();
        }
    }

    @Test
    void shouldKeepEveryAnsweredWriteWhenTheGatewayDies() throws Exception {
        with("dies", gateway -> {
            LoadSettings settings = LoadSettings.writes(gateway.nbd(), LiveCluster.EXPORT, 16)
                    .withRange(FIRST_BLOCK, BLOCKS)
                    .withReadShare(0.3)
                    .reconnecting(List.of(gateway.nbd()));
            try (LoadGenerator load = new LoadGenerator(settings)) {
                load.start();
                for (int round = 1; round <= ROUNDS; round++) {
                    awaitMore(load);
                    gateway.kill();
                    gateway.start();
                    awaitMore(load);
                }
                LoadResult result = load.stop(DRAIN_MS);
                assertThat(result.problems()).isEmpty();
                assertThat(result.clean()).isTrue();
                assertThat(result.reconnects()).isGreaterThanOrEqualTo(ROUNDS);
                requireEverything(load, gateway.nbd());
                requireEverything(load, live.nbd(2));
            }
        });
    }

    @Test
    void shouldServeTwoGatewaysAndAMemberAtOnce() throws Exception {
        with(
                "first",
                first -> with("second", second -> {
                    try (LoadGenerator a = load(first.nbd(), 0);
                            LoadGenerator b = load(second.nbd(), 1);
                            LoadGenerator c = load(live.nbd(1), 2)) {
                        for (LoadGenerator load : List.of(a, b, c)) {
                            awaitMore(load);
                        }
                        // The others' sessions outlive its restart.
                        second.stop();
                        second.start();
                        second.awaitServing();
                        for (LoadGenerator load : List.of(a, c)) {
                            awaitMore(load);
                            LoadResult result = load.stop(DRAIN_MS);
                            assertThat(result.problems()).isEmpty();
                            assertThat(result.clean()).isTrue();
                        }
                        requireEverything(a, second.nbd());
                    }
                }));
    }

    /** Each in a range of its own. */
    private static LoadGenerator load(InetSocketAddress address, int range) {
        LoadGenerator load = new LoadGenerator(LoadSettings.writes(address, LiveCluster.EXPORT, 8)
                .withRange(FIRST_BLOCK + range * BLOCKS, BLOCKS)
                .withReadShare(0.3));
        load.start();
        return load;
    }

    @Test
    void shouldRefuseAGatewayOfAnotherClusterInOneClearLine() throws Exception {
        try (LiveGateway stranger = LiveGateway.prepare(folder.resolve("stranger"), live, "another", "")) {
            Process process = stranger.start();
            String line = "the gateway is of cluster 'another', this node of 'demo'";
            for (int node = 1; node <= 3; node++) {
                int n = node;
                LiveCluster.await("a line of node " + node, () -> hasLogged(n, line));
                LiveCluster.await(
                        "a line on node " + node,
                        () -> stranger.hasLogged("node " + n + " at ") && stranger.hasLogged(line));
            }
            assertThat(process.isAlive()).isTrue();
            assertThatThrownBy(() -> new Socket(
                                    stranger.nbd().getAddress(), stranger.nbd().getPort())
                            .close())
                    .isInstanceOf(ConnectException.class);
            // However often it tries again, with every lane.
            Thread.sleep(3_000);
            assertThat(stranger.log().stream().filter(l -> l.contains(line))).hasSize(3);
            assertThat(live.log(1).stream().filter(l -> l.contains(line))).hasSize(1);
            assertThat(stranger.stop()).isTrue();
            live.requireWritable(1);
        }
    }

    @Test
    void shouldEndWithOneLineWhenItsConfigurationIsWrong() throws Exception {
        for (String wrong : List.of("node.data_dir = x\n", "nonsense = 1\n", "gateway.retry = never\n")) {
            try (LiveGateway gateway = LiveGateway.prepare(folder.resolve("wrong"), live, LiveCluster.EXPORT, wrong)) {
                Files.deleteIfExists(gateway.folder.resolve("gateway.log"));
                Process process = gateway.start();
                assertThat(process.waitFor(LiveCluster.TIMEOUT_MS, TimeUnit.MILLISECONDS))
                        .isTrue();
                assertThat(process.exitValue()).isEqualTo(2);
                assertThat(gateway.log()).hasSize(1).first().asString().contains(wrong.split(" ")[0]);
            }
        }
    }
}
