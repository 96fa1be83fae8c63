package io.parablock.tools;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import io.parablock.perf.wal.WalBenchmark;
import io.parablock.perf.wal.WalBenchmarkSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code parablock wal bench}: each engine's latency and rate beside fio's, in Markdown. */
@Command(
        name = "bench",
        description = "Measures every engine in turn with fio on the same disk, and how fast a log is recovered.",
        mixinStandardHelpOptions = true)
final class WalBenchCommand implements Callable<Integer> {
    @Option(
            names = "--dir",
            paramLabel = "DIR",
            defaultValue = ".",
            description = "a folder on the disk to measure; needs 4 GiB, all of it is deleted again (default: here)")
    @SuppressWarnings("NullAway.Init")
    private Path dir;

    @Option(
            names = "--depths",
            paramLabel = "LIST",
            split = ",",
            defaultValue = "1,8,32,128",
            description = "records that wait for the disk at any time (default: ${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init")
    private List<Integer> depths;

    @Option(
            names = "--payload",
            paramLabel = "SIZE",
            defaultValue = "4KiB",
            converter = ByteSize.Converter.class,
            description = "of each record (default: ${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init")
    private ByteSize payload;

    @Mixin
    private MeasuredRounds rounds = new MeasuredRounds(2);

    @Option(
            names = "--scan",
            paramLabel = "SIZE",
            defaultValue = "1GiB",
            converter = ByteSize.Converter.class,
            description = "the size of the log that is recovered (default: ${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init")
    private ByteSize scan;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        WalBenchmarkSettings settings;
        try {
            settings = new WalBenchmarkSettings(
                    dir.toAbsolutePath(),
                    depths,
                    Math.toIntExact(payload.bytes()),
                    rounds.seconds(),
                    rounds.rounds(),
                    scan.bytes());
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage());
        }
        // Standard output is the table.
        ((LoggerContext) LoggerFactory.getILoggerFactory())
                .getLogger("io.parablock.wal")
                .setLevel(Level.WARN);
        try {
            WalBenchmark.run(settings, spec.commandLine().getOut(), line -> {
                spec.commandLine().getErr().println("  " + line);
                spec.commandLine().getErr().flush();
            });
        } catch (IOException e) {
            throw new CommandFailure("cannot measure in " + dir + ": " + e.getMessage());
        }
        return 0;
    }
}
