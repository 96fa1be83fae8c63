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
import picocli.CommandLine.Spec;

/** {@code parablock leader transfer}: the leader hands over, and goes on as a follower. */
@Command(
        name = "transfer",
        description = {
            "The leader hands what it leads to the node that holds most of it, without an error for any client.",
            "Of a folder: the node that leads; with --http: that node. On the node's own machine."
        },
        mixinStandardHelpOptions = true)
final class LeaderTransferCommand implements Callable<Integer> {
    /** A transfer, the reading before it and that after it. */
    private static final Duration TIMEOUT = Duration.ofSeconds(15);

    @Mixin
    private ClusterChoice cluster = new ClusterChoice();

    @Option(names = "--group", paramLabel = "N", description = "only this group (default: all that the node leads)")
    private @Nullable Integer group;

    @Option(names = "--json", description = "as JSON, for scripts")
    private boolean asJson;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        URI http = cluster.http();
        String query = group == null ? "" : "?group=" + group;
        JsonNode answer = NodeHttp.post(http == null ? leader() : http, "/admin/leader-transfer" + query, TIMEOUT);
        PrintWriter out = spec.commandLine().getOut();
        if (asJson) {
            out.println(answer.toPrettyString());
        } else {
            for (JsonNode g : answer.path("groups")) {
                out.println("group " + g.path("group").asInt() + ": node "
                        + g.path("leader").asInt() + " leads");
            }
        }
        out.flush();
        return 0;
    }

    /** Of the group, or of the first one. */
    private URI leader() throws InterruptedException {
        ClusterStatus status = ClusterStatus.of(cluster.folder());
        for (ClusterStatus.Member member : status.members()) {
            if (member.status() != null && leads(member.status().json())) {
                return member.node().uri();
            }
        }
        throw new CommandFailure(group == null ? "there is no leader" : "no node that answers leads group " + group);
    }

    private boolean leads(JsonNode node) {
        if (group == null) {
            return node.path("role").asText().equals(ClusterStatus.LEADER);
        }
        for (JsonNode g : node.path("groups")) {
            if (g.path("group").asInt() == group) {
                return g.path("role").asText().equals(ClusterStatus.LEADER);
            }
        }
        return false;
    }
}
