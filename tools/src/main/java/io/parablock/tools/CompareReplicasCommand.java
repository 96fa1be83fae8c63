package io.parablock.tools;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code parablock compare-replicas}: exits 0 only if all replicas are byte-identical. */
@Command(
        name = "compare-replicas",
        description = "Waits until nothing is under way, then compares the replicas byte by byte.",
        mixinStandardHelpOptions = true)
final class CompareReplicasCommand implements Callable<Integer> {
    @Option(
            names = "--dir",
            paramLabel = "DIR",
            required = true,
            description = "the folder of a cluster started with demo")
    @SuppressWarnings("NullAway.Init")
    private Path dir;

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            defaultValue = "60",
            description = "how long to wait for quiescence (default: ${DEFAULT-VALUE})")
    private int timeoutSeconds;

    @Option(names = "--json", description = "as JSON, for scripts")
    private boolean asJson;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public Integer call() throws Exception {
        ReplicaComparer comparer = new ReplicaComparer(new ClusterFolder(dir));
        comparer.awaitQuiet(timeoutSeconds * 1000L);
        ReplicaComparer.Outcome outcome = comparer.compare();
        PrintWriter out = spec.commandLine().getOut();
        if (asJson) {
            out.println(JsonNodeFactory.instance
                    .objectNode()
                    .put("identical", outcome.difference() == null)
                    .put("difference", outcome.difference())
                    .put("chunks", outcome.chunks())
                    .put("data_bytes", outcome.dataBytes())
                    .toPrettyString());
        } else if (outcome.difference() != null) {
            out.println("replicas differ: " + outcome.difference());
        } else {
            out.println("replicas identical: " + outcome.chunks() + " chunk(s), " + outcome.dataBytes()
                    + " bytes of data compared");
        }
        out.flush();
        return outcome.difference() == null ? 0 : CommandFailure.FAILED;
    }
}
