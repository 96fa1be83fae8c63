package io.parablock.tools;

import io.parablock.blockdev.nbd.netty.TransportKind;
import io.parablock.perf.nbd.NbdBenchmark;
import io.parablock.perf.nbd.NbdBenchmarkSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code parablock nbd bench}: cached reads beside nbdkit's memory plugin, in Markdown. */
@Command(
        name = "bench",
        description =
                "Measures random reads with fio, in turn at the NBD layer alone, at the leader of a cluster and at nbdkit.",
        mixinStandardHelpOptions = true)
final class NbdBenchCommand implements Callable<Integer> {
    enum Reads {
        index,
        lease
    }

    @Option(
            names = "--jobs",
            paramLabel = "LIST",
            split = ",",
            defaultValue = "1,4",
            description = "processes that read at once, each on a connection of its own (default: ${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init")
    private List<Integer> jobs;

    @Option(
            names = "--depth",
            paramLabel = "N",
            defaultValue = "32",
            description = "reads of each of them under way (default: ${DEFAULT-VALUE})")
    private int depth;

    @Option(
            names = "--block",
            paramLabel = "SIZE",
            defaultValue = "4KiB",
            converter = ByteSize.Converter.class,
            description = "of each read (default: ${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init")
    private ByteSize block;

    @Option(
            names = "--size",
            paramLabel = "SIZE",
            defaultValue = "128MiB",
            converter = ByteSize.Converter.class,
            description = "of what is read (default: ${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init")
    private ByteSize size;

    @Mixin
    private MeasuredRounds rounds = new MeasuredRounds(3);

    @Option(
            names = "--warm-up",
            paramLabel = "S",
            defaultValue = "8",
            description = "of each server and number of jobs before the first round (default: ${DEFAULT-VALUE})")
    private double warmUpSeconds;

    @Option(
            names = "--nodes",
            paramLabel = "N",
            defaultValue = "3",
            description = "of the cluster; 0 leaves it out (default: ${DEFAULT-VALUE})")
    private int nodes;

    @Option(
            names = "--reads",
            defaultValue = "index",
            description = "of the cluster: ${COMPLETION-CANDIDATES} (default: index)")
    @SuppressWarnings("NullAway.Init")
    private Reads reads;

    @Option(
            names = "--transport",
            paramLabel = "KIND",
            defaultValue = "auto",
            description = "of both: auto, io_uring, epoll, nio (default: ${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init")
    private String transport;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        NbdBenchmarkSettings settings;
        try {
            settings = new NbdBenchmarkSettings(
                    jobs,
                    depth,
                    Math.toIntExact(block.bytes()),
                    size.bytes(),
                    rounds.seconds(),
                    warmUpSeconds,
                    rounds.rounds());
            String unused = TransportKind.choose(transport).fallback();
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage());
        }
        if (nodes < 0 || nodes > DemoSettings.NODES_MAX) {
            throw new ParameterException(spec.commandLine(), "--nodes is from 0 to " + DemoSettings.NODES_MAX);
        }
        try {
            Path folder = Files.createTempDirectory("parablock-nbd-");
            try (MeasuredServers servers = new MeasuredServers(folder, size)) {
                servers.startNbdkit();
                servers.startLayer(transport);
                if (nodes > 0) {
                    servers.startCluster(nodes, transport, reads.name());
                }
                NbdBenchmark.run(
                        settings,
                        servers.subjects(),
                        MeasuredServers.NBDKIT,
                        spec.commandLine().getOut(),
                        line -> {
                            spec.commandLine().getErr().println("  " + line);
                            spec.commandLine().getErr().flush();
                        });
            } finally {
                DemoCommand.deleteTree(folder);
            }
        } catch (IOException e) {
            throw new CommandFailure("cannot measure: " + e.getMessage());
        }
        return 0;
    }
}
