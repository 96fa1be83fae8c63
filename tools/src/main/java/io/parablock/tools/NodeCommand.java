package io.parablock.tools;

import io.parablock.main.NodeMain;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code parablock node}: one daemon in this process. */
@Command(
        name = "node",
        description = "Runs one daemon until it is told to stop.",
        mixinStandardHelpOptions = true,
        subcommands = {NodeStopCommand.class, NodeReplaceCommand.class})
final class NodeCommand implements Callable<Integer> {
    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            description = "its configuration, see docs/operating.md; required")
    private @Nullable Path config;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public Integer call() throws Exception {
        // Not required of `node stop`, to which the library would apply it too.
        if (config == null) {
            throw new ParameterException(spec.commandLine(), "Missing required option: '--config=FILE'");
        }
        return NodeMain.run(config);
    }
}
