package io.parablock.tools;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.parablock.perf.LoadGenerator;
import io.parablock.perf.LoadResult;
import io.parablock.perf.LoadSettings;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Predicate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node comes back after its peers have cut their logs beyond it: the leader copies its block store to it (protocol.md §7). */
@Tag("e2e")
@Tag("one-jdk")
class InstallE2eTest {
    private static final long DRAIN_MS = 30_000;
    /**
     * Nobody slows a leader down for a node that catches up, and here they share two cores: at full load the node may take
     * minutes, which is not what this test is about.
     */
    private static final int WRITES_AT_ONCE = 4;
    /** The log is cut soon, and the copy takes some seconds, so that it can be watched and interrupted. */
    private static final Map<String, String> CUT_SOON =
            Map.of("raft.retain_slots_max", "1024", "checkpoint.bytes", "1MiB", "install.bytes_per_second", "16MiB");

    @TempDir
    Path folder;

    @Test
    void shouldRebuildANodeThatTheLogsHaveLeftBehindAndThatDiesInMidInstall() throws Exception {
        try (LiveCluster live = LiveCluster.start(folder, "128MiB", "parallel", "fsync", CUT_SOON)) {
            try {
                rebuild(live);
            } catch (Exception | AssertionError e) {
                live.printLogs();
                throw e;
            }
        }
    }

    private static void rebuild(LiveCluster live) throws Exception {
        int leader = live.cluster.awaitLeader();
        int away = live.cluster.otherThan(leader);
        try (LoadGenerator load =
                new LoadGenerator(LoadSettings.writes(live.nbd(leader), LiveCluster.EXPORT, WRITES_AT_ONCE))) {
            load.start();
            awaitGroup(live, leader, "write", g -> g.path("last_slot").asLong() > 2_000);
            long had = group(live, away).path("last_slot").asLong();
            live.cluster.kill(away);
            // What was under way to it when it died is no more than a window.
            awaitGroup(live, leader, "cut its log", g -> g.path("log_base").asLong() > had + 2_048);
            live.cluster.start(away);
            awaitGroup(live, away, "show its progress", InstallE2eTest::isInMidInstall);
            live.cluster.kill(away);
            live.cluster.start(away);
            awaitGroup(live, away, "begin anew", InstallE2eTest::isInMidInstall);
            awaitGroup(
                    live,
                    away,
                    "be whole",
                    g -> g.has("installing")
                            && !g.path("installing").asBoolean()
                            && !g.path("needs_catch_up").asBoolean()
                            && g.path("log_base").asLong() > had);
            live.awaitCaughtUp(away);
            LoadResult result = load.stop(DRAIN_MS);
            assertThat(result.problems()).isEmpty();
            assertThat(result.clean()).isTrue();
        }
        assertThat(live.log(away)).anyMatch(line -> line.contains("install complete"));
        live.requireIdentical();
    }

    private static boolean isInMidInstall(JsonNode group) {
        long done = group.path("install_done_bytes").asLong();
        return group.path("installing").asBoolean()
                && done > 0
                && done < group.path("install_total_bytes").asLong()
                && group.path("health").path("state").asText().matches("installing: .* MiB of .* MiB.*");
    }

    /** A missing node if the daemon does not answer. */
    private static JsonNode group(LiveCluster live, int node) throws InterruptedException {
        for (ClusterStatus.Member m : live.cluster.status().members()) {
            NodeStatus status = m.status();
            if (m.node().id() == node && status != null) {
                return status.json().path("groups").path(0);
            }
        }
        return MissingNode.getInstance();
    }

    private static void awaitGroup(LiveCluster live, int node, String what, Predicate<JsonNode> done) throws Exception {
        LiveCluster.await("node " + node + " to " + what, () -> {
            try {
                return done.test(group(live, node));
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
    }
}
