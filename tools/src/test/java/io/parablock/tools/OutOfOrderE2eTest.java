package io.parablock.tools;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.perf.NbdClient;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.IntToLongFunction;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * One lane of several is slow: what travels over the others is acknowledged, committed and applied beyond the holes,
 * unless it overlaps with what is missing. In strict mode everything waits.
 *
 * <p>One follower is stopped meanwhile, so that every commit needs the other one: with two, the slow lane of the one
 * could be hidden by a fast lane of the other.
 */
@Tag("e2e")
@Tag("one-jdk")
class OutOfOrderE2eTest {
    private static final String ACKED = "acked_out_of_order";
    private static final String COMMITTED = "committed_out_of_order";
    private static final String APPLIED = "applied_out_of_order";
    private static final String CONFLICTS = "conflicts_waited";

    private static final int LANE_DELAY_MS = 50;
    /** Lane 0 to every peer is this late, and its order is kept. */
    private static final Map<String, String> ONE_SLOW_LANE = Map.of(
            "impairment.lanes", "0",
            "impairment.delay", LANE_DELAY_MS + "ms",
            "transport.lanes", "4",
            "strict.lanes", "4");

    private static final int BLOCK_BYTES = 4096;
    private static final int APART = 1_000;
    private static final int OVERLAPPING = 64;
    /** Apart in time, so that each leaves in a frame of its own: every fourth takes the slow lane. */
    private static final long GAP_MS = 3;

    private static final long SHARED_BYTE = 100L << 20;

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"parallel", "strict"})
    void shouldOvertakeHolesOnlyWhereNothingOverlaps(String mode) throws Exception {
        LiveCluster.assumeWanted(mode);
        try (LiveCluster live = LiveCluster.start(folder, "128MiB", mode, "fsync", ONE_SLOW_LANE)) {
            try {
                boolean parallel = mode.equals("parallel");
                int leader = live.cluster.awaitLeader();
                int stopped = leader % 3 + 1;
                live.pause(stopped);
                try (NbdClient client = NbdClient.connect(live.nbd(leader), LiveCluster.EXPORT)) {
                    apart(live, client, parallel);
                    overlapping(live, client, parallel);
                } finally {
                    live.resume(stopped);
                }
                live.requireIdentical();
            } catch (Exception | AssertionError e) {
                live.printLogs();
                throw e;
            }
        }
    }

    /** Writes to blocks of their own. */
    private static void apart(LiveCluster live, NbdClient client, boolean parallel) throws Exception {
        double[] sortedMs = writeSpaced(client, APART, i -> (long) i * BLOCK_BYTES);
        // One reading for all: each asks the stopped node too, in vain.
        ClusterStatus status = live.cluster.status();
        System.out.printf(
                "one slow lane of 4, parallel=%b: p50 %.1f ms, p99 %.1f ms, out of order: acked %d, committed %d,"
                        + " applied %d%n",
                parallel,
                sortedMs[APART / 2],
                sortedMs[APART * 99 / 100],
                LiveCluster.sum(status, ACKED),
                LiveCluster.sum(status, COMMITTED),
                LiveCluster.sum(status, APPLIED));
        for (String counter : new String[] {ACKED, COMMITTED, APPLIED}) {
            if (parallel) {
                assertThat(LiveCluster.sum(status, counter)).as(counter).isPositive();
            } else {
                assertThat(LiveCluster.sum(status, counter)).as(counter).isZero();
            }
        }
        if (parallel) {
            assertThat(sortedMs[APART / 2])
                    .as("the median is not the slow lane's")
                    .isLessThan(LANE_DELAY_MS);
        }
    }

    /** Writes to one block, many at once: all must be applied in the order of their slots, on every node. */
    private static void overlapping(LiveCluster live, NbdClient client, boolean parallel) throws Exception {
        writeSpaced(client, OVERLAPPING, i -> SHARED_BYTE);
        byte[] left = client.readNow(SHARED_BYTE, BLOCK_BYTES, LiveCluster.TIMEOUT_MS);
        // One connection, one ordered service: slots were given in the order of arrival.
        assertThat(left).containsOnly(OVERLAPPING);
        if (parallel) {
            assertThat(LiveCluster.sum(live.cluster.status(), CONFLICTS)).isPositive();
        }
    }

    /** Sends write i = 1, 2, ... at fixed moments, whatever is unanswered; the latencies in ascending order. */
    private static double[] writeSpaced(NbdClient client, int count, IntToLongFunction offset) throws Exception {
        CountDownLatch answered = new CountDownLatch(count);
        AtomicInteger errors = new AtomicInteger();
        AtomicLongArray latencyNs = new AtomicLongArray(count);
        for (int i = 1; i <= count; i++) {
            byte[] content = new byte[BLOCK_BYTES];
            Arrays.fill(content, (byte) i);
            int place = i - 1;
            long sentNs = System.nanoTime();
            client.write(offset.applyAsLong(i), ByteBuffer.wrap(content), false, (error, none) -> {
                latencyNs.set(place, System.nanoTime() - sentNs);
                errors.addAndGet(error == 0 ? 0 : 1);
                answered.countDown();
            });
            Thread.sleep(GAP_MS);
        }
        assertThat(answered.await(LiveCluster.TIMEOUT_MS, TimeUnit.MILLISECONDS))
                .isTrue();
        assertThat(errors).hasValue(0);
        double[] sortedMs = new double[count];
        Arrays.setAll(sortedMs, i -> latencyNs.get(i) / 1e6);
        Arrays.sort(sortedMs);
        return sortedMs;
    }
}
