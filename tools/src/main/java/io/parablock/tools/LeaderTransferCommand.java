package io.parablock.tools;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
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
            "The leader hands what it leads to the node that holds most of it, or to the one of --to, without an error for"
                    + " any client.",
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

    @Option(
            names = "--to",
            paramLabel = "NODE",
            description = "to this node, if it answers and has caught up (default: the one that holds most)")
    private @Nullable Integer to;

    @Option(names = "--json", description = "as JSON, for scripts")
    private boolean asJson;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        URI http = cluster.http();
        JsonNode answer = NodeHttp.post(http == null ? leader() : http, "/admin/leader-transfer" + query(), TIMEOUT);
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

    private String query() {
        List<String> parts = new ArrayList<>();
        if (group != null) {
            parts.add("group=" + group);
        }
        if (to != null) {
            parts.add("to=" + to);
        }
        return parts.isEmpty() ? "" : "?" + String.join("&", parts);
    }

    /** Of the group, or of the first one; where several nodes lead, rather one that is not to take over. */
    private URI leader() throws InterruptedException {
        if (to != null) {
            NodeConfig unused = cluster.folder().node(to);
        }
        ClusterStatus status = ClusterStatus.of(cluster.folder());
        URI target = null;
        for (ClusterStatus.Member member : status.members()) {
            if (member.status() != null && leads(member.status().json())) {
                if (to == null || member.node().id() != to) {
                    return member.node().uri();
                }
                target = member.node().uri();
            }
        }
        if (target != null) {
            return target;
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
