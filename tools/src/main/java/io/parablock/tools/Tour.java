package io.parablock.tools;

import io.parablock.perf.LoadGenerator;
import io.parablock.perf.LoadResult;
import io.parablock.perf.LoadSettings;
import io.parablock.perf.NbdClient;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.HdrHistogram.Histogram;

/** Shows what the cluster does: its latency in both modes, the death of its leader under load, and what is left. */
final class Tour {
    private static final int[] DEPTHS = {1, 32};
    private static final int ROUNDS = 3;
    private static final long WARM_UP_MS = 3_000;
    private static final long MEASURE_MS = 2_000;
    private static final long RAMP_MS = 300;
    private static final long DRAIN_MS = 30_000;
    private static final int FAILOVER_DEPTH = 8;
    private static final double FAILOVER_READ_SHARE = 0.3;
    private static final long BEFORE_KILL_MS = 2_000;
    private static final long AFTER_KILL_MS = 4_000;
    private static final long CATCH_UP_TIMEOUT_MS = 60_000;
    private static final long QUIET_TIMEOUT_MS = 60_000;
    private static final long READ_TIMEOUT_MS = 30_000;

    private final DemoCluster cluster;
    private final Progress progress;
    private final PrintWriter out;

    Tour(DemoCluster cluster, Progress progress, PrintWriter out) {
        this.cluster = cluster;
        this.progress = progress;
        this.out = out;
    }

    /**
     * Takes the whole tour.
     *
     * @param other a running cluster in the other mode, measured in turns with this one
     * @throws CommandFailure at the first thing that is not as it must be
     */
    void take(DemoCluster other) throws IOException, InterruptedException {
        InetSocketAddress entry = cluster.nbd(1);
        TourStretch stretch = TourStretch.find(entry, DemoSettings.EXPORT);
        latency(other, stretch);
        other.close();
        if (cluster.settings().nodes() < 3) {
            progress.line("2, 3. skipped: with fewer than three nodes the death of one stops the cluster");
        } else {
            failover(stretch);
        }
        compare();
        stretch.giveBack(entry, DemoSettings.EXPORT);
        progress.line("tour: passed");
    }

    /** One cell of the latency table. */
    private static final class Cell {
        final DemoCluster cluster;
        final int depth;
        final Histogram latencyNs = new Histogram(3);
        long operations;
        long elapsedNs;

        Cell(DemoCluster cluster, int depth) {
            this.cluster = cluster;
            this.depth = depth;
        }

        void add(LoadResult result) {
            latencyNs.add(result.latencyNs());
            operations += result.latencyNs().getTotalCount();
            elapsedNs += MEASURE_MS * 1_000_000;
        }
    }

    private void latency(DemoCluster other, TourStretch stretch) throws IOException, InterruptedException {
        progress.line("1. 4 KiB writes through NBD, durability="
                + cluster.settings().durability() + ", both modes in turns, " + ROUNDS + " rounds");
        List<DemoCluster> clusters =
                cluster.settings().mode().equals("parallel") ? List.of(cluster, other) : List.of(other, cluster);
        List<Cell> cells = new ArrayList<>();
        for (DemoCluster each : clusters) {
            for (int depth : DEPTHS) {
                cells.add(new Cell(each, depth));
            }
            measure(new Cell(each, DEPTHS[DEPTHS.length - 1]), stretch, WARM_UP_MS, "warm-up");
        }
        for (int round = 1; round <= ROUNDS; round++) {
            for (Cell cell : cells) {
                cell.add(measure(cell, stretch, RAMP_MS + MEASURE_MS, "round " + round));
            }
        }
        List<String[]> rows = new ArrayList<>();
        rows.add(new String[] {"  mode", "depth", "p50 us", "p99 us", "p99.9 us", "IOPS"});
        for (Cell cell : cells) {
            rows.add(new String[] {
                "  " + cell.cluster.settings().mode(),
                Integer.toString(cell.depth),
                us(cell.latencyNs, 50),
                us(cell.latencyNs, 99),
                us(cell.latencyNs, 99.9),
                String.format(Locale.ROOT, "%.0f", cell.operations * 1e9 / cell.elapsedNs)
            });
        }
        Table.lines(rows).forEach(out::println);
        out.flush();
    }

    private static String us(Histogram latencyNs, double percentile) {
        return String.format(Locale.ROOT, "%.0f", latencyNs.getValueAtPercentile(percentile) / 1e3);
    }

    private LoadResult measure(Cell cell, TourStretch stretch, long durationMs, String what)
            throws InterruptedException {
        InetSocketAddress address = cell.cluster.nbd(cell.cluster.awaitLeader());
        LoadSettings settings = LoadSettings.writes(address, DemoSettings.EXPORT, cell.depth)
                .withRange(stretch.firstBlock(), stretch.blocks())
                .withWarmUpNs(RAMP_MS * 1_000_000);
        try (LoadGenerator load = new LoadGenerator(settings)) {
            load.start();
            String name = what + ": " + cell.cluster.settings().mode() + " depth " + cell.depth;
            progress.sleep(name, durationMs, () -> load.completions() + " writes");
            LoadResult result = load.stop(DRAIN_MS);
            requireClean(name, result);
            return result;
        }
    }

