package io.parablock.tools;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.perf.LoadGenerator;
import io.parablock.perf.LoadResult;
import io.parablock.perf.LoadSettings;
import io.parablock.perf.NbdClient;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * One lane of several is slow: what travels over the others is acknowledged, committed and applied beyond the holes,
 * unless it overlaps with what is missing. In strict mode everything waits.
 */
@Tag("e2e")
class OutOfOrderE2eTest {
    private static final String ACKED = "acked_out_of_order";
    private static final String COMMITTED = "committed_out_of_order";
    private static final String APPLIED = "applied_out_of_order";
    private static final String CONFLICTS = "conflicts_waited";

    /** Lane 0 to every peer is this late, and its order is kept. */
    private static final Map<String, String> ONE_SLOW_LANE = Map.of(
            "transport.test_delayed_lane", "0",
            "transport.test_lane_delay", "50ms",
            "transport.lanes", "4",
            "strict.lanes", "4");

    private static final int LOAD_MS = 4_000;
    private static final int OVERLAPPING = 64;
    /** Apart in time, so that they leave in many frames: every fourth takes the slow lane. */
    private static final long OVERLAPPING_GAP_MS = 3;

    private static final long DRAIN_MS = 30_000;

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"parallel", "strict"})
    void shouldOvertakeHolesOnlyWhereNothingOverlaps(String mode) throws Exception {
        try (LiveCluster live = LiveCluster.start(folder, "128MiB", mode, "fsync", ONE_SLOW_LANE)) {
            try {
                boolean parallel = mode.equals("parallel");
                apart(live, parallel);
                overlapping(live, parallel);
                live.requireIdentical();
            } catch (Exception | AssertionError e) {
                live.printLogs();
                throw e;
            }
        }
    }

    /** Writes to blocks of their own. */
    private static void apart(LiveCluster live, boolean parallel) throws Exception {
        int leader = live.cluster.awaitLeader();
        LoadSettings settings = LoadSettings.writes(live.nbd(leader), LiveCluster.EXPORT, 32);
        LoadResult result = LoadGenerator.runFor(settings, LOAD_MS, DRAIN_MS);
        assertThat(result.problems()).isEmpty();
        System.out.printf(
                "one slow lane, parallel=%b: %.0f IOPS, p50 %.0f us, p99 %.0f us, out of order: acked %d, committed %d,"
                        + " applied %d%n",
                parallel,
                result.operationsPerSecond(),
                result.latencyUs(50),
                result.latencyUs(99),
                live.sum(ACKED),
                live.sum(COMMITTED),
                live.sum(APPLIED));
        for (String counter : new String[] {ACKED, COMMITTED, APPLIED}) {
            if (parallel) {
                assertThat(live.sum(counter)).as(counter).isPositive();
            } else {
                assertThat(live.sum(counter)).as(counter).isZero();
            }
        }
    }

    /** Writes to one block, many at once: all must be applied in the order of their slots, on every node. */
    private static void overlapping(LiveCluster live, boolean parallel) throws Exception {
        long conflictsBefore = live.sum(CONFLICTS);
        try (NbdClient client = NbdClient.connect(live.nbd(live.cluster.awaitLeader()), LiveCluster.EXPORT)) {
            CountDownLatch answered = new CountDownLatch(OVERLAPPING);
            AtomicInteger errors = new AtomicInteger();
            for (int i = 1; i <= OVERLAPPING; i++) {
                byte[] content = new byte[4096];
                Arrays.fill(content, (byte) i);
                client.write(100L << 20, ByteBuffer.wrap(content), false, (error, none) -> {
                    errors.addAndGet(error == 0 ? 0 : 1);
                    answered.countDown();
                });
                Thread.sleep(OVERLAPPING_GAP_MS);
            }
            assertThat(answered.await(LiveCluster.TIMEOUT_MS, TimeUnit.MILLISECONDS))
                    .isTrue();
            assertThat(errors).hasValue(0);
            byte[] left = client.readNow(100L << 20, 4096, LiveCluster.TIMEOUT_MS);
            // One connection, one ordered service: slots were given in the order of arrival.
            assertThat(left).containsOnly(OVERLAPPING);
        }
        if (parallel) {
            assertThat(live.sum(CONFLICTS)).isGreaterThan(conflictsBefore);
        }
    }
}
