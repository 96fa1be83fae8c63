package io.parablock.tools;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code parablock demo stop}: stops all nodes of a folder. */
@Command(name = "stop", description = "Stops all nodes of a folder.", mixinStandardHelpOptions = true)
final class DemoStopCommand implements Callable<Integer> {
    @Option(names = "--dir", paramLabel = "DIR", description = "the demo's folder (default: where demo puts it)")
    private @Nullable Path dir;

    @Option(names = "--json", description = "as JSON, for scripts")
    private boolean asJson;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public Integer call() {
        ClusterFolder folder = new ClusterFolder(dir == null ? ClusterFolder.defaultDir() : dir);
        folder.nodes();
        int stopped = folder.stopAll();
        PrintWriter out = spec.commandLine().getOut();
        if (asJson) {
            out.println(JsonNodeFactory.instance.objectNode().put("stopped", stopped));
            out.flush();
            return 0;
        }
        out.println(stopped == 0 ? "no node was running" : "stopped " + stopped + " node(s)");
        out.flush();
        return 0;
    }
}
