package io.parablock.tools;

import io.parablock.wal.segment.LogInspection;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code parablock wal}: looks at a write-ahead log without changing anything in it, or measures its engines. */
@Command(
        name = "wal",
        description = "Looks at a node's write-ahead log, changing nothing in it, or measures the engines.",
        mixinStandardHelpOptions = true,
        subcommands = {WalDumpCommand.class, WalVerifyCommand.class, WalBenchCommand.class})
final class WalCommand implements Runnable {
    private static final String FOLDER_IN_DATA_DIR = "wal";

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(), "give a command: dump, verify, bench (parablock wal --help tells more)");
    }

    /** The log in a folder, or in the data_dir that the folder is. */
    static LogInspection open(Path dir) {
        for (Path folder : new Path[] {dir, dir.resolve(FOLDER_IN_DATA_DIR)}) {
            if (LogInspection.isLog(folder)) {
                return LogInspection.open(folder);
            }
        }
        throw new CommandFailure("no write-ahead log in " + dir + ": give a node's data_dir, or the folder wal in it");
    }
}
