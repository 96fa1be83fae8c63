package io.parablock.simulator;

import com.sun.management.OperatingSystemMXBean;
import io.parablock.raft.Mode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Many seeds, each in every wanted mode and size, on some threads. A run shares nothing with another one. */
public final class SimulationBatch {
    private static final int FAILURES_MAX = 10;
    /** From so many runs on, a kind of fault that never took effect is an error of the batch, and so is one without installs. */
    private static final int RUNS_FOR_EVERY_FAULT = 40;

    /**
     * What to run.
     *
     * @param lastSeed inclusive; {@code Long.MAX_VALUE} with a time limit
     * @param minutes 0 for no time limit
     * @param nodes 0 for clusters of 3 and of 5
     * @param mode "parallel", "strict", or null for both
     * @param faults labels of {@link FaultKind}; empty for all
     * @param twice each run is done twice, and the traces must be the same
     * @param recordTo where a failed run's timeline goes; null for nowhere
     * @param recordAll the timelines of runs that hold as well
     */
    public record Plan(
            long firstSeed,
            long lastSeed,
            long minutes,
            int nodes,
            @Nullable String mode,
            List<String> faults,
            boolean twice,
            int threads,
            @Nullable Path recordTo,
            boolean recordAll) {
        /** @throws IllegalArgumentException with one line for the user */
        public Plan {
            if (nodes != 0 && nodes != 3 && nodes != 5) {
                throw new IllegalArgumentException("--nodes is 3 or 5");
            }
            if (lastSeed < firstSeed) {
                throw new IllegalArgumentException("the last seed is below the first one");
            }
            if (minutes < 0) {
                throw new IllegalArgumentException("--minutes is 0 or more");
            }
            if (threads < 1) {
                throw new IllegalArgumentException("--threads is 1 or more");
            }
        }
    }

    private record Shape(int nodes, Mode mode) {}

    private final Plan plan;
    private final List<Shape> shapes = new ArrayList<>();
    private final Set<FaultKind> faults;
    private final AtomicLong nextRun = new AtomicLong();
    private final AtomicInteger running = new AtomicInteger();
    private final long startNs = System.nanoTime();
    private final long startCpuNs = cpuNs();

    // Guarded by this.
    private final FaultCounts counts = new FaultCounts();
    private final InstallCounts installs = new InstallCounts();
    private final List<String> failures = new ArrayList<>();
    private long runs;
    private long events;
    private long virtualNs;
    private long answered;
    private long traces;

    /** @throws IllegalArgumentException with one line for the user */
    public SimulationBatch(Plan plan) {
        this.plan = plan;
        this.faults = faults(plan.faults);
        for (int nodes : new int[] {3, 5}) {
            for (Mode mode : Mode.values()) {
                boolean wanted = plan.mode == null || plan.mode.equalsIgnoreCase(mode.name());
                if (wanted && (plan.nodes == 0 || plan.nodes == nodes)) {
                    shapes.add(new Shape(nodes, mode));
                }
            }
        }
        if (shapes.isEmpty()) {
            throw new IllegalArgumentException("--mode is parallel or strict");
        }
    }

    private static Set<FaultKind> faults(List<String> labels) {
        if (labels.isEmpty()) {
            return EnumSet.allOf(FaultKind.class);
        }
        EnumSet<FaultKind> out = EnumSet.noneOf(FaultKind.class);
        for (String label : labels) {
            try {
                out.add(FaultKind.ofLabel(label));
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("unknown fault " + label + "; known are "
                        + Arrays.stream(FaultKind.values())
                                .map(FaultKind::label)
                                .toList());
            }
        }
        return out;
    }

    // ---------------------------------------------------------------- running

    /** Returns at once. */
    public void start() {
        running.set(plan.threads);
        for (int i = 0; i < plan.threads; i++) {
            Thread t = new Thread(this::work, "simulation-" + i);
            t.setDaemon(true);
            t.start();
        }
    }

    private void work() {
        try {
            while (!isTimeUp()) {
                long run = nextRun.getAndIncrement();
                long seed = plan.firstSeed + run / shapes.size();
                if (seed > plan.lastSeed || failureCount() >= FAILURES_MAX) {
                    return;
                }
                Shape shape = shapes.get((int) (run % shapes.size()));
                SimulationSettings settings = new SimulationSettings(seed, shape.nodes, shape.mode, faults);
                try {
                    run(settings);
                } catch (RuntimeException | Error e) {
                    fail(Outcome.failure(settings, "the simulator itself failed: " + e));
                }
            }
        } finally {
            running.decrementAndGet();
        }
    }

