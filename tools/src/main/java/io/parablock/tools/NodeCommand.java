package io.parablock.tools;

import io.parablock.main.NodeMain;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code parablock node}: one daemon in this process. */
@Command(name = "node", description = "Runs one daemon until it is told to stop.", mixinStandardHelpOptions = true)
final class NodeCommand implements Callable<Integer> {
    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            required = true,
            description = "its configuration, see docs/operating.md")
    @SuppressWarnings("NullAway.Init")
    private Path config;

    @Override
    public Integer call() throws Exception {
        return NodeMain.run(config);
    }
}
