package io.parablock.tools;

import io.parablock.perf.NbdClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A cluster of daemons on this machine, each a process of its own. */
final class DemoCluster implements AutoCloseable {
    /** How long a cluster may take from its start to the first answered write. */
    static final long READY_TIMEOUT_MS = 60_000;

    private static final long POLL_MS = 50;
    private static final long WRITE_TIMEOUT_MS = 5_000;
    private static final int LOG_LINE_CHARS_MAX = 300;

    private final DemoSettings settings;
    private final ClusterFolder folder;
    private final NodeLauncher launcher;

    /** The processes started here, by node; guarded by this. */
    private final Map<Integer, Process> processes = new TreeMap<>();

    private boolean closed;

    DemoCluster(DemoSettings settings, NodeLauncher launcher) {
        this.settings = settings;
        this.folder = new ClusterFolder(settings.dir());
        this.launcher = launcher;
    }

    DemoSettings settings() {
        return settings;
    }

    ClusterFolder folder() {
        return folder;
    }

    InetSocketAddress nbd(int node) {
        return NodeConfig.loopback(settings.nbdPort(node));
    }

    List<InetSocketAddress> nbdAll() {
        List<InetSocketAddress> all = new ArrayList<>();
        for (int node = 1; node <= settings.nodes(); node++) {
            all.add(nbd(node));
        }
        return all;
    }

    /** Writes the configurations and starts every node. */
    void startAll() throws IOException {
        prepare();
        startPrepared();
    }

    /** Makes sure that folder and ports are free and writes the configurations. */
    void prepare() throws IOException {
        Files.createDirectories(folder.dir());
        for (int node = 1; node <= DemoSettings.NODES_MAX; node++) {
            if (folder.running(node).isPresent()) {
                throw new CommandFailure("node " + node + " of " + folder.dir()
                        + " already runs; stop it with: parablock demo stop --dir " + folder.dir());
            }
        }
        for (int node = 1; node <= settings.nodes(); node++) {
            requireFree(settings.nbdPort(node), "--nbd-port");
            requireFree(settings.httpPort(node), "--http-port");
            requireFree(settings.peerPort(node), "--nbd-port; peers use port + " + DemoSettings.PEER_PORT_DISTANCE);
        }
        for (int node = 1; node <= settings.nodes(); node++) {
            NodeConfig.write(folder.config(node), settings, node);
        }
    }

    /** Starts every node with the configuration that it has by now. */
    void startPrepared() throws IOException {
        for (int node = 1; node <= settings.nodes(); node++) {
            start(node);
        }
    }

    private static void requireFree(int port, String option) throws IOException {
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        } catch (java.net.BindException e) {
            throw new CommandFailure("port " + port + " is taken (choose with " + option + ")");
        }
    }

    synchronized void start(int node) throws IOException {
        if (closed) {
            throw new CommandFailure("stopped");
        }
        processes.put(node, launcher.start(folder.config(node), folder.log(node), folder.pidFile(node)));
    }

    /** kill -9. */
    void kill(int node) throws InterruptedException {
        Process process = process(node);
        if (process != null) {
            process.destroyForcibly().waitFor();
        }
        folder.deletePidFile(node);
    }

    synchronized @Nullable Process process(int node) {
        return processes.get(node);
    }

    /** The first node whose process has ended, in words, or null. */
    @Nullable
    String ended() {
        for (int node = 1; node <= settings.nodes(); node++) {
            Process process = process(node);
            if (process != null && !process.isAlive()) {
                return "node " + node + " ended with exit code " + process.exitValue() + ": " + lastLogLine(node);
            }
        }
        return null;
    }

    private String lastLogLine(int node) {
        try {
            List<String> lines = Files.readAllLines(folder.log(node));
            for (int i = lines.size() - 1; i >= 0; i--) {
                String line = lines.get(i).strip();
                if (!line.isEmpty() && !line.startsWith("at ")) {
                    return line.substring(0, Math.min(line.length(), LOG_LINE_CHARS_MAX));
                }
            }
        } catch (IOException e) {
            // The exit code has to do.
        }
        return "see " + folder.log(node);
    }

    /** Waits until every node answers reads and a write is answered: the last block's own content, written back. */
    void awaitWritable() throws InterruptedException {
        long deadlineNs = System.nanoTime() + READY_TIMEOUT_MS * 1_000_000;
        int node = settings.nodes();
        String why = "no answer";
        while (System.nanoTime() < deadlineNs) {
            String ended = ended();
            if (ended != null) {
                throw new CommandFailure(ended);
            }
            try (NbdClient client = NbdClient.connect(nbd(node), DemoSettings.EXPORT)) {
                long last = client.sizeBytes() - ByteSize.BLOCK_BYTES;
                byte[] content = client.readNow(last, ByteSize.BLOCK_BYTES, WRITE_TIMEOUT_MS);
                if (node == 1) {
                    client.writeNow(last, content, WRITE_TIMEOUT_MS);
                    return;
                }
                node--;
            } catch (IOException e) {
                why = String.valueOf(e.getMessage());
                Thread.sleep(POLL_MS);
            }
        }
        throw new CommandFailure("not writable after " + READY_TIMEOUT_MS / 1000 + " s (node " + node + ": " + why
                + "); see " + folder.log(node));
    }

    ClusterStatus status() throws InterruptedException {
        return ClusterStatus.of(folder);
    }

    /** The leader, waited for. */
    int awaitLeader() throws InterruptedException {
        long deadlineNs = System.nanoTime() + READY_TIMEOUT_MS * 1_000_000;
        while (System.nanoTime() < deadlineNs) {
            Integer leader = status().leader();
            if (leader != null) {
                return leader;
            }
            Thread.sleep(POLL_MS);
        }
        throw new CommandFailure("no leader after " + READY_TIMEOUT_MS / 1000 + " s; see " + folder.log(1));
    }

    /** Some node other than {@code node}. */
    int otherThan(int node) {
        return node % settings.nodes() + 1;
    }

    /** Stops every node that was started here. */
    @Override
    public void close() {
        List<ProcessHandle> running = new ArrayList<>();
        synchronized (this) {
            closed = true;
            processes.values().stream()
                    .filter(Process::isAlive)
                    .map(Process::toHandle)
                    .forEach(running::add);
        }
        ClusterFolder.stop(running);
        for (int node = 1; node <= settings.nodes(); node++) {
            if (process(node) != null) {
                folder.deletePidFile(node);
            }
        }
    }
}
