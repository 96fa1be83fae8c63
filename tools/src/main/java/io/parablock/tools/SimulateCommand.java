package io.parablock.tools;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.parablock.simulator.SimulateMain;
import io.parablock.simulator.SimulationBatch;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code parablock simulate}: exits 0 only if every invariant held in every run. */
@Command(
        name = "simulate",
        description = "Runs whole clusters on virtual time, with faults, one per seed; see docs/simulator.md.",
        mixinStandardHelpOptions = true)
final class SimulateCommand implements Callable<Integer> {
    private static final long FOR_EVER_MS = Long.MAX_VALUE / 2_000_000;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "one seed: it is run twice, and its timeline is written to a file")
    private @Nullable Long seed;

    @Option(
            names = "--seeds",
            paramLabel = "A..B",
            defaultValue = "1..100",
            description = "a range of seeds (default: ${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init")
    private String seeds;

    @Option(
            names = "--minutes",
            paramLabel = "M",
            defaultValue = "0",
            description = "go on from the first seed until this time is over")
    private long minutes;

    @Option(names = "--nodes", paramLabel = "3|5", defaultValue = "0", description = "only clusters of this size")
    private int nodes;

    @Option(names = "--mode", paramLabel = "parallel|strict", description = "only this mode")
    private @Nullable String mode;

    @Option(names = "--faults", paramLabel = "LIST", split = ",", description = "only these faults (default: all)")
    private @Nullable List<String> faults;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "so many runs at one time (default: one for each processor)")
    private int threads = Runtime.getRuntime().availableProcessors();

    @Option(
            names = "--dir",
            paramLabel = "DIR",
            defaultValue = "simulations",
            description = "where timelines are written (default: ${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init")
    private Path dir;

    @Option(
            names = "--json",
            description = "the result as JSON on standard output, and what is said meanwhile on stderr")
    private boolean asJson;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        SimulationBatch batch = batch();
        PrintWriter out = spec.commandLine().getOut();
        // What simulated disks do to a log and its state is meant.
        ((LoggerContext) LoggerFactory.getILoggerFactory())
                .getLogger("io.parablock.wal")
                .setLevel(Level.OFF);
        batch.start();
        long limitMs = minutes > 0 ? minutes * 60_000 : FOR_EVER_MS;
        Progress progress = Progress.to(asJson ? spec.commandLine().getErr() : out);
        // Of a time limit the bar is the time.
        boolean over = minutes > 0
                ? progress.awaitExpected("simulating", limitMs, batch::isOver, batch::detail)
                : progress.awaitAll(
                        "simulating", " runs", batch.runsWanted(), batch::runsDone, batch::isOver, batch::detail);
        while (!over) {
            // The runs that had begun when the time was over.
            over = progress.await("finishing", FOR_EVER_MS, batch::isOver, batch::detail);
        }
        if (asJson) {
            return json(batch, out);
        }
        batch.summary().forEach(out::println);
        List<String> failures = batch.failures();
        failures.forEach(out::println);
        if (!failures.isEmpty() || seed != null) {
            out.println("timelines: " + dir.toAbsolutePath());
        }
        out.flush();
        return failures.isEmpty() ? 0 : CommandFailure.FAILED;
    }

    private int json(SimulationBatch batch, PrintWriter out) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("held", batch.failures().isEmpty()).put("runs", batch.runsDone());
        batch.summary().forEach(json.putArray("summary")::add);
        batch.failures().forEach(json.putArray("failures")::add);
        json.put("timelines", dir.toAbsolutePath().toString());
        out.println(json.toPrettyString());
        out.flush();
        return batch.failures().isEmpty() ? 0 : CommandFailure.FAILED;
    }

    private SimulationBatch batch() {
        Long one = seed;
        try {
            long[] range = one == null ? SimulateMain.range(seeds) : new long[] {one, one};
            return new SimulationBatch(SimulateMain.plan(
                    range, one != null, minutes, nodes, mode, faults == null ? List.of() : faults, threads, dir));
        } catch (IllegalArgumentException e) {
            throw CommandFailure.wrongArgument(String.valueOf(e.getMessage()));
        }
    }
}
