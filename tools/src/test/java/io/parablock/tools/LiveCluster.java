package io.parablock.tools;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.parablock.perf.NbdClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Three daemons in processes of their own, for one test. */
final class LiveCluster implements AutoCloseable {
    private static final String MODES = System.getProperty("parablock.modes", "parallel,strict");
    static final String EXPORT = DemoSettings.EXPORT;
    static final long TIMEOUT_MS = 60_000;

    private static int nextPort = 21_000;

    /** Changes the configurations that were written, before the nodes start. */
    @FunctionalInterface
    interface Preparation {
        void prepare(DemoCluster cluster) throws IOException;
    }

    final DemoCluster cluster;
    final Path dir;

    private LiveCluster(DemoCluster cluster, Path dir) {
        this.cluster = cluster;
        this.dir = dir;
    }

    /** On the second JDK strict mode's turn is left out. */
    static void assumeWanted(String mode) {
        assumeTrue(MODES.contains(mode), "parablock.modes=" + MODES);
    }

    static LiveCluster start(Path dir, String size, String mode, String durability, Map<String, String> extra)
            throws Exception {
        return start(dir, 3, size, mode, durability, "", extra);
    }

    static LiveCluster start(
            Path dir,
            int nodes,
            String size,
            String mode,
            String durability,
            String walEngine,
            Map<String, String> extra)
            throws Exception {
        return start(dir, nodes, size, mode, durability, walEngine, extra, cluster -> {});
    }

    static LiveCluster start(
            Path dir,
            int nodes,
            String size,
            String mode,
            String durability,
            String walEngine,
            Map<String, String> extra,
            Preparation preparation)
            throws Exception {
        System.setProperty("parablock.home", ArchitectureTest.root().toString());
        int port = freePorts(3 * DemoSettings.NODES_MAX);
        // The disk is not measured at each start of a test.
        Map<String, String> keys = new TreeMap<>(Map.of("wal.write_bytes", "256KiB"));
        keys.putAll(extra);
        DemoSettings settings = new DemoSettings(
                dir,
                nodes,
                ByteSize.parse(size),
                mode,
                durability,
                walEngine,
                port,
                port + DemoSettings.NODES_MAX,
                port + 2 * DemoSettings.NODES_MAX,
                keys);
        NodeArchive.use();
        LiveCluster live = new LiveCluster(new DemoCluster(settings, new NodeLauncher()), dir);
        // A test run that is interrupted must not leave daemons behind.
        Runtime.getRuntime().addShutdownHook(new Thread(live.cluster::close));
        try {
            live.cluster.prepare();
            preparation.prepare(live.cluster);
            live.cluster.startPrepared();
            live.cluster.awaitWritable();
        } catch (Exception e) {
            live.printLogs();
            live.close();
            throw e;
        }
        return live;
    }

