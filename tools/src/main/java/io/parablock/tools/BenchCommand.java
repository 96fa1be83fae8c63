package io.parablock.tools;

import io.parablock.perf.bench.Addresses;
import io.parablock.perf.bench.Bench;
import io.parablock.perf.bench.BenchResult;
import io.parablock.perf.bench.BenchSettings;
import io.parablock.perf.bench.BenchSubject;
import io.parablock.perf.bench.BenchTable;
import io.parablock.perf.bench.LoadShape;
import io.parablock.perf.bench.MachineFacts;
import io.parablock.perf.bench.MeasuredCluster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code parablock bench}: latency and rate of clusters, variants side by side. */
@Command(
        name = "bench",
        description = {
            "Starts clusters of three daemons on this machine, one for each variant, and measures them in turn over NBD.",
            "Lists make variants, each with each; all are compared with the first.",
            "Scenarios make links, disks or loads bad: a cluster for each variant with each kind of fault."
        },
        mixinStandardHelpOptions = true)
final class BenchCommand implements Callable<Integer> {
    private static final long LATE_MS = 30_000;

    @Option(
            names = "--quick",
            description = "little of everything, in a minute or two: 2 rounds of 1 s, 3 s of warm-up, 64MiB")
    private boolean quick;

    @Option(
            names = "--depths",
            paramLabel = "LIST",
            split = ",",
            defaultValue = "1,8,32,128",
            description = "requests in flight of the closed loops (default: ${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init")
    private List<Integer> depths;

    @Option(
            names = "--rates",
            paramLabel = "LIST",
            split = ",",
            defaultValue = "1000",
            description = "requests in a second of the open loops; 0 for none (default: ${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init")
    private List<Integer> rates;

    @Option(
            names = "--block-size",
            paramLabel = "SIZE",
            defaultValue = "4KiB",
            converter = ByteSize.Converter.class,
            description = "of each request (default: ${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init")
    private ByteSize blockSize;

    @Option(
            names = "--read-percent",
            paramLabel = "N",
            defaultValue = "0",
            description = "share of the requests that read (default: ${DEFAULT-VALUE})")
    private int readPercent;

    @Option(
            names = "--addresses",
            defaultValue = "uniform",
            description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init")
    private Addresses addresses;

    @Option(
            names = "--overlap",
            paramLabel = "PERCENT",
            defaultValue = "0",
            description = "share of the writes that go to the hot blocks (default: ${DEFAULT-VALUE})")
    private int overlapPercent;

    @Option(
            names = "--hot-blocks",
            paramLabel = "N",
            defaultValue = "8",
            description = "how many blocks at the start of the volume are hot (default: ${DEFAULT-VALUE})")
    private int hotBlocks;

    @Option(
            names = "--modes",
            paramLabel = "LIST",
            split = ",",
            defaultValue = "parallel,strict",
            description = "of ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init")
    private List<DemoCommand.Mode> modes;

    @Option(
            names = "--durability",
            paramLabel = "LIST",
            split = ",",
            defaultValue = "fsync",
            description = "of ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init")
    private List<DemoCommand.Durability> durabilities;

    @Option(
            names = "--engine",
            paramLabel = "LIST",
            split = ",",
            defaultValue = "auto",
            description = "of the log, of ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init")
    private List<BenchVariant.Engine> engines;

    @Option(
            names = "--scenarios",
            paramLabel = "LIST",
            split = ",",
            defaultValue = BenchSubject.CLEAN,
            description = "of " + BenchScenario.NAMES + " (default: ${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init")
    private List<String> scenarioNames;

    @Option(
            names = "--lanes",
            paramLabel = "LIST",
            split = ",",
            defaultValue = "0",
            description = "connections to each peer; 0 for the daemon's number (default: ${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init")
    private List<Integer> lanes;

    @Option(
            names = "--socket",
            defaultValue = "tcp",
            description = "what the client speaks NBD over: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE})")
    @SuppressWarnings("NullAway.Init")
    private BenchClusters.Socket socket;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "a configuration key for every daemon (repeatable)")
    private Map<String, String> extra = new LinkedHashMap<>();

    @Option(
            names = "--size",
            paramLabel = "SIZE",
            converter = ByteSize.Converter.class,
            description = "of the volume, all of it used (default: 256MiB)")
    private @Nullable ByteSize size;

    @Option(names = "--rounds", paramLabel = "N", description = "how often all is measured (default: 5)")
    private @Nullable Integer rounds;

    @Option(
            names = "--seconds",
            paramLabel = "S",
            description = "of each measurement, after a quarter of it that does not count (default: 5)")
    private @Nullable Double seconds;

