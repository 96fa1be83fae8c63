package io.parablock.tools;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.perf.LoadGenerator;
import io.parablock.perf.LoadResult;
import io.parablock.perf.LoadSettings;
import io.parablock.perf.NbdClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node's data directory is deleted while clients write; it is replaced, catches up and counts (docs/operating.md). */
@Tag("e2e")
@Tag("second-jdk")
class ReplaceNodeE2eTest {
    private static final long DRAIN_MS = 30_000;
    private static final long SOME_WRITES = 50;
    private static final long OFFSET = 1 << 20;

    @TempDir
    Path folder;

    @Test
    void shouldReplaceALostDiskUnderLoad() throws Exception {
        try (LiveCluster live = LiveCluster.start(folder, "64MiB", "parallel", "fsync", Map.of())) {
            try {
                replace(live);
            } catch (Exception | AssertionError e) {
                live.printLogs();
                throw e;
            }
        }
    }

    private static void replace(LiveCluster live) throws Exception {
        int attached = live.cluster.awaitLeader();
        int lost = live.cluster.otherThan(attached);
        int third = 6 - attached - lost;
        String http = "http://127.0.0.1:" + live.http(attached).getPort();
        write(live, attached, create("before", http));
        LoadSettings writes = LoadSettings.writes(live.nbd(attached), LiveCluster.EXPORT, 4);
        try (LoadGenerator load = new LoadGenerator(writes)) {
            load.start();
            awaitMore(load);
            live.cluster.kill(lost);
            delete(live.cluster.folder().data(lost));
            CommandRun given = CommandRun.of("node", "replace", String.valueOf(lost), "--http", http);
            assertThat(given.err()).isEmpty();
            assertThat(given.out()).contains("the disk of node " + lost + " is given up");
            assertThat(given.exitCode()).isZero();
            write(live, attached, create("during", http));
            awaitMore(load);
            live.cluster.start(lost);
            LiveCluster.await("node " + lost + " to count", () -> isVacantNowhere(live));
            write(live, attached, create("after", http));
            LiveCluster.await("node " + lost + " to count", () -> isVacantNowhere(live));
            // From here on its acknowledgement is needed for every write, and its answer for every read.
            live.cluster.kill(third);
            awaitMore(load);
            for (String volume : List.of("before", "during", "after")) {
                try (NbdClient client = NbdClient.connect(live.nbd(attached), volume)) {
                    assertThat(client.readNow(OFFSET, 4096, DRAIN_MS)).isEqualTo(content(volume));
                }
                write(live, attached, volume);
            }
            live.cluster.start(third);
            live.awaitCaughtUp(third);
            LoadResult result = load.stop(DRAIN_MS);
            assertThat(result.problems()).isEmpty();
            assertThat(result.clean()).isTrue();
        }
        live.requireIdentical();
        assertThat(live.process(lost).isAlive()).isTrue();
    }

    /** At run time: its chunks are groups that begin now. */
    private static String create(String volume, String http) {
        assertThat(CommandRun.of("volume", "create", volume, "--size", "8MiB", "--chunk-size", "8MiB", "--http", http))
                .isEqualTo(new CommandRun(0, "volume " + volume + " was created, 8MiB\n", ""));
        return volume;
    }

    private static byte[] content(String volume) {
        byte[] out = new byte[4096];
        Arrays.fill(out, (byte) volume.charAt(0));
        return out;
    }

    private static void write(LiveCluster live, int node, String volume) throws Exception {
        try (NbdClient client = NbdClient.connect(live.nbd(node), volume)) {
            client.writeNow(OFFSET, content(volume), DRAIN_MS);
        }
    }

    private static void awaitMore(LoadGenerator load) throws Exception {
        long before = load.completions();
        LiveCluster.await("more writes", () -> load.completions() > before + SOME_WRITES);
    }

    private static boolean isVacantNowhere(LiveCluster live) {
        try {
            for (ClusterStatus.Member member : live.cluster.status().members()) {
                NodeStatus status = member.status();
                if (status == null || !status.json().path("vacant").isEmpty()) {
                    return false;
                }
            }
            return true;
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void delete(Path directory) throws Exception {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
