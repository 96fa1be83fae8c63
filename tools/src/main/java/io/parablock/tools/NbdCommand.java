package io.parablock.tools;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code parablock nbd}: measures the NBD server. */
@Command(
        name = "nbd",
        description = "Measures the NBD server.",
        mixinStandardHelpOptions = true,
        subcommands = NbdBenchCommand.class)
final class NbdCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "give a command: bench (parablock nbd --help tells more)");
    }
}