    @Option(
            names = "--warm-up",
            paramLabel = "S",
            description = "of each variant before the first round, divided among depths and rates (default: 20)")
    private @Nullable Double warmUpSeconds;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "1",
            description = "picks blocks and kinds of requests (default: ${DEFAULT-VALUE})")
    private long seed;

    @Option(
            names = "--dir",
            paramLabel = "DIR",
            description =
                    "a folder on the disk to measure; needs some 2 GiB for each variant, all of it is deleted again"
                            + " (default: $TMPDIR or /tmp)")
    private @Nullable Path dir;

    @Mixin
    private final BenchOutputs outputs = new BenchOutputs();

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        BenchSettings settings;
        List<BenchVariant> variants;
        List<BenchScenario> scenarios;
        try {
            settings = settings();
            variants = BenchVariant.all(modes, durabilities, engines, lanes);
            scenarios = BenchScenario.all(scenarioNames);
            requireRoom(variants, scenarios);
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage());
        }
        Path disk = disk();
        outputs.prepare();
        Progress progress = Progress.to(spec.commandLine().getErr());
        BenchResult result;
        try {
            result = measure(
                    settings, variants, scenarios, Files.createTempDirectory(disk, "parablock-bench-"), progress);
        } catch (IOException e) {
            throw new CommandFailure("cannot measure: " + e.getMessage());
        }
        new BenchTable(result).print(spec.commandLine().getOut());
        try {
            outputs.write(result, progress);
        } catch (IOException e) {
            throw new CommandFailure("cannot write the reports: " + e.getMessage());
        }
        if (result.errors() > 0) {
            throw new CommandFailure(result.errors() + " requests failed; the remarks below the table tell where");
        }
        return 0;
    }

    private static void requireRoom(List<BenchVariant> variants, List<BenchScenario> scenarios) {
        long clusters = variants.size()
                * scenarios.stream().map(BenchScenario::faults).distinct().count();
        if (clusters > BenchClusters.CLUSTERS_MAX) {
            throw new IllegalArgumentException("variants and scenarios make " + clusters + " clusters; at most "
                    + BenchClusters.CLUSTERS_MAX + " run side by side");
        }
    }

    private BenchSettings settings() {
        List<LoadShape> shapes = new ArrayList<>();
        depths.stream().distinct().map(LoadShape::closed).forEach(shapes::add);
        rates.stream().distinct().filter(rate -> rate != 0).map(LoadShape::open).forEach(shapes::add);
        return new BenchSettings(
                shapes,
                Math.toIntExact(blockSize.bytes()),
                readPercent,
                addresses,
                overlapPercent,
                hotBlocks,
                volume().bytes(),
                seconds != null ? seconds : quick ? 1 : 5,
                warmUpSeconds != null ? warmUpSeconds : quick ? 3 : 20,
                rounds != null ? rounds : quick ? 2 : 5,
                seed);
    }

    private ByteSize volume() {
        return size != null ? size : ByteSize.parse(quick ? "64MiB" : "256MiB");
    }

    private Path disk() {
        Path temporary = ClusterFolder.defaultDir().toAbsolutePath().getParent();
        Path disk = dir != null ? dir.toAbsolutePath() : temporary;
        if (disk == null || !Files.isDirectory(disk) || !Files.isWritable(disk)) {
            throw new ParameterException(spec.commandLine(), "--dir: cannot write into the folder " + disk);
        }
        return disk;
    }

    private BenchResult measure(
            BenchSettings settings,
            List<BenchVariant> variants,
            List<BenchScenario> scenarios,
            Path folder,
            Progress progress)
            throws IOException, InterruptedException {
        BenchClusters clusters = new BenchClusters(folder, volume(), socket, extra);
        // Ctrl-C ends the process through its shutdown hooks.
        Runtime.getRuntime().addShutdownHook(new Thread(() -> cleanUp(clusters, folder), "stop-clusters"));
        try {
            List<BenchSubject> measured = new ArrayList<>();
            Map<Map.Entry<BenchVariant, BenchScenario.Faults>, MeasuredCluster> running = new HashMap<>();
            for (BenchScenario scenario : scenarios) {
                Integer overlap = scenario.overlapPercent();
                for (BenchVariant variant : variants) {
                    var key = Map.entry(variant, scenario.faults());
                    MeasuredCluster cluster = running.get(key);
                    if (cluster == null) {
                        progress.line("  starting " + BenchClusters.NODES + " daemons: " + scenario.name() + ", "
                                + variant.label());
                        cluster = clusters.start(variant, scenario.faults());
                        running.put(key, cluster);
                    }
                    measured.add(new BenchSubject(
                            scenario.name(),
                            scenario.says(),
                            overlap == null ? settings.overlapPercent() : overlap,
                            scenario.name().equals(BenchSubject.OBSERVED),
                            scenario.reloaded(),
                            cluster));
                }
            }
            Map<String, String> machine = MachineFacts.of(folder, Path.of(System.getProperty("parablock.home", ".")));
            return await(new Bench(settings, measured, folder), machine, progress);
        } finally {
            cleanUp(clusters, folder);
        }
    }

    private static void cleanUp(BenchClusters clusters, Path folder) {
        clusters.close();
        try {
            DemoCommand.deleteTree(folder);
        } catch (IOException e) {
            // A folder for temporary files may keep some.
        }
    }

    private static BenchResult await(Bench bench, Map<String, String> machine, Progress progress)
            throws IOException, InterruptedException {
        ExecutorService thread = Executors.newSingleThreadExecutor();
        try {
            Future<BenchResult> result = thread.submit(() -> bench.run(machine));
            boolean done = progress.awaitExpected("measuring", bench.expectedMs(), result::isDone, bench::now);
            while (!done) {
                done = progress.await("measuring takes longer", LATE_MS, result::isDone, bench::now);
            }
            return result.get();
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            if (cause instanceof IOException io) {
                throw io;
            }
            if (cause instanceof RuntimeException bug) {
                throw bug;
            }
            throw new IllegalStateException(cause);
        } finally {
            thread.shutdownNow();
        }
    }
}
