package io.parablock.tools;

import io.parablock.main.NodeMain;
import io.parablock.perf.NbdClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/**
 * {@code parablock archive-run}: a node in this process that leads, serves a few requests and stops. The JVM keeps the classes that
 * were loaded for the launcher's class-data archive.
 */
@Command(name = "archive-run", description = "Runs a node for a moment; for the launcher.", hidden = true)
final class ArchiveRunCommand implements Callable<Integer> {
    private static final long SERVING_TIMEOUT_MS = 20_000;
    private static final long ANSWER_TIMEOUT_MS = 10_000;
    private static final long POLL_MS = 20;

    @Parameters(paramLabel = "DIR", description = "an empty folder, which it leaves full")
    @SuppressWarnings("NullAway.Init")
    private Path dir;

    @Override
    public Integer call() throws Exception {
        DemoSettings settings = new DemoSettings(
                dir,
                1,
                ByteSize.parse("1MiB"),
                "parallel",
                "fsync",
                "",
                freePort(),
                freePort(),
                freePort(),
                Map.of(
                        "wal.segment_bytes", "1MiB",
                        "wal.write_bytes", "64KiB",
                        "wal.reserve_bytes", "0",
                        "raft.election_timeout", "60ms",
                        "raft.heartbeat_interval", "20ms"));
        Files.createDirectories(settings.dir());
        Path config = settings.dir().resolve("node1.conf");
        NodeConfig.write(config, settings, 1);
        Thread node = new Thread(() -> System.exit(NodeMain.run(config)), "node");
        node.setDaemon(true);
        node.start();
        try (NbdClient client = connect(NodeConfig.loopback(settings.nbdPort(1)))) {
            client.writeNow(0, new byte[ByteSize.BLOCK_BYTES], ANSWER_TIMEOUT_MS);
            client.flushNow(ANSWER_TIMEOUT_MS);
            byte[] unused = client.readNow(0, ByteSize.BLOCK_BYTES, ANSWER_TIMEOUT_MS);
        }
        // The end of the process stops the node.
        return 0;
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static NbdClient connect(InetSocketAddress address) throws Exception {
        long deadlineNs = System.nanoTime() + SERVING_TIMEOUT_MS * 1_000_000;
        while (true) {
            try {
                return NbdClient.connect(address, DemoSettings.EXPORT);
            } catch (IOException e) {
                if (System.nanoTime() > deadlineNs) {
                    throw e;
                }
                Thread.sleep(POLL_MS);
            }
        }
    }
}
