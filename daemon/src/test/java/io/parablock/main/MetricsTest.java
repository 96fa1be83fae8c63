package io.parablock.main;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.parablock.config.ConfigLoader;
import io.parablock.config.GatewayConfigLoader;
import io.parablock.events.EventLog;
import io.parablock.metrics.Kind;
import io.parablock.metrics.Metric;
import io.parablock.metrics.Stage;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.hawkular.agent.prometheus.types.MetricFamily;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What three nodes and a gateway really export, over their own sockets: against the catalogue, the writes that were made,
 * the dashboard and the alert rules.
 */
@Tag("one-jdk")
@Timeout(60)
@Isolated("real time")
class MetricsTest {
    private static final int WRITES = 100;
    private static final int BLOCK_BYTES = 4096;
    private static final long AWAIT_MS = 30_000;

    private static final Path TOOLS = Path.of("..", "tools");
    /** Prometheus adds these itself. */
    private static final Set<String> OF_THE_SCRAPER = Set.of("job", "instance");

    @TempDir
    private Path dir;

    private final List<String> fatals = new ArrayList<>();
    private final List<Node> nodes = new ArrayList<>();
    private int[] ports = {};
    private GatewayProcess gateway;

    private static int[] freePorts(int count) throws IOException {
        ServerSocket[] taken = new ServerSocket[count];
        for (int i = 0; i < count; i++) {
            taken[i] = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        }
        int[] out = Arrays.stream(taken).mapToInt(ServerSocket::getLocalPort).toArray();
        for (ServerSocket s : taken) {
            s.close();
        }
        return out;
    }

    private synchronized void onFatal(String line) {
        fatals.add(line);
    }

    private String common() {
        return """
                cluster.id = test
                peers = [ {id=1, address="127.0.0.1:%d"}, {id=2, address="127.0.0.1:%d"}, {id=3, address="127.0.0.1:%d"} ]
                """.formatted(ports[0], ports[1], ports[2]);
    }

    private void start(String pipeline) throws Exception {
        ports = freePorts(5);
        for (int id = 1; id <= 3; id++) {
            Node node = new Node(
                    ConfigLoader.parse(common() + """
                            node.id = %d
                            node.data_dir = "%s"
                            wal { write_bytes = 256KiB, writes_in_flight = 4, segment_bytes = 4MiB }
                            nbd.listen = "127.0.0.1:0"
                            http.listen = "127.0.0.1:0"
                            volumes = [ { name = disk, size = 8MiB } ]
                            raft.election_timeout = 2s    # no second leader, however busy the machine is
                            pipeline.kind = %s
                            metrics.writes_per_timed = 1
                            """.formatted(id, dir.resolve("node" + id), pipeline)),
                    NetworkLinks::of,
                    new EventLog(1_024),
                    this::onFatal);
            nodes.add(node);
            node.start();
        }
        gateway = new GatewayProcess(
                GatewayConfigLoader.parse(common() + """
                        nbd.listen = "127.0.0.1:%d"
                        http.listen = "127.0.0.1:%d"
                        pipeline.kind = %s
                        """.formatted(ports[3], ports[4], pipeline)),
                new EventLog(1_024),
                this::onFatal);
        gateway.start();
    }

    @AfterEach
    void stop() {
        if (gateway != null) {
            gateway.close();
        }
        nodes.forEach(Node::close);
        assertThat(fatals).isEmpty();
    }

    private static void await(String what, BooleanSupplier done) throws InterruptedException {
        long deadlineNs = System.nanoTime() + AWAIT_MS * 1_000_000;
        while (!done.getAsBoolean()) {
            assertThat(System.nanoTime()).as("waiting for " + what).isLessThan(deadlineNs);
            Thread.sleep(20);
        }
    }

    private static ScrapedPage page(Node node) {
        return page(node.httpAddress().getPort());
    }

