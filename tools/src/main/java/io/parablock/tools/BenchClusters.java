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
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The clusters that {@code parablock bench} measures, each daemon a process of its own; all run until the end. */
final class BenchClusters implements AutoCloseable {
    static final int NODES = 3;
    /** Named limit: each is three daemons, and all of them run until the end. */
    static final int CLUSTERS_MAX = 12;
    /** What a daemon says of itself that a report repeats. */
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
        }
        cluster.startPrepared();
        cluster.awaitWritable();
        if (faults.badNodeDown()) {
            cluster.kill(BenchScenario.BAD_NODE);
        }
        return new Variant(variant, faults, cluster, socket);
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

    private record Variant(BenchVariant what, BenchScenario.Faults faults, DemoCluster cluster, Socket socket)
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
        public List<URI> pages() {
            List<URI> all = new ArrayList<>();
            for (int node = 1; node <= NODES; node++) {
                all.add(URI.create("http://" + NodeConfig.LOOPBACK + ":"
                        + cluster.settings().httpPort(node) + "/"));
            }
            return all;
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
