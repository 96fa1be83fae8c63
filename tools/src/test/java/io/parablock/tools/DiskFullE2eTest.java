package io.parablock.tools;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.perf.LoadGenerator;
import io.parablock.perf.LoadResult;
import io.parablock.perf.LoadSettings;
import io.parablock.perf.NbdClient;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/** One node's disk fills up: that node stops with one line, the others go on, and nothing is lost when it is back. */
@Tag("e2e")
@Tag("one-jdk")
class DiskFullE2eTest {
    private static final int FULL = 3;
    private static final long DISK_BYTES = 160L << 20;
    private static final long RESERVE_BYTES = 8L << 20;
    private static final long STOP_TIMEOUT_S = 30;
    private static final long DRAIN_MS = 30_000;
    private static final int EXIT_FATAL = 3;
    /** Room is left for a node that catches up on the same two cores. */
    private static final int REQUESTS_AT_ONCE = 4;

    @TempDir
    Path folder;

    /** The log keeps its reserve: the node stops before anything fails. Only in long runs: the mapped log's test is much the same. */
    @Test
    @EnabledIfSystemProperty(named = "parablock.rounds", matches = "\\d+")
    void shouldStopBeforeTheReserveIsTouched() throws Exception {
        fillAndFree("fsync", RESERVE_BYTES, RESERVE_BYTES, "no room for another segment");
    }

    /** The same of a mapped log, for which a full disk would be a signal. */
    @Test
    void shouldStopAMappedLogBeforeTheReserveIsTouched() throws Exception {
        fillAndFree("mapped", RESERVE_BYTES, RESERVE_BYTES, "no room for another segment");
    }

    /** Without a reserve the disk itself says no, to whatever writes first. */
    @Test
    void shouldStopWhenTheLastBlockIsTaken() throws Exception {
        fillAndFree("fsync", 0, 0, "");
    }

    private void fillAndFree(String durability, long reserveBytes, long leftBytes, String words) throws Exception {
        Path dir = folder.resolve("cluster");
        Map<String, String> small = Map.of(
                "wal.segment_bytes",
                "1MiB",
                "wal.reserve_bytes",
                Long.toString(reserveBytes),
                "checkpoint.bytes",
                "4MiB");
        try (SmallDisk disk = SmallDisk.mount(dir.resolve("node" + FULL), folder.resolve("image"), DISK_BYTES);
                LiveCluster live = LiveCluster.start(dir, "64MiB", "parallel", durability, small)) {
            try {
                fillAndFree(live, disk, leftBytes, words);
            } catch (Exception | AssertionError e) {
                live.printLogs();
                throw e;
            }
        }
    }

    private static void fillAndFree(LiveCluster live, SmallDisk disk, long leftBytes, String words) throws Exception {
        LoadSettings settings = LoadSettings.writes(live.nbd(1), LiveCluster.EXPORT, REQUESTS_AT_ONCE)
                .withReadShare(0.2);
        try (LoadGenerator load = new LoadGenerator(settings)) {
            load.start();
            LiveCluster.await("some load", () -> load.completions() > 200);
            int atFirst = live.log(FULL).size();
            disk.fillUpTo(leftBytes);
            requireOneLine(live, atFirst, words);
            requireProgress(load);

            int before = live.log(FULL).size();
            live.cluster.start(FULL);
            requireOneLine(live, before, words);
            requireProgress(load);

            disk.empty();
            live.cluster.start(FULL);
            requireProgress(load);
            LoadResult result = load.stop(DRAIN_MS);
            live.awaitCaughtUp(FULL);
            assertThat(result.problems()).isEmpty();
            assertThat(result.clean()).isTrue();
            try (NbdClient reader = NbdClient.connect(live.nbd(FULL), LiveCluster.EXPORT)) {
                assertThat(load.verifyAll(reader, LiveCluster.TIMEOUT_MS)).isEmpty();
            }
        }
        live.requireIdentical();
    }

    private static void requireProgress(LoadGenerator load) throws Exception {
        long before = load.completions();
        LiveCluster.await("the load to go on", () -> load.completions() > before + 100);
        assertThat(load.problems()).isEmpty();
    }

    private static void requireOneLine(LiveCluster live, int linesBefore, String words) throws Exception {
        Process node = live.process(FULL);
        assertThat(node.waitFor(STOP_TIMEOUT_S, TimeUnit.SECONDS))
                .as("the node whose disk is full stops")
                .isTrue();
        assertThat(node.exitValue()).isEqualTo(EXIT_FATAL);
        List<String> lines = live.log(FULL);
        assertThat(lines).noneMatch(line -> line.startsWith("\tat ") || line.contains("Exception"));
        List<String> errors = lines.subList(Math.min(linesBefore, lines.size()), lines.size()).stream()
                .filter(line -> line.contains(" ERROR "))
                .toList();
        assertThat(errors)
                .hasSize(1)
                .allMatch(line -> line.contains(words))
                .allMatch(line -> line.contains("No space left on device") || line.contains("bytes free"))
                .allMatch(line -> line.contains("node" + FULL));
    }
}
