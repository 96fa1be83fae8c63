package io.parablock.tools;

import io.parablock.config.KeyCatalogue;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

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
            ConfigCommand.class,
            MetricsCommand.class,
            StatusCommand.class,
            VolumeCommand.class,
            EventsCommand.class,
            LeaderCommand.class,
            ScrubCommand.class,
            SupportBundleCommand.class,
            CompareReplicasCommand.class,
            SimulateCommand.class,
            WalCommand.class,
            NbdCommand.class,
            ArchiveRunCommand.class,
            BenchCommand.class,
            ProxyCommand.class,
            CompletionCommand.class,
            HelpCommand.class
        })
public final class Parablock implements Runnable {
    /** How some of the library's messages begin. */
    private static final String ERROR = "Error: ";

    /** What a command looks like; a file's name may be at the same place. */
    private static final String COMMAND = "[a-z-]+";

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
                    fail(wrong.getCommandLine(), line(wrong));
                    return CommandFailure.WRONG_ARGUMENTS;
                })
                .setExecutionExceptionHandler((failure, command, result) -> {
                    fail(command, failure.getMessage() == null ? failure.toString() : failure.getMessage());
                    return failure instanceof CommandFailure known ? known.exitCode : CommandFailure.FAILED;
                })
                .execute(arguments);
    }

    /** A word that is no command, and an option that there is not, with the nearest that there is. */
    private static String line(ParameterException wrong) {
        if (!(wrong instanceof UnmatchedArgumentException unmatched)) {
            String message = String.valueOf(wrong.getMessage());
            return message.startsWith(ERROR) ? message.substring(ERROR.length()) : message;
        }
        String word = unmatched.getUnmatched().get(0);
        CommandSpec command = wrong.getCommandLine().getCommandSpec();
        List<String> known = new ArrayList<>();
        boolean option = word.startsWith("-");
        if (option) {
            command.options().forEach(o -> known.add(o.longestName()));
        } else if (word.matches(COMMAND)) {
            command.subcommands().forEach((name, sub) -> {
                if (!sub.getCommandSpec().usageMessage().hidden()) {
                    known.add(name);
                }
            });
        }
        String what = option ? "unknown option " : known.isEmpty() ? "unexpected argument " : "unknown command ";
        String line = what + word + (command.parent() == null ? "" : " of " + command.qualifiedName(" "));
        return known.isEmpty() ? line : line + "; did you mean " + KeyCatalogue.nearest(word, known) + "?";
    }

    private static void fail(CommandLine command, String message) {
        // One line, whatever a library made of it.
        command.getErr().println("parablock: " + message.replaceAll("\\s*\\R\\s*", " "));
    }

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(),
                "give a command: demo, node, gateway, config, metrics, status, volume, events, leader, scrub, support-bundle,"
                        + " compare-replicas, simulate, wal, nbd, bench, proxy, completion (parablock help tells more)");
    }
}
