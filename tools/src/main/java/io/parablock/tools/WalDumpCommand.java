package io.parablock.tools;

import io.parablock.wal.segment.LogInspection;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code parablock wal dump}: what is in a log, a line for each record. */
@Command(
        name = "dump",
        description = "Prints the records of a log and what is damaged, a line for each.",
        mixinStandardHelpOptions = true)
final class WalDumpCommand implements Callable<Integer> {
    @Parameters(paramLabel = "DIR", description = "a node's data_dir, or the folder wal in it")
    @SuppressWarnings("NullAway.Init")
    private Path dir;

    @Option(names = "--group", paramLabel = "N", description = "only records of this group")
    private @Nullable Integer group;

    @Option(
            names = "--slots",
            paramLabel = "A..B",
            converter = SlotRange.Converter.class,
            description = "only records of these slots")
    private @Nullable SlotRange slots;

    @Option(names = "--term", paramLabel = "T", description = "only records of this term (their origin)")
    private @Nullable Long term;

    @Option(names = "--payload", description = "with the first bytes of each payload")
    private boolean withPayload;

    @Option(names = "--json", description = "as JSON, for scripts: an object on each line; notes go to stderr")
    private boolean asJson;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public Integer call() {
        // The command's own writer flushes every line.
        PrintWriter out = new PrintWriter(spec.commandLine().getOut(), false);
        PrintWriter notes = asJson ? spec.commandLine().getErr() : out;
        try (LogInspection log = WalCommand.open(dir)) {
            boolean inUse = log.isInUse();
            if (inUse) {
                notes.println("in use: a node has this log open, so that its end may look damaged");
            }
            if (log.manifest() != LogInspection.Manifest.READ) {
                notes.println("DAMAGED " + WalLine.of(log.manifest()));
            }
            WalPrinter printer = new WalPrinter(out, group, slots, term, withPayload, asJson);
            log.scan(printer);
            out.println(asJson ? printer.summaryJson() : printer.summary());
            if (!inUse && (log.isInUse() || log.hasChanged())) {
                notes.println("a node has opened this log meanwhile: it may have changed under the dump");
            }
        } finally {
            out.flush();
        }
        return 0;
    }
}