    private void failover(TourStretch stretch) throws IOException, InterruptedException {
        int leader = cluster.awaitLeader();
        int attached = cluster.otherThan(leader);
        progress.line("2. kill -9 of the leader (node " + leader + ") under load; the client is attached to node "
                + attached);
        LoadSettings settings = LoadSettings.writes(cluster.nbd(attached), DemoSettings.EXPORT, FAILOVER_DEPTH)
                .withRange(stretch.firstBlock(), stretch.blocks())
                .withReadShare(FAILOVER_READ_SHARE);
        try (LoadGenerator load = new LoadGenerator(settings)) {
            load.start();
            progress.sleep("load", BEFORE_KILL_MS, () -> load.completions() + " requests");
            load.takeLongestGapMs();
            cluster.kill(leader);
            long before = load.completions();
            progress.sleep("load without node " + leader, AFTER_KILL_MS, () -> load.completions() + " requests");
            if (load.completions() == before) {
                progress.await(
                        "waiting for a new leader", CATCH_UP_TIMEOUT_MS, () -> load.completions() > before, () -> "");
            }
            double gapMs = load.takeLongestGapMs();
            progress.line(String.format(
                    Locale.ROOT, "  longest gap %.0f ms; leader now: node %d", gapMs, cluster.awaitLeader()));
            progress.line("3. restart of node " + leader + " under load");
            cluster.start(leader);
            progress.sleep("load with node " + leader + " back", BEFORE_KILL_MS, () -> load.completions() + "");
            LoadResult result = load.stop(DRAIN_MS);
            progress.line("  I/O errors " + (result.errors() + result.unanswered()) + ", verify errors "
                    + result.verifyErrors() + ", " + result.writes() + " writes, " + result.reads() + " reads");
            requireClean("load through the death of the leader", result);
            catchUp(leader);
            try (NbdClient reader = NbdClient.connect(cluster.nbd(leader), DemoSettings.EXPORT)) {
                List<String> wrong = load.verifyAll(reader, READ_TIMEOUT_MS);
                if (!wrong.isEmpty()) {
                    throw new CommandFailure("read back through node " + leader + ": " + wrong.get(0));
                }
                progress.line("  every answered write reads back through node " + leader);
            }
        }
    }

    private void catchUp(int node) throws InterruptedException {
        long startNs = System.nanoTime();
        long[] watermarks = new long[2];
        boolean caughtUp = progress.await(
                "catch-up of node " + node,
                CATCH_UP_TIMEOUT_MS,
                () -> caughtUp(node, watermarks),
                () -> watermarks[0] + " of " + watermarks[1] + " slots");
        if (!caughtUp) {
            throw new CommandFailure(
                    "node " + node + " did not catch up: applied " + watermarks[0] + " of " + watermarks[1]);
        }
        progress.line(String.format(
                Locale.ROOT,
                "  node %d caught up with slot %d, %.1f s after the load ended",
                node,
                watermarks[1],
                (System.nanoTime() - startNs) / 1e9));
    }

    private boolean caughtUp(int node, long[] watermarks) {
        try {
            ClusterStatus status = cluster.status();
            Integer leader = status.leader();
            if (leader == null) {
                return false;
            }
            for (ClusterStatus.Member member : status.members()) {
                if (member.node().id() == node) {
                    watermarks[0] = member.number(NodeStatus.APPLIED);
                }
                if (member.node().id() == leader) {
                    watermarks[1] = member.number(NodeStatus.COMMIT);
                }
            }
            return watermarks[0] >= watermarks[1] && watermarks[1] > 0;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private void compare() throws IOException, InterruptedException {
        progress.line("4. comparison of the replicas, byte by byte");
        ReplicaComparer comparer = new ReplicaComparer(cluster.folder());
        comparer.awaitQuiet(QUIET_TIMEOUT_MS);
        ReplicaComparer.Outcome outcome = comparer.compare();
        if (outcome.difference() != null) {
            throw new CommandFailure("replicas differ: " + outcome.difference());
        }
        progress.line("  identical (" + outcome.dataBytes() + " bytes of data each)");
    }

    private static void requireClean(String what, LoadResult result) {
        if (!result.clean()) {
            throw new CommandFailure(
                    what + ": " + result.errors() + " I/O errors, " + result.verifyErrors() + " verify errors, "
                            + result.unanswered() + " unanswered: " + String.join("; ", result.problems()));
        }
        if (result.reads() + result.writes() == 0) {
            throw new CommandFailure(what + ": no request was answered");
        }
    }
}
