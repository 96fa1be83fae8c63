package io.parablock.perf.bench;

import io.parablock.perf.FioProgram;
import io.parablock.perf.NbdClient;
import io.parablock.perf.ProcessorTime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Measures clusters in turn: in each round every load at every subject, in an order that moves on, beside what disk and loopback
 * allow in the same round. What else the machine does falls on all of them.
 */
public final class Bench {
    /** Part of a measurement's length that does not count, before it: buffers and queues fill, the JIT catches up. */
    private static final double RAMP = 0.25;

    private static final double RAMP_SECONDS_MAX = 1;
    private static final double FLOOR_SECONDS_MAX = 2;
    private static final double ECHO_SECONDS_MAX = 0.5;
    private static final long DRAIN_MS = 5_000;
    /** What a measurement takes beside itself: to find the leader, to connect. */
    private static final double EXTRA_SECONDS = 0.1;

    private static final double FIO_START_SECONDS = 0.5;
    private static final String MEMORY_FILE_SYSTEM = "tmpfs";

    private final BenchSettings settings;
    private final List<BenchSubject> subjects;
    /** Those of the subjects, each once. */
    private final List<MeasuredCluster> clusters;

    private final Path directory;
    private final List<BenchRow> rows = new ArrayList<>();
    private final List<FloorRound> floor = new ArrayList<>();
    private final List<FioRound> fioRounds = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private final Onlookers nobody = new Onlookers(List.of());
    private final Map<MeasuredCluster, Onlookers> onlookers = new HashMap<>();
    /** The keys that a cluster has by now. */
    private final Map<MeasuredCluster, Map<String, String>> reloaded = new HashMap<>();

    private final @Nullable ZipfBlocks zipf;
    private @Nullable DiskFloor diskFloor;
    private List<LoadShape> crossChecked;
    private volatile String now = "";

    /**
     * @param subjects their clusters are running and writable; at least one, those of a scenario one after the other
     * @param directory on the disk that the clusters share
     */
    public Bench(BenchSettings settings, List<BenchSubject> subjects, Path directory) {
        this.settings = settings;
        this.subjects = List.copyOf(subjects);
        this.clusters = subjects.stream().map(BenchSubject::cluster).distinct().toList();
        this.directory = directory;
        // The popular blocks are the same ones all the time.
        this.zipf = settings.addresses() == Addresses.zipf ? new ZipfBlocks(settings.blocks(), settings.seed()) : null;
        this.crossChecked = CrossCheck.shapes(settings, subjects.get(0));
        for (String scenario : scenarios().keySet()) {
            for (LoadShape shape : settings.shapes()) {
                subjects.stream()
                        .filter(subject -> subject.scenario().equals(scenario))
                        .map(subject ->
                                new BenchRow(scenario, shape, subject.cluster().variant()))
                        .forEach(rows::add);
            }
        }
    }

    private Map<String, String> scenarios() {
        Map<String, String> scenarios = new LinkedHashMap<>();
        subjects.forEach(subject -> scenarios.put(subject.scenario(), subject.says()));
        return scenarios;
    }

    /** What it is at, for people; any thread. */
    public String now() {
        return now;
    }

    /** How long it will take, about. */
    public long expectedMs() {
        double measurement = settings.seconds() + rampSeconds() + EXTRA_SECONDS;
        int loads = settings.shapes().size() * subjects.size();
        double round = loads * measurement + floorSeconds() * (1 + RAMP) + ECHO_SECONDS_MAX;
        if (!crossChecked.isEmpty()) {
            round += measurement + FIO_START_SECONDS;
        }
        double before = clusters.size() * (settings.warmUpSeconds() + settings.rangeBytes() / 100e6);
        return (long) (1000 * (before + settings.rounds() * round));
    }

