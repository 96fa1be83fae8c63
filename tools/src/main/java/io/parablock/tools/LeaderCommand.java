package io.parablock.tools;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code parablock leader}: who leads. */
@Command(
        name = "leader",
        description = "Hands leadership to another node.",
        mixinStandardHelpOptions = true,
        subcommands = LeaderTransferCommand.class)
final class LeaderCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "give a command: transfer");
    }
}
