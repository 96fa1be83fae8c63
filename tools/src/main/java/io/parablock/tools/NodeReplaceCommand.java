package io.parablock.tools;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code parablock node replace}: a node's disk is lost, and an empty one is to take its place. */
@Command(
        name = "replace",
        description = {
            "Gives up the lost disk of a node, for ever, so that the node may start with an empty data directory.",
            "It then gets everything from the others, and counts again once it has it. The node must be down.",
            "Said to another node of the cluster, on that node's own machine."
        },
        mixinStandardHelpOptions = true)
final class NodeReplaceCommand implements Callable<Integer> {
    /** The node's own limit, the readings around it, and some. */
    private static final Duration TIMEOUT = Duration.ofSeconds(30);

    @Parameters(paramLabel = "ID", description = "the node whose disk is lost")
    private int lost;

    @Mixin
    private ClusterChoice cluster = new ClusterChoice();

    @Option(names = "--json", description = "as JSON, for scripts")
    private boolean asJson;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        URI named = cluster.http();
        URI http = named == null ? anotherNode() : named;
        JsonNode answer = NodeHttp.post(http, "/admin/replace-node?node=" + lost, TIMEOUT);
        PrintWriter out = spec.commandLine().getOut();
        out.println(
                asJson
                        ? answer.toPrettyString()
                        : "the disk of node " + lost + " is given up: start that node with an empty data directory");
        out.flush();
        return 0;
    }

    /** One of the folder that answers. */
    private URI anotherNode() throws InterruptedException {
        ClusterStatus.@Nullable Member found = null;
        for (ClusterStatus.Member member : ClusterStatus.of(cluster.folder()).members()) {
            if (member.status() != null && member.node().id() != lost) {
                found = member;
            }
        }
        if (found == null) {
            throw new CommandFailure("no other node answers");
        }
        return found.node().uri();
    }
}
