package io.parablock.tools;

import io.parablock.perf.NbdClient;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A gateway without a replica in a process of its own, for one test. */
final class LiveGateway implements AutoCloseable {
    final Path folder;
    private final int port;
    private @Nullable Process process;

    private LiveGateway(Path folder, int port) {
        this.folder = folder;
        this.port = port;
    }

    /** Writes its configuration: TCP, a unix socket, and the status page one port above. */
    static LiveGateway prepare(Path folder, LiveCluster live, String cluster, String more) throws IOException {
        Files.createDirectories(folder);
        LiveGateway gateway = new LiveGateway(folder, LiveCluster.freePorts(2));
        StringBuilder text = new StringBuilder("cluster.id = \"" + cluster + "\"\npeers = [\n");
        for (int node = 1; node <= live.cluster.settings().nodes(); node++) {
            text.append("  { id = ").append(node).append(", host = \"127.0.0.1\", port = ");
            text.append(live.peer(node).getPort()).append(" }\n");
        }
        text.append("]\nnbd.listen = [\"127.0.0.1:" + gateway.port + "\", \"unix:" + gateway.socket() + "\"]\n");
        text.append("http.listen = \"127.0.0.1:" + (gateway.port + 1) + "\"\n").append(more);
        Files.writeString(gateway.config(), text);
        // A test run that is interrupted must not leave it behind.
        Runtime.getRuntime().addShutdownHook(new Thread(gateway::close));
        return gateway;
    }

    Path config() {
        return folder.resolve("gateway.conf");
    }

    Path socket() {
        return folder.resolve("nbd.sock");
    }

    InetSocketAddress nbd() {
        return NodeConfig.loopback(port);
    }

    InetSocketAddress http() {
        return NodeConfig.loopback(port + 1);
    }

    String uri() {
        return "nbd://127.0.0.1:" + port + "/" + LiveCluster.EXPORT;
    }

    Process start() throws IOException {
        Process p = new NodeLauncher()
                .start("gateway", config(), folder.resolve("gateway.log"), folder.resolve("gateway.pid"));
        process = p;
        return p;
    }

    /** Until it answers a read. */
    void awaitServing() throws Exception {
        LiveCluster.await("the gateway to serve", () -> {
            try (NbdClient client = NbdClient.connect(nbd(), LiveCluster.EXPORT)) {
                return client.readNow(0, 4096, LiveCluster.TIMEOUT_MS).length == 4096;
            } catch (IOException notYet) {
                return false;
            }
        });
    }

    /** kill -9. */
    void kill() throws InterruptedException {
        Process p = process;
        if (p != null) {
            p.destroyForcibly().waitFor();
        }
    }

    /** SIGTERM; returns whether it ended in time. */
    boolean stop() throws InterruptedException {
        Process p = process;
        if (p == null) {
            throw new IllegalStateException("not started");
        }
        p.destroy();
        return p.waitFor(LiveCluster.TIMEOUT_MS, TimeUnit.MILLISECONDS);
    }

    List<String> log() throws IOException {
        return Files.readAllLines(folder.resolve("gateway.log"));
    }

    boolean hasLogged(String text) {
        try {
            return log().stream().anyMatch(line -> line.contains(text));
        } catch (IOException e) {
            return false;
        }
    }

    void printLog() throws IOException {
        System.out.println("---- gateway");
        log().forEach(System.out::println);
    }

    @Override
    public void close() {
        Process p = process;
        if (p != null) {
            ClusterFolder.stop(List.of(p.toHandle()));
        }
    }
}