    private static ScrapedPage page(int port) {
        try {
            return ScrapedPage.of(port);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"inline", "threads"})
    void shouldExportWhatTheCatalogueAndTheToolsSay(String pipeline) throws Exception {
        start(pipeline);
        write();
        // A pause, so that there is a metric for it.
        System.gc();
        for (Node node : nodes) {
            await("every write in every store", () -> stage(page(node), Stage.APPLY) == WRITES);
        }
        await("the collector's pause", () -> page(nodes.get(0)).families.containsKey("jvm_gc_pause_seconds"));
        for (Node node : nodes) {
            await("every lane", () -> sum(page(node), Metric.PEER_LANES_UP) == sum(page(node), Metric.PEER_LANES));
        }
        List<ScrapedPage> pages = new ArrayList<>();
        nodes.forEach(node -> pages.add(page(node)));
        ScrapedPage ofGateway = page(ports[4]);

        checkCatalogue(pages, Metric.Of.NODE);
        checkCatalogue(List.of(ofGateway), Metric.Of.GATEWAY);
        checkStages(pages, ofGateway);
        Map<String, Set<String>> series = new TreeMap<>(ofGateway.series());
        pages.forEach(p -> p.series().forEach((name, labels) -> series.merge(name, labels, MetricsTest::union)));
        checkAlerts(series);
        checkDashboard(series);
        assertThat(new PromQl("no_such_metric > 1").selected.keySet())
                .as("a name that there is not would be found out")
                .allMatch(name -> !series.containsKey(name));
    }

