package io.parablock.tools;

import io.parablock.perf.nbd.NbdSubject;
import io.parablock.perf.nbd.RamDisk;
import io.parablock.perf.nbd.RamDiskServer;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The servers that {@code parablock nbd bench} measures, each in processes of its own. One thread. */
final class MeasuredServers implements AutoCloseable {
    static final String NBDKIT = "nbdkit memory";
    private static final String LAYER = "NBD layer";
    private static final String UNIX = "unix";
    private static final String TCP = "tcp";
    private static final long READY_TIMEOUT_MS = 20_000;
    private static final long POLL_MS = 20;

    private final Path folder;
    private final ByteSize size;
    private final NodeLauncher launcher = new NodeLauncher();
    private final List<NbdSubject> subjects = new ArrayList<>();
    private final List<Process> processes = new ArrayList<>();
    private @Nullable DemoCluster cluster;

    MeasuredServers(Path folder, ByteSize size) {
        this.folder = folder;
        this.size = size;
    }

    List<NbdSubject> subjects() {
        return List.copyOf(subjects);
    }

    /** One for each kind of socket: it listens on one only. */
    void startNbdkit() throws IOException, InterruptedException {
        Path socket = folder.resolve("nbdkit.sock");
        Process unix = nbdkit("-U", socket.toString());
        awaitListening(unix, socket);
        int port = DemoCommand.freePorts(1);
        Process tcp = nbdkit(
                "-i",
                NodeConfig.LOOPBACK,
                "-p",
                Integer.toString(port),
                "-P",
                pidFile().toString());
        awaitFile(tcp, pidFile());
        add(NBDKIT, UNIX, "nbd+unix:///?socket=" + socket, unix);
        add(NBDKIT, TCP, "nbd://" + NodeConfig.LOOPBACK + ":" + port, tcp);
    }

    private Path pidFile() {
        return folder.resolve("nbdkit.pid");
    }

    private Process nbdkit(String... listen) throws IOException {
        List<String> command = new ArrayList<>(List.of("nbdkit", "-f"));
        command.addAll(Arrays.asList(listen));
        command.addAll(List.of("memory", Long.toString(size.bytes())));
        return started(new ProcessBuilder(command).redirectOutput(log("nbdkit")));
    }

    private ProcessBuilder.Redirect log(String name) {
        File file = folder.resolve(name + ".log").toFile();
        return ProcessBuilder.Redirect.appendTo(file);
    }

    /** @param transport auto, io_uring, epoll or nio */
    void startLayer(String transport) throws IOException {
        Path socket = folder.resolve("layer.sock");
        Process process = started(launcher.program(
                RamDiskServer.class.getName(), socket.toString(), Long.toString(size.bytes()), transport));
        BufferedReader said =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        String port = said.readLine();
        if (port == null || !port.matches("\\d+")) {
            throw new IOException("the NBD layer does not start: " + port);
        }
        add(LAYER, UNIX, "nbd+unix:///" + RamDisk.EXPORT + "?socket=" + socket, process);
        add(LAYER, TCP, "nbd://" + NodeConfig.LOOPBACK + ":" + port + "/" + RamDisk.EXPORT, process);
    }

    /** @param reads index or lease */
    void startCluster(int nodes, String transport, String reads) throws IOException, InterruptedException {
        int port = DemoCommand.freePorts(3 * DemoSettings.NODES_MAX);
        DemoSettings settings = new DemoSettings(
                folder.resolve("cluster"),
                nodes,
                size,
                "parallel",
                "fsync",
                "",
                port,
                port + DemoSettings.NODES_MAX,
                port + 2 * DemoSettings.NODES_MAX,
                Map.of("transport.kind", transport, "reads", reads));
        DemoCluster c = new DemoCluster(settings, launcher);
        cluster = c;
        c.prepare();
        for (int node = 1; node <= nodes; node++) {
            String both = NodeConfig.LOOPBACK + ":" + settings.nbdPort(node) + ",unix:" + socket(node);
            Files.writeString(c.folder().config(node), "nbd.listen = \"" + both + "\"\n", StandardOpenOption.APPEND);
        }
        c.startPrepared();
        c.awaitWritable();
        int leader = c.awaitLeader();
        List<Process> all = new ArrayList<>();
        for (int node = 1; node <= nodes; node++) {
            Process p = c.process(node);
            if (p != null) {
                all.add(p);
            }
        }
        Process[] every = all.toArray(new Process[0]);
        String label = (nodes == 1 ? "one node" : "leader of " + nodes) + ", reads=" + reads;
        String export = DemoSettings.EXPORT;
        add(label, UNIX, "nbd+unix:///" + export + "?socket=" + socket(leader), every);
        add(label, TCP, "nbd://" + NodeConfig.LOOPBACK + ":" + settings.nbdPort(leader) + "/" + export, every);
    }

    private Path socket(int node) {
        return folder.resolve("node" + node + ".sock");
    }

    private void add(String server, String socket, String uri, Process... of) {
        subjects.add(new NbdSubject(
                server, socket, uri, Arrays.stream(of).map(Process::toHandle).toList()));
    }

    private Process started(ProcessBuilder builder) throws IOException {
        Process process = builder.redirectErrorStream(true).start();
        processes.add(process);
        return process;
    }

    private static void awaitListening(Process process, Path socket) throws IOException, InterruptedException {
        long deadlineNs = System.nanoTime() + READY_TIMEOUT_MS * 1_000_000;
        while (true) {
            try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
                if (probe.connect(UnixDomainSocketAddress.of(socket))) {
                    return;
                }
            } catch (IOException e) {
                pauseUntil(deadlineNs, process, socket);
            }
        }
    }

    /** nbdkit writes its pid when it listens. */
    private static void awaitFile(Process process, Path file) throws IOException, InterruptedException {
        long deadlineNs = System.nanoTime() + READY_TIMEOUT_MS * 1_000_000;
        while (!Files.exists(file)) {
            pauseUntil(deadlineNs, process, file);
        }
    }

    private static void pauseUntil(long deadlineNs, Process process, Path what)
            throws IOException, InterruptedException {
        if (!process.isAlive() || System.nanoTime() > deadlineNs) {
            throw new IOException("a server does not start: " + what);
        }
        Thread.sleep(POLL_MS);
    }

    @Override
    public void close() {
        DemoCluster c = cluster;
        if (c != null) {
            c.close();
        }
        processes.forEach(Process::destroy);
        for (Process p : processes) {
            p.onExit()
                    .orTimeout(READY_TIMEOUT_MS, java.util.concurrent.TimeUnit.MILLISECONDS)
                    .exceptionally(late -> p.destroyForcibly())
                    .join();
        }
    }
}
