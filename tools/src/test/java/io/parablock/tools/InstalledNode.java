package io.parablock.tools;

import io.parablock.perf.NbdClient;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A node of an installation, started as a person would: by its command, and with the configuration that came with it. */
final class InstalledNode implements AutoCloseable {
    /** What a JVM ends with when SIGTERM told it to: 128 + 15. The units know it. */
    static final int TERMINATED = 143;

    /** Small and quick: the disk is neither measured nor filled. */
    static final Map<String, String> SMALL =
            Map.of("PARABLOCK_WAL__WRITE_BYTES", "64KiB", "PARABLOCK_WAL__SEGMENT_BYTES", "4MiB");

    private static final int NODES = 3;
    private static final byte[] CONTENT = new byte[4096];

    static {
        Arrays.fill(CONTENT, (byte) 0x5a);
    }

    private final HttpClient browser =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();
    private final Process process;
    private final Path log;
    private final int id;
    private final int firstPort;

    private InstalledNode(Process process, Path log, int id, int firstPort) {
        this.process = process;
        this.log = log;
        this.id = id;
        this.firstPort = firstPort;
    }

    /** The ports that a cluster takes, from the one that is given on. */
    static int ports() {
        return LiveCluster.freePorts(3 * NODES);
    }

    /**
     * The configuration that a package brings, with the changes that it asks for.
     *
     * @param nodes how many of its three peers there are
     */
    static String configured(String example, int id, int nodes, int firstPort, Path data) {
        String text = example;
        for (int node = 1; node <= NODES; node++) {
            String peer = "{ id = " + node + ", address = \"192.0.2." + node + ":7000\" }";
            text = replaced(
                    text,
                    peer,
                    node > nodes
                            ? ""
                            : "{ id = " + node + ", address = \"127.0.0.1:" + (firstPort + node - 1) + "\" }");
        }
        text = replaced(text, "node.id = 1\n", "node.id = " + id + "\n");
        text = replaced(text, "\"/var/lib/parablock\"", "\"" + data + "\"");
        text = replaced(text, "size = 100GiB", "size = 64MiB");
        text = replaced(text, "\"127.0.0.1:10809\"", "\"127.0.0.1:" + (firstPort + NODES + id - 1) + "\"");
        return replaced(text, "\"127.0.0.1:8080\"", "\"127.0.0.1:" + (firstPort + 2 * NODES + id - 1) + "\"");
    }

    private static String replaced(String text, String old, String wanted) {
        if (!text.contains(old)) {
            throw new AssertionError("not in the example: " + old);
        }
        return text.replace(old, wanted);
    }

    /**
     * Starts {@code command node -c config}.
     *
     * @param home the home directory it sees; what it prints is there, in {@code node<id>.log}
     */
    static InstalledNode start(Path command, Path config, Path home, int id, int firstPort) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command.toString(), "node", "-c", config.toString());
        environment(builder, home);
        builder.environment().putAll(SMALL);
        builder.environment().put("PARABLOCK_JAVA_OPTS", "-Dof.the.operator=1\n-Xms256m -Xmx256m");
        return start(builder, home, id, firstPort);
    }

    /** Starts a node in another way. */
    static InstalledNode start(ProcessBuilder builder, Path home, int id, int firstPort) throws IOException {
        Path log = home.resolve("node" + id + ".log");
        builder.redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .directory(Path.of("/").toFile());
        InstalledNode node = new InstalledNode(builder.start(), log, id, firstPort);
        // A test run that is interrupted must not leave it behind.
        Runtime.getRuntime().addShutdownHook(new Thread(node::close));
        return node;
    }

    /** Nothing of the test's own environment but the Java to use. */
    static void environment(ProcessBuilder builder, Path home) {
        builder.environment().clear();
        builder.environment()
                .putAll(Map.of(
                        "PATH",
                        "/usr/bin:/bin",
                        "HOME",
                        home.toString(),
                        "JAVA_HOME",
                        System.getProperty("java.home")));
    }

    Process process() {
        return process;
    }

    /** What its status page says, or nothing yet. */
    String status() {
        try {
            HttpRequest request = HttpRequest.newBuilder(URI.create(http() + "/status"))
                    .timeout(Duration.ofSeconds(5))
                    .build();
            HttpResponse<String> answer = browser.send(request, HttpResponse.BodyHandlers.ofString());
            return answer.statusCode() == 200 ? answer.body() : "";
        } catch (IOException notYet) {
            return "";
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    String http() {
        return "http://127.0.0.1:" + (firstPort + 2 * NODES + id - 1);
    }

    void awaitLeader() throws Exception {
        LiveCluster.await("node " + id + " to know a leader", () -> {
            if (!process.isAlive()) {
                throw new AssertionError("node " + id + " ended: " + log());
            }
            return status().matches("(?s).*\"leader\":[1-9].*");
        });
    }

    void write() throws IOException {
        try (NbdClient client = NbdClient.connect(nbd(), "disk1")) {
            client.writeNow(8192, CONTENT, LiveCluster.TIMEOUT_MS);
        }
    }

    /** Whether it reads what {@link #write} wrote, here or at another node. */
    boolean readsWhatWasWritten() throws IOException {
        try (NbdClient client = NbdClient.connect(nbd(), "disk1")) {
            return Arrays.equals(CONTENT, client.readNow(8192, CONTENT.length, LiveCluster.TIMEOUT_MS));
        }
    }

    private InetSocketAddress nbd() {
        return new InetSocketAddress("127.0.0.1", firstPort + NODES + id - 1);
    }

    /** SIGTERM; returns the exit code. */
    int stop() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(LiveCluster.TIMEOUT_MS, TimeUnit.MILLISECONDS)) {
            throw new AssertionError("node " + id + " does not stop: " + log());
        }
        return process.exitValue();
    }

    List<String> log() {
        try {
            return Files.readAllLines(log);
        } catch (IOException e) {
            return List.of("no log: " + e);
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