    private void write() throws Exception {
        CompletableFuture<Void> written = CompletableFuture.runAsync(() -> {
            try (PlainNbdClient c = new PlainNbdClient(new InetSocketAddress("127.0.0.1", ports[3]))) {
                for (int i = 0; i < WRITES; i++) {
                    c.write((long) i * BLOCK_BYTES, new byte[BLOCK_BYTES]);
                }
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });
        written.get(AWAIT_MS, java.util.concurrent.TimeUnit.MILLISECONDS);
    }

    private static Set<String> union(Set<String> one, Set<String> other) {
        Set<String> all = new HashSet<>(one);
        all.addAll(other);
        return all;
    }

    private static void checkCatalogue(List<ScrapedPage> pages, Metric.Of of) {
        Map<String, MetricFamily> exported = new TreeMap<>();
        pages.forEach(p -> p.families.forEach((name, family) -> {
            if (name.startsWith("parablock_")) {
                exported.merge(name, family, (a, b) -> a.getMetrics().isEmpty() ? b : a);
            }
        }));
        List<Metric> expected = Arrays.stream(Metric.values())
                .filter(m -> m.of() == of || m.of() == Metric.Of.BOTH)
                .toList();
        assertThat(exported.keySet())
                .as("exported by a %s", of)
                .containsExactlyInAnyOrderElementsOf(
                        expected.stream().map(Metric::prometheusName).toList());
        for (Metric m : expected) {
            MetricFamily family = exported.get(m.prometheusName());
            String type = m.kind() == Kind.TIMER ? "HISTOGRAM" : m.kind().name();
            assertThat(family.getType().name())
                    .as("type of %s", m.prometheusName())
                    .isEqualTo(type);
            assertThat(family.getHelp()).as("help of %s", m.prometheusName()).isNotEmpty();
            assertThat(family.getMetrics())
                    .as("series of %s", m.prometheusName())
                    .isNotEmpty()
                    .allSatisfy(
                            one -> assertThat(one.getLabels().keySet()).containsExactlyInAnyOrderElementsOf(m.tags()));
        }
    }

    private static double sum(ScrapedPage page, Metric metric) {
        return page.sum(metric.prometheusName());
    }

    private static long stage(ScrapedPage page, Stage stage) {
        return page.count(Metric.WRITE_STAGE.prometheusName(), "stage", stage.label());
    }

    /** Each write is one entry. A new leader in the midst of them would take what was under way with it: there is none. */
    private static void checkStages(List<ScrapedPage> pages, ScrapedPage ofGateway) {
        assertThat(stage(ofGateway, Stage.RECEIVE)).isEqualTo(WRITES);
        assertThat(stage(ofGateway, Stage.REPLY)).isEqualTo(WRITES);
        assertThat(ofGateway.count(Metric.GATEWAY_REQUEST.prometheusName(), "op", "write"))
                .isEqualTo(WRITES);
        assertThat(ofGateway.value(Metric.NBD_REQUESTS.prometheusName(), "op", "write"))
                .isEqualTo(WRITES);
        assertThat(ofGateway.value(Metric.NBD_BYTES.prometheusName(), "op", "write"))
                .isEqualTo((double) WRITES * BLOCK_BYTES);
        for (Stage ofLeader : List.of(Stage.FIRST_ACK, Stage.QUORUM_ACK, Stage.COMMIT)) {
            List<Long> counts = pages.stream().map(p -> stage(p, ofLeader)).toList();
            assertThat(counts).as("%s of the three nodes", ofLeader).containsExactlyInAnyOrder((long) WRITES, 0L, 0L);
        }
        for (ScrapedPage page : pages) {
            assertThat(stage(page, Stage.WAL_DURABLE)).isEqualTo(WRITES);
            assertThat(stage(page, Stage.APPLY)).isEqualTo(WRITES);
            assertThat(stage(page, Stage.RECEIVE)).isZero();
        }
        double leaders = pages.stream()
                .mapToDouble(p -> p.value(Metric.LEADS.prometheusName(), "group", "1"))
                .sum();
        assertThat(leaders).isEqualTo(1);
        for (Metric ofElection : List.of(Metric.ELECTION, Metric.MERGE)) {
            long all = pages.stream()
                    .mapToLong(p -> p.count(ofElection.prometheusName(), "", ""))
                    .sum();
            assertThat(all).as("%s of the first leader", ofElection).isPositive();
        }
    }

    /** @param texts that name labels of the result */
    private static void check(String where, String expression, List<String> texts, Map<String, Set<String>> series) {
        PromQl asked = new PromQl(
                expression.replace("$__rate_interval", "1m").replace("$job", "").replace("$instance", ""));
        assertThat(asked.selected).as("%s: %s", where, expression).isNotEmpty();
        Set<String> known = new HashSet<>(OF_THE_SCRAPER);
        asked.selected.forEach((name, labels) -> {
            Set<String> has = new HashSet<>(OF_THE_SCRAPER);
            if (!name.equals("up")) {
                assertThat(series).as("%s: %s", where, expression).containsKey(name);
                has.addAll(series.getOrDefault(name, Set.of()));
            }
            assertThat(has).as("%s: %s", where, expression).containsAll(labels);
            known.addAll(has);
        });
        assertThat(known).as("%s: %s", where, expression).containsAll(asked.grouped);
        Pattern label = Pattern.compile("\\{\\{\\s*(?:\\$labels\\.)?(\\w+)\\s*\\}\\}");
        for (String text : texts) {
            Matcher m = label.matcher(text);
            while (m.find()) {
                // What is not grouped by is no label of the result.
                Set<String> of = asked.grouped.isEmpty() ? known : union(asked.grouped, Set.of());
                assertThat(of).as("%s: %s", where, text).contains(m.group(1));
            }
        }
    }

    private static void checkAlerts(Map<String, Set<String>> series) throws IOException {
        JsonNode rules = new YAMLMapper()
                .readTree(TOOLS.resolve("prometheus/parablock-alerts.yml").toFile());
        Set<String> names = new HashSet<>();
        for (JsonNode group : rules.path("groups")) {
            for (JsonNode rule : group.path("rules")) {
                String name = rule.path("alert").asText();
                assertThat(names.add(name)).as(name).isTrue();
                assertThat(rule.at("/labels/severity").asText()).as(name).isIn("warning", "critical");
                check(
                        name,
                        rule.path("expr").asText(),
                        List.of(
                                rule.at("/annotations/summary").asText(),
                                rule.at("/annotations/description").asText()),
                        series);
            }
        }
        assertThat(names).hasSizeGreaterThan(10);
        String page = java.nio.file.Files.readString(Path.of("..", "docs", "operating.md"));
        assertThat(names).as("docs/operating.md tells what to do").allMatch(page::contains);
    }

    private static void checkDashboard(Map<String, Set<String>> series) throws IOException {
        JsonNode dashboard = new ObjectMapper()
                .readTree(TOOLS.resolve("grafana/parablock-dashboard.json").toFile());
        Set<Integer> ids = new HashSet<>();
        int expressions = 0;
        for (JsonNode panel : dashboard.path("panels")) {
            String title = panel.path("title").asText();
            assertThat(ids.add(panel.path("id").asInt())).as(title).isTrue();
            for (JsonNode target : panel.path("targets")) {
                check(
                        title,
                        target.path("expr").asText(),
                        List.of(target.path("legendFormat").asText()),
                        series);
                expressions++;
            }
        }
        assertThat(expressions).isGreaterThan(30);
        Set<String> variables = dashboard.at("/templating/list").findValues("name").stream()
                .map(JsonNode::asText)
                .collect(Collectors.toSet());
        assertThat(variables).contains("datasource", "job", "instance");
    }
}
