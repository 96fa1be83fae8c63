package io.parablock.tools;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code parablock status}: what the nodes of a cluster say of themselves, and what that makes of the cluster. */
@Command(
        name = "status",
        description = "Shows the state of the cluster and of each node: leader, terms, watermarks, lag and settings.",
        mixinStandardHelpOptions = true)
final class StatusCommand implements Callable<Integer> {
    @Mixin
    private ClusterChoice cluster = new ClusterChoice();

    @Mixin
    private Repetition repetition = new Repetition();

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        PrintWriter out = spec.commandLine().getOut();
        if (repetition.isWanted()) {
            watch(out);
            return 0;
        }
        ObjectNode json = cluster.status();
        if (repetition.asJson()) {
            out.println(json.toPrettyString());
        } else {
            try (StatusPage page = new StatusPage(false)) {
                page.lines(json).forEach(out::println);
            }
        }
        out.flush();
        return anyAnswers(json) ? 0 : CommandFailure.FAILED;
    }

    private void watch(PrintWriter out) throws InterruptedException {
        boolean redraw = Terminal.isThere() && !repetition.asJson();
        Terminal.endOnInterrupt(out);
        try (StatusPage page = new StatusPage(redraw)) {
            repetition.run(first -> {
                // Asked before the screen is cleared: nodes that are down take their time.
                ObjectNode json = look();
                if (redraw) {
                    Terminal.home(out, first);
                } else if (!first && !repetition.asJson()) {
                    out.println();
                }
                if (repetition.asJson()) {
                    out.println(json);
                } else {
                    page.lines(json).forEach(out::println);
                }
                out.flush();
                return true;
            });
        }
    }

    /** Whoever watches wants to see a node come back. */
    private ObjectNode look() throws InterruptedException {
        try {
            return cluster.status();
        } catch (CommandFailure failure) {
            if (failure.exitCode != CommandFailure.FAILED || cluster.http() == null) {
                throw failure;
            }
            ObjectNode json = JsonNodeFactory.instance.objectNode();
            json.put("cluster", String.valueOf(failure.getMessage())).putNull("leader");
            json.putArray("nodes");
            return json;
        }
    }

    private static boolean anyAnswers(JsonNode json) {
        for (JsonNode node : json.path("nodes")) {
            if (!node.path("role").asText().equals(ClusterStatus.DOWN)) {
                return true;
            }
        }
        return false;
    }
}