    /**
     * Once.
     *
     * @param machine what the report says of machine and program
     * @throws IOException if a cluster cannot be reached, in words for people
     */
    public BenchResult run(Map<String, String> machine) throws IOException, InterruptedException {
        Instant began = Instant.now();
        long beginNs = System.nanoTime();
        if (MEMORY_FILE_SYSTEM.equals(machine.get("file_system"))) {
            notes.add("the folder is in memory (tmpfs): nothing here reaches a disk; choose one with --dir");
        }
        prepareFloor();
        for (MeasuredCluster cluster : clusters) {
            now = "filling " + cluster.variant();
            RangeFilling.fill(cluster, settings);
        }
        warmUp();
        List<BenchSubject> turn = new ArrayList<>(subjects);
        for (int round = 0; round < settings.rounds(); round++) {
            String prefix = "round " + (round + 1) + " of " + settings.rounds() + ", ";
            now = prefix + "floor";
            floor.add(measureFloor());
            for (LoadShape shape : settings.shapes()) {
                for (BenchSubject subject : turn) {
                    now = prefix + shape.label() + ", " + where(subject);
                    measure(subject, shape, round);
                }
                if (crossChecked.contains(shape)) {
                    now = prefix + shape.label() + ", fio at " + where(subjects.get(0));
                    crossCheck(shape);
                }
                Collections.rotate(turn, 1);
            }
        }
        Map<String, Map<String, String>> variants = new LinkedHashMap<>();
        Map<String, String> strictVariants = new LinkedHashMap<>();
        for (MeasuredCluster cluster : clusters) {
            String strict = cluster.strictVariant();
            if (strict != null) {
                strictVariants.put(cluster.variant(), strict);
            }
            if (!variants.containsKey(cluster.variant())) {
                variants.put(cluster.variant(), cluster.facts());
            }
        }
        noteWhatRowsTell();
        nobody.close();
        onlookers.values().forEach(Onlookers::close);
        return new BenchResult(
                settings,
                variants,
                strictVariants,
                scenarios(),
                machine,
                rows,
                floor,
                crossChecks(),
                notes,
                began,
                (System.nanoTime() - beginNs) / 1e9);
    }

    private static String where(BenchSubject subject) {
        String variant = subject.cluster().variant();
        return subject.scenario().equals(BenchSubject.CLEAN) ? variant : subject.scenario() + ", " + variant;
    }

    private void prepareFloor() throws IOException {
        if (!FioProgram.installed()) {
            notes.add("no fio here: neither the disk's floor nor the cross-check is measured");
            crossChecked = List.of();
            return;
        }
        Path files = directory.resolve("floor");
        Files.createDirectories(files);
        try {
            diskFloor = new DiskFloor(files);
        } catch (IOException e) {
            notes.add("the disk's floor is not measured: " + e.getMessage());
        }
        if (crossChecked.isEmpty()) {
            notes.add(
                    "no cross-check: fio has no load like these (it needs uniform addresses, no overlap, a depth up to"
                            + " 32)");
        }
    }

    private FloorRound measureFloor() throws IOException {
        DiskFloor disk = diskFloor;
        List<Double> writers = disk == null ? List.of() : disk.writersP50Us(floorSeconds());
        return new FloorRound(writers, LoopbackEcho.p50Us(Math.min(settings.seconds(), ECHO_SECONDS_MAX)));
    }

    private double floorSeconds() {
        return Math.min(settings.seconds(), FLOOR_SECONDS_MAX);
    }

    private double rampSeconds() {
        return Math.min(settings.seconds() * RAMP, RAMP_SECONDS_MAX);
    }

    private void warmUp() throws IOException, InterruptedException {
        double seconds = settings.warmUpSeconds() / settings.shapes().size();
        if (seconds == 0) {
            return;
        }
        for (LoadShape shape : settings.shapes()) {
            for (MeasuredCluster cluster : clusters) {
                now = "warming up, " + shape.label() + ", " + cluster.variant();
                // Who is looked at later has to be used to it.
                boolean observed = subjects.stream().anyMatch(s -> s.cluster() == cluster && s.observed());
                try (Onlookers.Look often = (observed ? onlookers(cluster) : nobody).lookOften()) {
                    Seen unused = load(cluster, settings.overlapPercent(), false, shape, 0, seconds, settings.seed());
                    requireSeen(cluster, often);
                }
            }
        }
    }

