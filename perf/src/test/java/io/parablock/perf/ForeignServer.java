package io.parablock.perf;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Somebody else's NBD server in a process of its own: what our client must agree with. */
final class ForeignServer implements AutoCloseable {
    final InetSocketAddress address;
    private final List<String> command;
    private Process process;

    private ForeignServer(InetSocketAddress address, List<String> command) throws Exception {
        this.address = address;
        this.command = command;
        this.process = launch();
    }

    static ForeignServer nbdkit(String... plugin) throws Exception {
        int port = freePort();
        List<String> command = new ArrayList<>(List.of("nbdkit", "-f", "-i", "127.0.0.1", "-p", "" + port));
        Collections.addAll(command, plugin);
        return new ForeignServer(loopback(port), command);
    }

    static ForeignServer qemuNbd(Path file) throws Exception {
        int port = freePort();
        return new ForeignServer(
                loopback(port),
                List.of(
                        "qemu-nbd",
                        "-f",
                        "raw",
                        "-b",
                        "127.0.0.1",
                        "-p",
                        "" + port,
                        "-x",
                        "disk",
                        "-e",
                        "8",
                        "-t",
                        "" + file));
    }

    private Process launch() throws Exception {
        assumeTrue(installed(command.get(0)), command.get(0) + " is not installed");
        Process started = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        for (int i = 0; i < 500; i++) {
            try {
                NbdClient.connect(address, "disk").close();
                return started;
            } catch (IOException e) {
                Thread.sleep(10);
            }
        }
        started.destroyForcibly();
        throw new IOException(command + " does not answer");
    }

    void kill() {
        process.destroyForcibly().onExit().join();
    }

    void killAndRestart() throws Exception {
        kill();
        process = launch();
    }

    @Override
    public void close() {
        kill();
    }

    private static boolean installed(String program) {
        for (String folder : System.getenv().getOrDefault("PATH", "").split(File.pathSeparator)) {
            if (new File(folder, program).canExecute()) {
                return true;
            }
        }
        return false;
    }

    private static InetSocketAddress loopback(int port) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
