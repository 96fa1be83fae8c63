package io.parablock.tools;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The {@code parablock} command. */
@Command(
        name = "parablock",
        description = "Replicated block storage served over NBD.",
        mixinStandardHelpOptions = true,
        version = "parablock 0.1.0",
        subcommands = {
            DemoCommand.class,
            NodeCommand.class,
            GatewayCommand.class,
            StatusCommand.class,
            CompareReplicasCommand.class,
            SimulateCommand.class,
            WalCommand.class,
            NbdCommand.class,
            ArchiveRunCommand.class,
            BenchCommand.class,
            ProxyCommand.class,
            HelpCommand.class
        })
public final class Parablock implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    public static void main(String[] arguments) {
        System.exit(execute(arguments));
    }

    /** Runs one command and returns its exit code: 0 done, 1 failed, 2 wrong arguments. */
    static int execute(String... arguments) {
        return new CommandLine(new Parablock())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setParameterExceptionHandler((wrong, all) -> {
                    fail(wrong.getCommandLine(), String.valueOf(wrong.getMessage()));
                    return CommandFailure.WRONG_ARGUMENTS;
                })
                .setExecutionExceptionHandler((failure, command, result) -> {
                    fail(command, failure.getMessage() == null ? failure.toString() : failure.getMessage());
                    return failure instanceof CommandFailure known ? known.exitCode : CommandFailure.FAILED;
                })
                .execute(arguments);
    }

    private static void fail(CommandLine command, String message) {
        // One line, whatever a library made of it.
        command.getErr().println("parablock: " + message.replaceAll("\\s*\\R\\s*", " "));
    }

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(),
                "give a command: demo, node, gateway, status, compare-replicas, simulate, wal, nbd, bench, proxy (parablock"
                        + " help tells more)");
    }
}
