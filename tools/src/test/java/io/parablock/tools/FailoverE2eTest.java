package io.parablock.tools;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.perf.LoadGenerator;
import io.parablock.perf.LoadResult;
import io.parablock.perf.LoadSettings;
import io.parablock.perf.NbdClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Nodes are killed with kill -9 while clients write and read. */
@Tag("e2e")
@Tag("second-jdk")
class FailoverE2eTest {
    /** A longer gap is no failure, but its reason should be in the output. */
    private static final double WORTH_A_LOOK_MS = 1_500;

    /** A death is noticed after an election timeout at least; nobody waits for one at a handover. */
    private static final int ORDERLY_GAP_MS_MAX = 3_000;

    private static final int ROUNDS = Integer.getInteger("parablock.rounds", 1);
    private static final long DRAIN_MS = 30_000;
    /** The range of fio is the first 32 MiB; our own load works behind it. */
    private static final int OWN_FIRST_BLOCK = 64 << 20 >> 12;

    private static final int OWN_BLOCKS = 4096;

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"parallel/index", "strict/index", "parallel/lease"})
    void shouldHideTheDeathOfTheLeader(String setting) throws Exception {
        Clients.require("fio");
        String mode = setting.split("/")[0];
        LiveCluster.assumeWanted(mode);
        Map<String, String> reads = Map.of("reads", setting.split("/")[1]);
        try (LiveCluster live = LiveCluster.start(folder, "128MiB", mode, "fsync", reads)) {
            try {
                killLeaders(live, mode);
            } catch (Exception | AssertionError e) {
                live.printLogs();
                throw e;
            }
        }
    }

    private static void killLeaders(LiveCluster live, String mode) throws Exception {
        int attached = live.cluster.otherThan(live.cluster.awaitLeader());
        AtomicBoolean stopping = new AtomicBoolean();
        ExecutorService background = Executors.newSingleThreadExecutor();
        LoadSettings probe = LoadSettings.writes(live.nbd(attached), LiveCluster.EXPORT, 4)
                .withRange(OWN_FIRST_BLOCK, OWN_BLOCKS)
                .withReadShare(0.3);
        try (LoadGenerator load = new LoadGenerator(probe)) {
            Future<Integer> fio = background.submit(fioUntil(stopping, live.uri(attached)));
            load.start();
            double longestMs = 0;
            for (int round = 1; round <= ROUNDS; round++) {
                int leader = live.leaderOtherThan(attached);
                Thread.sleep(1_000);
                load.takeLongestGapMs();
                live.cluster.kill(leader);
                long before = load.completions();
                awaitMore(load, before);
                double gapMs = load.takeLongestGapMs();
                longestMs = Math.max(longestMs, gapMs);
                System.out.printf("%s round %d: node %d killed, longest gap %.0f ms%n", mode, round, leader, gapMs);
                if (gapMs > WORTH_A_LOOK_MS) {
                    live.printLogs();
                }
                live.cluster.start(leader);
                live.awaitCaughtUp(leader);
            }
            stopping.set(true);
            int jobs = fio.get(300, TimeUnit.SECONDS);
            LoadResult result = load.stop(DRAIN_MS);
            System.out.printf(
                    "%s: longest gap %.0f ms in %d rounds, %d fio runs, %d writes, %d reads%n",
                    mode, longestMs, ROUNDS, jobs, result.writes(), result.reads());
            assertThat(result.problems()).isEmpty();
            assertThat(result.clean()).isTrue();
            live.requireIdentical();
            for (int node = 1; node <= 3; node++) {
                requireEverything(live, load, node);
            }
            if (mode.equals("strict")) {
                requireInOrder(live);
            }
        } finally {
            stopping.set(true);
            background.shutdownNow();
        }
    }

    /** A leader that is told to stop hands over first: what clients see is short, compared with a kill -9. */
    @ParameterizedTest
    @ValueSource(strings = {"parallel", "strict"})
    void shouldHandOverBeforeAnOrderlyStop(String mode) throws Exception {
        LiveCluster.assumeWanted(mode);
        Map<String, String> timeout = Map.of("raft.election_timeout", ORDERLY_GAP_MS_MAX + "ms");
        try (LiveCluster live = LiveCluster.start(folder, "128MiB", mode, "fsync", timeout)) {
            try {
                restartLeaders(live, mode);
            } catch (Exception | AssertionError e) {
                live.printLogs();
                throw e;
            }
        }
    }

    private static void restartLeaders(LiveCluster live, String mode) throws Exception {
        int attached = live.cluster.otherThan(live.cluster.awaitLeader());
        LoadSettings probe = LoadSettings.writes(live.nbd(attached), LiveCluster.EXPORT, 4)
                .withRange(OWN_FIRST_BLOCK, OWN_BLOCKS)
                .withReadShare(0.3);
        try (LoadGenerator load = new LoadGenerator(probe)) {
            load.start();
            double longestMs = 0;
            for (int round = 1; round <= ROUNDS; round++) {
                int leader = live.leaderOtherThan(attached);
                Thread.sleep(1_000);
                double beforeMs = load.takeLongestGapMs();
                live.process(leader).destroy();
                assertThat(live.process(leader).waitFor(LiveCluster.TIMEOUT_MS, TimeUnit.MILLISECONDS))
                        .isTrue();
                awaitMore(load, load.completions());
                double gapMs = load.takeLongestGapMs();
                longestMs = Math.max(longestMs, gapMs);
                System.out.printf(
                        "%s round %d: node %d stopped in order, longest gap %.0f ms (before: %.0f ms)%n",
                        mode, round, leader, gapMs, beforeMs);
                assertThat(live.log(leader)).anyMatch(line -> line.contains("handing term"));
                live.cluster.start(leader);
                live.awaitCaughtUp(leader);
            }
            LoadResult result = load.stop(DRAIN_MS);
            System.out.printf("%s: longest gap of %d orderly stops %.0f ms%n", mode, ROUNDS, longestMs);
            assertThat(result.problems()).isEmpty();
            assertThat(result.clean()).isTrue();
            assertThat(longestMs).isLessThan((double) ORDERLY_GAP_MS_MAX);
            live.requireIdentical();
            for (int node = 1; node <= 3; node++) {
                requireEverything(live, load, node);
            }
        }
    }

    private static void awaitMore(LoadGenerator load, long before) throws Exception {
        LiveCluster.await("requests to be answered again", () -> {
            assertThat(load.problems()).isEmpty();
            return load.completions() > before + 100;
        });
    }

    private static Callable<Integer> fioUntil(AtomicBoolean stopping, String uri) {
        return () -> {
            int jobs = 0;
            do {
                String printed = Clients.run(240, Clients.fioVerify(uri, 32, "32M"));
                assertThat(printed).contains("err= 0");
                jobs++;
            } while (!stopping.get());
            return jobs;
        };
    }

    private static void requireInOrder(LiveCluster live) throws InterruptedException {
        for (String counter : new String[] {"acked_out_of_order", "committed_out_of_order", "applied_out_of_order"}) {
            assertThat(LiveCluster.sum(live.cluster.status(), counter))
                    .as(counter)
                    .isZero();
        }
    }

    private static void requireEverything(LiveCluster live, LoadGenerator load, int node) throws Exception {
        try (NbdClient reader = NbdClient.connect(live.nbd(node), LiveCluster.EXPORT)) {
            assertThat(load.verifyAll(reader, LiveCluster.TIMEOUT_MS))
                    .as("read through node " + node)
                    .isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"parallel/fsync", "strict/fsync", "parallel/mapped"})
    void shouldKeepEveryAnsweredWriteWhenAllNodesDieAtOnce(String setting) throws Exception {
        String mode = setting.split("/")[0];
        LiveCluster.assumeWanted(mode);
        String durability = setting.split("/")[1];
        try (LiveCluster live = LiveCluster.start(folder, "128MiB", mode, durability, Map.of())) {
            try {
                killAll(live);
            } catch (Exception | AssertionError e) {
                live.printLogs();
                throw e;
            }
        }
    }

    /** A node that comes back with an empty disk has forgotten what it promised: it must not count, and the others serve on. */
    @Test
    void shouldStopANodeWhoseDiskWasWiped() throws Exception {
        try (LiveCluster live = LiveCluster.start(folder, "128MiB", "parallel", "fsync", Map.of())) {
            try {
                comeBackWiped(live);
            } catch (Exception | AssertionError e) {
                live.printLogs();
                throw e;
            }
        }
    }

    private static void comeBackWiped(LiveCluster live) throws Exception {
        live.requireWritable(1);
        live.cluster.kill(3);
        try (Stream<Path> files = Files.walk(live.cluster.folder().data(3))) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
        live.cluster.start(3);
        assertThat(live.process(3).waitFor(LiveCluster.TIMEOUT_MS, TimeUnit.MILLISECONDS))
                .isTrue();
        assertThat(live.process(3).exitValue()).isNotZero();
        assertThat(live.log(3))
                .anyMatch(line -> line.contains("this node stops") && line.contains("was wiped or replaced"));
        live.requireWritable(1);
        live.requireWritable(2);
    }

    private static void killAll(LiveCluster live) throws Exception {
        LoadSettings settings = LoadSettings.writes(live.nbd(1), LiveCluster.EXPORT, 16)
                .withRange(OWN_FIRST_BLOCK, OWN_BLOCKS)
                .withReadShare(0.3)
                .reconnecting(live.cluster.nbdAll());
        try (LoadGenerator load = new LoadGenerator(settings)) {
            load.start();
            for (int round = 1; round <= ROUNDS; round++) {
                Thread.sleep(1_500);
                for (int node = 1; node <= 3; node++) {
                    live.process(node).destroyForcibly();
                }
                for (int node = 1; node <= 3; node++) {
                    live.cluster.kill(node);
                }
                long before = load.completions();
                for (int node = 1; node <= 3; node++) {
                    live.cluster.start(node);
                }
                awaitMore(load, before);
            }
            LoadResult result = load.stop(DRAIN_MS);
            assertThat(result.problems()).isEmpty();
            assertThat(result.clean()).isTrue();
            assertThat(result.reconnects()).isGreaterThanOrEqualTo(ROUNDS);
            live.requireIdentical();
            for (int node = 1; node <= 3; node++) {
                requireEverything(live, load, node);
            }
        }
    }
}
