package io.parablock.tools;

import com.fasterxml.jackson.databind.JsonNode;
import io.parablock.perf.bench.MeasuredCluster;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The clusters that {@code parablock bench} measures, each daemon a process of its own; all run until the end. */
final class BenchClusters implements AutoCloseable {
    static final int NODES = 3;
    /** Named limit: each is three daemons, and all of them run until the end. */
    static final int CLUSTERS_MAX = 12;
    /** What a daemon says of itself that a report repeats. */
    private static final Duration RELOAD_TIMEOUT = Duration.ofSeconds(5);

    private static final List<String> FACTS = List.of("mode", "durability", "wal_engine", "transport", "pipeline");

    /** What the measuring client speaks NBD over. */
    enum Socket {
        tcp,
        unix
    }

    private final Path folder;
    private final Socket socket;
    private final ByteSize size;
    private final Map<String, String> extra;
    private final NodeLauncher launcher = new NodeLauncher();

    /** Guarded by this. */
    private final List<DemoCluster> clusters = new ArrayList<>();

    /** @param extra configuration keys for every daemon */
    BenchClusters(Path folder, ByteSize size, Socket socket, Map<String, String> extra) {
        this.folder = folder;
        this.socket = socket;
        this.size = size;
        this.extra = Map.copyOf(extra);
    }

    /** Starts one and waits until it answers a write. */
    MeasuredCluster start(BenchVariant variant, BenchScenario.Faults faults) throws IOException, InterruptedException {
        DemoCluster cluster = add(variant, faults);
        cluster.prepare();
        Map<Integer, String> written = new TreeMap<>();
        for (int node = 1; node <= NODES; node++) {
            StringBuilder own = new StringBuilder();
            if (socket == Socket.unix) {
                own.append("nbd.listen = \"")
                        .append(NodeConfig.LOOPBACK + ":" + cluster.settings().nbdPort(node))
                        .append(",unix:" + socketOf(cluster, node) + "\"\n");
            }
            faults.keysOf(node).forEach((key, value) -> {
                if (!extra.containsKey(key)) {
                    own.append(key).append(" = ").append(value).append('\n');
                }
            });
            Files.writeString(cluster.folder().config(node), own, StandardOpenOption.APPEND);
            written.put(node, Files.readString(cluster.folder().config(node)));
        }
        cluster.startPrepared();
        cluster.awaitWritable();
        if (faults.badNodeDown()) {
            cluster.kill(BenchScenario.BAD_NODE);
        }
        return new Variant(variant, faults, cluster, socket, extra, written);
    }

    private static Path socketOf(DemoCluster cluster, int node) {
        return cluster.folder().dir().resolve("nbd" + node);
    }

    private synchronized DemoCluster add(BenchVariant variant, BenchScenario.Faults faults) {
        int port = DemoCommand.freePorts(3 * DemoSettings.NODES_MAX);
        DemoSettings settings = new DemoSettings(
                folder.resolve("cluster" + clusters.size()),
                NODES,
                size,
                variant.mode().name(),
                variant.durability().name(),
                variant.engine().name(),
                port,
                port + DemoSettings.NODES_MAX,
                port + 2 * DemoSettings.NODES_MAX,
                variant.keys(faults, extra));
        DemoCluster cluster = new DemoCluster(settings, launcher);
        clusters.add(cluster);
        return cluster;
    }

    @Override
    public void close() {
        List<DemoCluster> all;
        synchronized (this) {
            all = List.copyOf(clusters);
        }
        all.forEach(DemoCluster::close);
    }

    /** @param written the configurations, by node */
    private record Variant(
            BenchVariant what,
            BenchScenario.Faults faults,
            DemoCluster cluster,
            Socket socket,
            Map<String, String> extra,
            Map<Integer, String> written)
            implements MeasuredCluster {
        @Override
        public String variant() {
            return what.label();
        }

        @Override
        public @Nullable String strictVariant() {
            BenchVariant strict = what.strict();
            return strict == null ? null : strict.label();
        }

        @Override
        public String export() {
            return DemoSettings.EXPORT;
        }

        @Override
        public SocketAddress leader() throws InterruptedException {
            String ended = faults.badNodeDown() ? null : cluster.ended();
            if (ended != null) {
                throw new CommandFailure(what.label() + ": " + ended);
            }
            int leader = cluster.awaitLeader();
            if (faults.hasBadNode() && leader == BenchScenario.BAD_NODE) {
                throw new CommandFailure(
                        what.label() + ": node " + leader + ", which is to be a bad follower, leads; the"
                                + " others were too slow for elections, so measure again on a calmer machine");
            }
            return socket == Socket.unix ? UnixDomainSocketAddress.of(socketOf(cluster, leader)) : cluster.nbd(leader);
        }

        @Override
        public Map<String, String> facts() throws IOException, InterruptedException {
            int leader = cluster.awaitLeader();
            NodeConfig config = NodeConfig.read(cluster.folder().config(leader));
            NodeStatus status = NodeStatus.fetchIfAlive(config);
            if (status == null) {
                throw new IOException("node " + leader + " of " + what.label() + " does not answer");
            }
            Map<String, String> facts = new LinkedHashMap<>();
            for (String fact : FACTS) {
                JsonNode said = status.json().path(fact);
                if (!said.isMissingNode()) {
                    facts.put(fact, said.asText());
                }
            }
            facts.put("socket", socket.name());
            facts.put("nodes", Integer.toString(NODES));
            facts.putAll(cluster.settings().extra());
            return facts;
        }

        @Override
        public void reconfigure(Map<String, String> keys) throws IOException, InterruptedException {
            StringBuilder lines = new StringBuilder();
            keys.forEach((key, value) -> {
                if (!extra.containsKey(key)) {
                    lines.append(key).append(" = ").append(value).append('\n');
                }
            });
            for (int node = 1; node <= NODES; node++) {
                Process process = cluster.process(node);
                Files.writeString(cluster.folder().config(node), written.get(node) + lines);
                if (process != null && process.isAlive()) {
                    requireApplied(NodeHttp.post(page(node), "/reload", RELOAD_TIMEOUT), node);
                }
            }
        }

        private void requireApplied(JsonNode answer, int node) {
            if (!answer.path("after_restart").isEmpty()) {
                throw new CommandFailure(what.label() + ": node " + node + " would have to be started anew for "
                        + answer.path("after_restart"));
            }
        }

        @Override
        public List<URI> pages() {
            return IntStream.rangeClosed(1, NODES).mapToObj(this::page).toList();
        }

        private URI page(int node) {
            return URI.create(
                    "http://" + NodeConfig.LOOPBACK + ":" + cluster.settings().httpPort(node) + "/");
        }

        @Override
        public List<ProcessHandle> processes() {
            List<ProcessHandle> all = new ArrayList<>();
            for (int node = 1; node <= NODES; node++) {
                Process process = cluster.process(node);
                if (process != null && process.isAlive()) {
                    all.add(process.toHandle());
                }
            }
            return all;
        }
    }
}
