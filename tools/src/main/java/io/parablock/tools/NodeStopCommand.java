package io.parablock.tools;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code parablock node stop}: a planned stop of one node, and the wait for its end. */
@Command(
        name = "stop",
        description = {
            "Stops a node as SIGTERM does: it hands over what it leads, finishes its clients' requests and ends its log.",
            "Returns when the node has ended. On the node's own machine."
        },
        mixinStandardHelpOptions = true)
final class NodeStopCommand implements Callable<Integer> {
    private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(5);
    private static final long POLL_MS = 50;

    @Mixin
    private ClusterChoice cluster = new ClusterChoice();

    @Option(names = "--node", paramLabel = "ID", description = "which node of the folder")
    private @Nullable Integer node;

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            defaultValue = "60",
            description = "how long to wait for the end (default: ${DEFAULT-VALUE})")
    private int timeoutSeconds;

    @Option(names = "--json", description = "as JSON, for scripts")
    private boolean asJson;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        URI http = cluster.http();
        if (http != null && node != null) {
            throw CommandFailure.wrongArgument("--node goes with --dir; --http names the node already");
        }
        NodeConfig config = http == null ? ofFolder() : null;
        URI base = http == null ? Objects.requireNonNull(config).uri() : http;
        JsonNode answer = NodeHttp.post(base, "/admin/stop", ANSWER_TIMEOUT);
        long pid = answer.path("pid").asLong();
        // A process of another container's numbers is none of ours, and only its address is watched.
        Optional<ProcessHandle> process = ProcessHandle.of(pid).filter(NodeStopCommand::isOurs);
        String name = config == null ? "the node at " + base : "node " + config.id();
        awaitEnd(base, process, name);
        if (config != null) {
            cluster.folder().deletePidFile(config.id());
        }
        PrintWriter out = spec.commandLine().getOut();
        out.println(
                asJson
                        ? JsonNodeFactory.instance
                                .objectNode()
                                .put("stopped", true)
                                .put("pid", pid)
                                .toPrettyString()
                        : name + " has stopped");
        out.flush();
        return 0;
    }

    private NodeConfig ofFolder() {
        List<NodeConfig> nodes = cluster.folder().nodes();
        if (node == null && nodes.size() == 1) {
            return nodes.get(0);
        }
        if (node == null) {
            List<Integer> ids = nodes.stream().map(NodeConfig::id).toList();
            throw CommandFailure.wrongArgument("say which one: --node, of " + ids);
        }
        return cluster.folder().node(node);
    }

    private static boolean isOurs(ProcessHandle process) {
        return process.info()
                .commandLine()
                .map(line -> line.contains("parablock"))
                .orElse(false);
    }

    private void awaitEnd(URI base, Optional<ProcessHandle> process, String name) throws InterruptedException {
        long deadlineNs = System.nanoTime() + timeoutSeconds * 1_000_000_000L;
        while (process.map(ProcessHandle::isAlive).orElseGet(() -> answers(base))) {
            if (System.nanoTime() - deadlineNs > 0) {
                throw new CommandFailure(name + " has not ended within " + timeoutSeconds + " s; it goes on stopping");
            }
            Thread.sleep(POLL_MS);
        }
    }

    private static boolean answers(URI base) {
        try {
            String unused = NodeHttp.get(base, "/status", ANSWER_TIMEOUT);
            return true;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
