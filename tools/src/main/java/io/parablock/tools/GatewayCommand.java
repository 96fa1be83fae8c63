package io.parablock.tools;

import io.parablock.main.GatewayMain;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code parablock gateway}: NBD for the clients of this machine, without a replica. */
@Command(
        name = "gateway",
        description = "Serves NBD clients and passes what they ask to the cluster's nodes, until it is told to stop."
                + " Holds no data.",
        mixinStandardHelpOptions = true)
final class GatewayCommand implements Callable<Integer> {
    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            required = true,
            description = "its configuration, see docs/operating.md")
    @SuppressWarnings("NullAway.Init")
    private Path config;

    @Override
    public Integer call() throws Exception {
        return GatewayMain.run(config);
    }
}
