package io.parablock.tools;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code parablock demo}: a replicated disk on this machine, and a tour of it. */
@Command(
        name = "demo",
        description = "Starts daemons on this machine that serve one replicated volume, and gives a tour.",
        mixinStandardHelpOptions = true,
        subcommands = DemoStopCommand.class)
final class DemoCommand implements Callable<Integer> {
    private static final long WATCH_MS = 200;
    private static final int PORT_ATTEMPTS = 100;

    enum Mode {
        parallel,
        strict
    }

    enum Durability {
        fsync,
        mapped
    }

    @Option(
            names = "--dir",
            paramLabel = "DIR",
            description = "where configurations, logs and data are kept (default: parablock-demo in $TMPDIR or /tmp)")
    private @Nullable Path dir;

    @Option(names = "--nodes", paramLabel = "N", description = "how many daemons (default: 3)")
    private @Nullable Integer nodes;

    @Option(
            names = "--size",
            paramLabel = "SIZE",
            converter = ByteSize.Converter.class,
            description = "the volume's size (default: 1GiB)")
    private @Nullable ByteSize size;

    @Option(names = "--mode", description = "${COMPLETION-CANDIDATES} (default: parallel)")
    private @Nullable Mode mode;

    @Option(names = "--durability", description = "${COMPLETION-CANDIDATES} (default: fsync)")
    private @Nullable Durability durability;

    @Option(names = "--wal", paramLabel = "ENGINE", description = "the WAL engine (default: the daemon's)")
    private @Nullable String wal;

    @Option(
            names = "--nbd-port",
            paramLabel = "PORT",
            defaultValue = "10809",
            description = "node i serves NBD on PORT+i-1 (default: ${DEFAULT-VALUE})")
    private int nbdPort;

    @Option(
            names = "--http-port",
            paramLabel = "PORT",
            defaultValue = "8080",
            description = "node i serves HTTP on PORT+i-1 (default: ${DEFAULT-VALUE})")
    private int httpPort;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "a configuration key for every daemon (repeatable)")
    private Map<String, String> extra = new LinkedHashMap<>();

    @Option(names = "--no-tour", description = "only start the cluster")
    private boolean noTour;

    @Option(names = "--exit", description = "stop everything at the end instead of staying until Ctrl-C")
    private boolean exit;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public Integer call() throws Exception {
        PrintWriter out = spec.commandLine().getOut();
        Progress progress = Progress.to(out);
        DemoSettings settings = settings();
        NodeLauncher launcher = new NodeLauncher();
        try (DemoCluster cluster = new DemoCluster(settings, launcher)) {
            // Ctrl-C ends the process through its shutdown hooks.
            Runtime.getRuntime().addShutdownHook(new Thread(cluster::close, "stop-cluster"));
            cluster.startAll();
            cluster.awaitWritable();
            ready(settings, progress);
            if (!noTour) {
                tour(cluster, launcher, progress, out);
            }
            if (!exit) {
                stay(cluster, progress);
            }
        }
        return 0;
    }

    /** What the command line says; what it does not say is as it was when this folder was used before. */
    private DemoSettings settings() {
        // What no cluster can have is wrong whatever an earlier run left in the folder.
        if (nodes != null) {
            DemoSettings.requireNodes(nodes);
        }
        ClusterFolder folder = new ClusterFolder(dir == null ? ClusterFolder.defaultDir() : dir);
        PreviousDemo previous = PreviousDemo.in(folder);
        previous.requireSame("--nodes", nodes, PreviousDemo.NODES);
        previous.requireSame("--size", size, PreviousDemo.SIZE);
        return new DemoSettings(
                folder.dir(),
                nodes != null ? nodes : Integer.parseInt(previous.get(PreviousDemo.NODES, "3")),
                size != null ? size : ByteSize.parse(previous.get(PreviousDemo.SIZE, "1GiB")),
                mode != null ? mode.name() : previous.get(PreviousDemo.MODE, Mode.parallel.name()),
                durability != null ? durability.name() : previous.get(PreviousDemo.DURABILITY, Durability.fsync.name()),
                wal != null ? wal : previous.get(PreviousDemo.WAL_ENGINE, ""),
                nbdPort,
                httpPort,
                nbdPort + DemoSettings.PEER_PORT_DISTANCE,
                extra);
    }

    private static void ready(DemoSettings settings, Progress progress) {
        String address = NodeConfig.LOOPBACK + ":" + settings.nbdPort(1);
        progress.line("ready nbd://" + address + "/" + DemoSettings.EXPORT);
        progress.line("  kernel   nbd-client -N " + DemoSettings.EXPORT + " " + NodeConfig.LOOPBACK + " "
                + settings.nbdPort(1) + " /dev/nbd0 -b 4096 -persist   (as root, after: modprobe nbd)");
        progress.line("  qemu     qemu-system-x86_64 -drive file=nbd://" + address + "/" + DemoSettings.EXPORT
                + ",format=raw,if=virtio");
        progress.line("  libnbd   nbdinfo nbd://" + address + "/" + DemoSettings.EXPORT);
        progress.line("  any of the " + settings.nodes() + " nodes will do: ports " + settings.nbdPort(1) + " to "
                + settings.nbdPort(settings.nodes()) + "; status: http://" + NodeConfig.LOOPBACK + ":"
                + settings.httpPort(1) + "/status; data and logs: " + settings.dir());
    }

    private static void tour(DemoCluster cluster, NodeLauncher launcher, Progress progress, PrintWriter out)
            throws IOException, InterruptedException {
        DemoSettings settings = cluster.settings();
        Mode otherMode = settings.mode().equals(Mode.parallel.name()) ? Mode.strict : Mode.parallel;
        Path otherDir = settings.dir().resolve("compare-" + otherMode);
        deleteTree(otherDir);
        DemoSettings otherSettings =
                settings.elsewhere(otherDir, otherMode.name(), freePorts(3 * DemoSettings.NODES_MAX));
        try (DemoCluster other = new DemoCluster(otherSettings, launcher)) {
            Runtime.getRuntime().addShutdownHook(new Thread(other::close, "stop-comparison"));
            progress.line("a second cluster in " + otherMode + " mode, for the comparison ...");
            other.startAll();
            other.awaitWritable();
            new Tour(cluster, progress, out).take(other);
        }
        deleteTree(otherDir);
    }

    private static void stay(DemoCluster cluster, Progress progress) throws InterruptedException {
        progress.line("stays until Ctrl-C, or: parablock demo stop --dir "
                + cluster.settings().dir());
        while (true) {
            Thread.sleep(WATCH_MS);
            int running = 0;
            for (int node = 1; node <= cluster.settings().nodes(); node++) {
                Process process = cluster.process(node);
                running += process != null && process.isAlive() ? 1 : 0;
            }
            if (running == 0) {
                progress.line("all nodes have stopped");
                return;
            }
        }
    }

    /** The first of {@code count} consecutive free ports, outside the range that the system gives to clients. */
    static int freePorts(int count) {
        for (int attempt = 0; attempt < PORT_ATTEMPTS; attempt++) {
            int first = 20_000 + attempt * count;
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
        throw new CommandFailure("no free ports for another cluster");
    }

    static void deleteTree(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            List<Path> deepestFirst = files.sorted(Comparator.reverseOrder()).toList();
            for (Path file : deepestFirst) {
                Files.deleteIfExists(file);
            }
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }
}