    static synchronized int freePorts(int count) {
        while (true) {
            int first = nextPort;
            nextPort += count;
            boolean free = true;
            for (int port = first; port < first + count && free; port++) {
                try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                    free = socket.isBound();
                } catch (IOException e) {
                    free = false;
                }
            }
            if (free) {
                return first;
            }
        }
    }

    String uri(int node) {
        return "nbd://127.0.0.1:" + cluster.settings().nbdPort(node) + "/" + EXPORT;
    }

    InetSocketAddress nbd(int node) {
        return cluster.nbd(node);
    }

    InetSocketAddress peer(int node) {
        return NodeConfig.loopback(cluster.settings().peerPort(node));
    }

    InetSocketAddress http(int node) {
        return NodeConfig.loopback(cluster.settings().httpPort(node));
    }

    /** Stops a daemon's threads where they are, as a machine that hangs would. */
    void pause(int node) throws Exception {
        signal("STOP", node);
    }

    void resume(int node) throws Exception {
        signal("CONT", node);
    }

    private void signal(String name, int node) throws Exception {
        Clients.run(10, "kill", "-" + name, Long.toString(process(node).pid()));
    }

    Process process(int node) {
        Process process = cluster.process(node);
        if (process == null) {
            throw new IllegalStateException("node " + node + " was not started");
        }
        return process;
    }

    /** Makes sure that {@code node} does not lead: it is paused until the others have a leader. */
    int leaderOtherThan(int node) throws Exception {
        int leader = cluster.awaitLeader();
        while (leader == node) {
            pause(node);
            try {
                await("a leader other than node " + node, () -> leaderNow() != 0 && leaderNow() != node);
            } finally {
                resume(node);
            }
            Thread.sleep(500);
            leader = cluster.awaitLeader();
        }
        return leader;
    }

    private int leaderNow() {
        try {
            Integer leader = cluster.status().leader();
            return leader == null ? 0 : leader;
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Waits until the node answers its status page and has applied what the leader has committed. */
    void awaitCaughtUp(int node) throws Exception {
        await("node " + node + " to catch up", () -> hasCaughtUp(node));
    }

    /** Whether the node answers its status page and has applied about what the leader has committed. */
    boolean hasCaughtUp(int node) {
        try {
            ClusterStatus status = cluster.status();
            Integer leader = status.leader();
            long committed = -1;
            long applied = -1;
            for (ClusterStatus.Member member : status.members()) {
                if (leader != null && member.node().id() == leader) {
                    committed = member.number(NodeStatus.COMMIT);
                }
                if (member.node().id() == node) {
                    applied = member.number(NodeStatus.APPLIED);
                }
            }
            // Under load the leader is always a little ahead.
            return committed >= 0 && applied >= 0 && applied >= committed - 1024;
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    static void await(String what, BooleanSupplier done) throws Exception {
        long deadlineNs = System.nanoTime() + TIMEOUT_MS * 1_000_000;
        while (!done.getAsBoolean()) {
            if (System.nanoTime() > deadlineNs) {
                throw new AssertionError("waited " + TIMEOUT_MS + " ms for " + what);
            }
            Thread.sleep(50);
        }
    }

    /** The sum of a figure over all nodes' status pages. */
    static long sum(ClusterStatus status, String key) {
        long sum = 0;
        for (ClusterStatus.Member member : status.members()) {
            sum += Math.max(0, member.number(key));
        }
        return sum;
    }

    void requireIdentical() throws Exception {
        ReplicaComparer comparer = new ReplicaComparer(cluster.folder());
        comparer.awaitQuiet(TIMEOUT_MS);
        ReplicaComparer.Outcome outcome = comparer.compare();
        if (outcome.difference() != null) {
            throw new AssertionError(outcome.difference());
        }
    }

    void requireWritable(int node) throws IOException {
        try (NbdClient client = NbdClient.connect(nbd(node), EXPORT)) {
            byte[] content = client.readNow(0, 4096, TIMEOUT_MS);
            client.writeNow(0, content, TIMEOUT_MS);
        }
    }

    /** The bytes that a node keeps besides its replica of the volume: log and marks. Files come and go meanwhile. */
    long logBytes(int node) throws IOException {
        long[] bytes = new long[1];
        Files.walkFileTree(cluster.folder().data(node), new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                if (!ReplicaComparer.ChunkFiles.isChunk(file)
                        && !file.toString().endsWith(".sums")) {
                    bytes[0] += attributes.size();
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
                if (e instanceof NoSuchFileException) {
                    return FileVisitResult.CONTINUE;
                }
                throw e;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException e) throws IOException {
                return e instanceof NoSuchFileException
                        ? FileVisitResult.CONTINUE
                        : super.postVisitDirectory(folder, e);
            }
        });
        return bytes[0];
    }

    List<String> log(int node) throws IOException {
        return Files.readAllLines(cluster.folder().log(node));
    }

    /** For a test that failed. */
    void printLogs() {
        for (int node = 1; node <= cluster.settings().nodes(); node++) {
            try {
                List<String> lines = log(node);
                System.out.println("---- node " + node);
                lines.subList(Math.max(0, lines.size() - 60), lines.size()).forEach(System.out::println);
            } catch (IOException e) {
                System.out.println("no log of node " + node);
            }
        }
    }

    @Override
    public void close() {
        cluster.close();
    }
}