    private void measure(BenchSubject subject, LoadShape shape, int round) throws IOException, InterruptedException {
        Map<String, String> before = reloaded.put(subject.cluster(), subject.reloaded());
        if (!subject.reloaded().equals(before == null ? Map.of() : before)) {
            subject.cluster().reconfigure(subject.reloaded());
        }
        // The subjects of a round are asked the same, but for the share of what overlaps.
        Seen seen = load(
                subject.cluster(),
                subject.overlapPercent(),
                subject.observed(),
                shape,
                rampSeconds(),
                settings.seconds(),
                settings.seed() + 1 + round);
        for (BenchRow row : rows) {
            if (row.scenario().equals(subject.scenario())
                    && row.shape().equals(shape)
                    && row.variant().equals(subject.cluster().variant())) {
                row.add(seen.figures, seen.cpuSeconds);
            }
        }
    }

    private Onlookers onlookers(MeasuredCluster cluster) {
        return onlookers.computeIfAbsent(cluster, c -> new Onlookers(c.pages()));
    }

    private record Seen(LoadFigures figures, double cpuSeconds) {}

    private Seen load(
            MeasuredCluster cluster,
            int overlapPercent,
            boolean observed,
            LoadShape shape,
            double rampSeconds,
            double seconds,
            long seed)
            throws IOException, InterruptedException {
        long rampNs = (long) (rampSeconds * 1e9);
        List<ProcessHandle> daemons = cluster.processes();
        try (NbdClient client = NbdClient.connect(cluster.leader(), cluster.export());
                Onlookers.Look look = (observed ? onlookers(cluster) : nobody).look()) {
            RequestMix mix = new RequestMix(settings, overlapPercent, zipf, seed);
            double cpuBefore = ProcessorTime.seconds(daemons);
            MeasuredLoad load = shape.open()
                    ? new OpenLoop(client, mix, shape.value(), rampNs, seconds, DRAIN_MS)
                    : new ClosedLoop(client, mix, shape.value(), rampNs, seconds);
            LoadFigures figures = load.run(DRAIN_MS);
            requireSeen(cluster, look);
            return new Seen(figures, ProcessorTime.seconds(daemons) - cpuBefore);
        }
    }

    private static void requireSeen(MeasuredCluster cluster, Onlookers.Look look) throws IOException {
        if (!look.sawSomething()) {
            throw new IOException(cluster.variant() + ": no daemon has answered with a page");
        }
    }

    private void crossCheck(LoadShape shape) throws InterruptedException {
        try {
            fioRounds.add(CrossCheck.measure(clusters.get(0), settings, shape, rampSeconds()));
        } catch (IOException e) {
            notes.add("no cross-check: " + e.getMessage());
            crossChecked = List.of();
            fioRounds.clear();
        }
    }

    private List<CrossCheck> crossChecks() {
        return crossChecked.stream()
                .map(shape -> new CrossCheck(
                        subjects.get(0).scenario(), shape, clusters.get(0).variant(), fioRounds))
                .toList();
    }

    private void noteWhatRowsTell() {
        for (BenchRow row : rows) {
            String where = row.scenario() + ", " + row.shape().label() + ", " + row.variant() + ": ";
            if (row.errors() > 0) {
                notes.add(where + row.errors() + " errors, the first: " + row.problem());
            }
            if (row.unanswered() > 0) {
                notes.add(where + row.unanswered() + " of " + row.asked() + " requests had no answer " + DRAIN_MS / 1000
                        + " s after the end; the percentiles are of those that had one");
            }
        }
    }
}
