package io.parablock.tools;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.perf.LoadGenerator;
import io.parablock.perf.LoadResult;
import io.parablock.perf.LoadSettings;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A follower that was away comes back; the log is cut behind the checkpoints. */
@Tag("e2e")
@Tag("one-jdk")
class CatchUpE2eTest {
    private static final int AWAY_SECONDS = Integer.getInteger("parablock.stopSeconds", 3);
    private static final int LOAD_SECONDS = Integer.getInteger("parablock.walLoadSeconds", 6);
    private static final long DRAIN_MS = 30_000;

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"STOP", "KILL"})
    void shouldCatchUpWithWhatItMissed(String how) throws Exception {
        try (LiveCluster live = LiveCluster.start(folder, "128MiB", "parallel", "fsync", Map.of())) {
            try {
                beAway(live, how.equals("STOP"));
            } catch (Exception | AssertionError e) {
                live.printLogs();
                throw e;
            }
        }
    }

    private static void beAway(LiveCluster live, boolean paused) throws Exception {
        int leader = live.cluster.awaitLeader();
        int away = live.cluster.otherThan(leader);
        LoadSettings settings =
                LoadSettings.writes(live.nbd(leader), LiveCluster.EXPORT, 16).withReadShare(0.2);
        try (LoadGenerator load = new LoadGenerator(settings)) {
            load.start();
            Thread.sleep(1_000);
            if (paused) {
                live.pause(away);
            } else {
                live.cluster.kill(away);
            }
            Thread.sleep(AWAY_SECONDS * 1000L);
            if (paused) {
                live.resume(away);
            } else {
                live.cluster.start(away);
            }
            live.awaitCaughtUp(away);
            LoadResult result = load.stop(DRAIN_MS);
            assertThat(result.problems()).isEmpty();
            assertThat(result.clean()).isTrue();
        }
        live.requireIdentical();
    }

    @Test
    void shouldBoundTheLogByTruncation() throws Exception {
        // Small segments and frequent checkpoints: what takes hours in production happens every second here.
        Map<String, String> small = Map.of("checkpoint.bytes", "8MiB", "wal.segment_bytes", "8MiB");
        try (LiveCluster live = LiveCluster.start(folder, "128MiB", "parallel", "fsync", small)) {
            try {
                boundLog(live);
            } catch (Exception | AssertionError e) {
                live.printLogs();
                throw e;
            }
        }
    }

    private static void boundLog(LiveCluster live) throws Exception {
        try (LoadGenerator load = new LoadGenerator(LoadSettings.writes(live.nbd(1), LiveCluster.EXPORT, 32))) {
            load.start();
            long mostBytes = 0;
            for (int second = 0; second < LOAD_SECONDS; second++) {
                Thread.sleep(1_000);
                for (int node = 1; node <= 3; node++) {
                    mostBytes = Math.max(mostBytes, live.logBytes(node));
                }
            }
            LoadResult result = load.stop(DRAIN_MS);
            assertThat(result.problems()).isEmpty();
            long writtenBytes = result.writes() * 4096;
            System.out.printf("written %d MiB, most log %d MiB%n", writtenBytes >> 20, mostBytes >> 20);
            assertThat(mostBytes).isLessThan(Math.max(256L << 20, writtenBytes / 2));
        }
        live.requireIdentical();
    }
}
