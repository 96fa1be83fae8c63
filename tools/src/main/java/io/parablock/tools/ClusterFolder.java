package io.parablock.tools;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The folder of a demo cluster.
 *
 * <pre>
 * DIR/node1.conf   DIR/node1.pid   DIR/node1.log   DIR/node1/...    and so on for each node
 * </pre>
 */
record ClusterFolder(Path dir) {
    /** How long a daemon may take to stop by itself before it is killed. */
    static final long STOP_TIMEOUT_MS = 15_000;

    ClusterFolder {
        dir = dir.toAbsolutePath().normalize();
    }

    static Path defaultDir() {
        String temporary = System.getenv("TMPDIR");
        return Path.of(temporary == null || temporary.isEmpty() ? "/tmp" : temporary, "parablock-demo");
    }

    Path config(int node) {
        return dir.resolve("node" + node + ".conf");
    }

    Path pidFile(int node) {
        return dir.resolve("node" + node + ".pid");
    }

    Path log(int node) {
        return dir.resolve("node" + node + ".log");
    }

    Path data(int node) {
        return dir.resolve("node" + node);
    }

    /** The nodes that have a configuration here, in order. */
    List<NodeConfig> nodes() {
        List<NodeConfig> nodes = new ArrayList<>();
        for (int node = 1; node <= DemoSettings.NODES_MAX; node++) {
            if (Files.exists(config(node))) {
                nodes.add(NodeConfig.read(config(node)));
            }
        }
        if (nodes.isEmpty()) {
            throw new CommandFailure("there is no cluster in " + dir + " (no node1.conf)");
        }
        return nodes;
    }

    /** One of them that the user has named. */
    NodeConfig node(int id) {
        List<NodeConfig> nodes = nodes();
        return nodes.stream().filter(n -> n.id() == id).findFirst().orElseThrow(() -> {
            List<Integer> ids = nodes.stream().map(NodeConfig::id).toList();
            return CommandFailure.wrongArgument("there is no node " + id + ", only " + ids);
        });
    }

    /** The running daemon of a node: the process its pid file names, if it still is one of ours. */
    Optional<ProcessHandle> running(int node) {
        try {
            long pid = Long.parseLong(Files.readString(pidFile(node)).trim());
            return ProcessHandle.of(pid)
                    .filter(ProcessHandle::isAlive)
                    .filter(process -> process.info()
                            .commandLine()
                            // The number may have been given to somebody else since. A container may hide command
                            // lines.
                            .map(line -> line.contains(config(node).toString()))
                            .orElse(true));
        } catch (IOException | NumberFormatException e) {
            return Optional.empty();
        }
    }

    /** Stops the daemons that run here; returns how many there were. */
    int stopAll() {
        List<ProcessHandle> processes = new ArrayList<>();
        for (int node = 1; node <= DemoSettings.NODES_MAX; node++) {
            running(node).ifPresent(processes::add);
        }
        stop(processes);
        for (int node = 1; node <= DemoSettings.NODES_MAX; node++) {
            deletePidFile(node);
        }
        return processes.size();
    }

    void deletePidFile(int node) {
        try {
            Files.deleteIfExists(pidFile(node));
        } catch (IOException e) {
            // A stale pid file is recognised when it is read.
        }
    }

    /** Asks the processes to stop, waits, and kills those that do not. */
    static void stop(List<ProcessHandle> processes) {
        processes.forEach(ProcessHandle::destroy);
        CompletableFuture<?> ended = CompletableFuture.allOf(
                processes.stream().map(ProcessHandle::onExit).toArray(CompletableFuture<?>[]::new));
        try {
            ended.get(STOP_TIMEOUT_MS, TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            processes.forEach(ProcessHandle::destroyForcibly);
        } catch (InterruptedException e) {
            processes.forEach(ProcessHandle::destroyForcibly);
            Thread.currentThread().interrupt();
        } catch (java.util.concurrent.ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }
}