    private boolean isTimeUp() {
        return plan.minutes > 0 && System.nanoTime() - startNs > plan.minutes * 60_000_000_000L;
    }

    private void run(SimulationSettings settings) {
        Outcome first = SimulationRun.of(settings, plan.recordAll);
        Outcome recorded = first;
        String failure = first.violation() == null ? null : first.line();
        if (plan.twice) {
            Outcome second = SimulationRun.of(settings, false);
            if (second.hash() != first.hash()) {
                failure = Outcome.failure(settings, "two runs of this seed differ");
            }
        }
        if (failure != null && !plan.recordAll) {
            recorded = SimulationRun.of(settings, true);
        }
        synchronized (this) {
            runs++;
            events += first.events();
            virtualNs += first.virtualNs();
            // A sum: the order in which runs end does not matter.
            traces += Seeded.mix(first.hash());
            answered += first.answered();
            counts.addAll(first.faults());
            installs.addAll(first.installs());
        }
        if (failure != null) {
            fail(failure);
        }
        if (failure != null || plan.recordAll) {
            write(recorded);
        }
    }

    private void write(Outcome o) {
        Path dir = plan.recordTo;
        if (dir == null) {
            return;
        }
        SimulationSettings s = o.settings();
        String mode = s.mode.name().toLowerCase(Locale.ROOT);
        Path file = dir.resolve("simulation-" + s.seed + "-" + mode + "-" + s.nodes + ".txt");
        List<String> lines = new ArrayList<>();
        lines.add(o.violation() == null ? s + " held" : o.line());
        lines.add("trace " + Long.toHexString(o.hash()) + ", " + o.events() + " events; times are virtual seconds");
        lines.addAll(o.timeline());
        Throwable cause = o.cause();
        if (cause != null) {
            lines.add(String.valueOf(cause));
            Arrays.stream(cause.getStackTrace()).forEach(at -> lines.add("    at " + at));
        }
        try {
            Files.createDirectories(dir);
            Files.write(file, lines);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private synchronized void fail(String line) {
        failures.add(line);
    }

    private synchronized int failureCount() {
        return failures.size();
    }

    // ---------------------------------------------------------------- results

    public boolean isOver() {
        return running.get() == 0;
    }

    /** Runs that there will be, or -1 if only the time limits them. */
    public long runsWanted() {
        long seeds = plan.lastSeed - plan.firstSeed + 1;
        return plan.minutes > 0 || seeds <= 0 ? -1 : seeds * shapes.size();
    }

    public synchronized long runsDone() {
        return runs;
    }

    /** Events so far, over all runs. */
    synchronized FaultCounts counts() {
        FaultCounts out = new FaultCounts();
        out.addAll(counts);
        return out;
    }

    /** One line for a progress display. */
    public synchronized String detail() {
        double hours = virtualNs / 3.6e12;
        double realHours = (System.nanoTime() - startNs) / 3.6e12;
        double cpuHours = Math.max(1, cpuNs() - startCpuNs) / 3.6e12;
        return String.format(
                Locale.ROOT,
                "%d seeds, %d runs, %.1f M events, %.2f virtual hours (%.0f per hour, %.0f per CPU hour)",
                runs / shapes.size(),
                runs,
                events / 1e6,
                hours,
                hours / realHours,
                hours / cpuHours);
    }

    /** Of the whole process: a shared machine does not change it much. 0 if it is not known. */
    private static long cpuNs() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean os
                ? Math.max(0, os.getProcessCpuTime())
                : 0;
    }

    /** What the batch has to say at its end: a line for each kind of total; the last one names the runs, and the build. */
    public synchronized List<String> summary() {
        return List.of(
                detail() + ", " + answered + " requests answered",
                "faults: " + counts,
                "installs: " + installs,
                String.format(
                        Locale.ROOT,
                        "traces: %016x of %d runs, commit %s, JDK %s",
                        traces,
                        runs,
                        BuildCommit.id(),
                        Runtime.version().feature()));
    }

    /** One line for each failure; empty if everything held. Call when it is over. */
    public synchronized List<String> failures() {
        List<String> out = new ArrayList<>(failures);
        if (runs >= RUNS_FOR_EVERY_FAULT && failures.isEmpty()) {
            for (FaultKind kind : counts.missing(faults)) {
                out.add("fault " + kind.label() + " never took effect in " + runs + " runs");
            }
            if (faults.size() == FaultKind.values().length
                    && !installs.missing().isEmpty()) {
                out.add("in " + runs + " runs no install was" + installs.missing());
            }
        }
        return out;
    }
}
