package io.parablock.perf.jmh;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.parablock.raft.Mode;
import java.lang.management.ManagementFactory;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What the core allocates for an entry, stage by stage, with 1,024 entries in flight. The messages that come in are made
 * before. Where an entry is counted, committed and applied, that is nothing; elsewhere the limits are what it is today, in
 * bytes for each entry, so that it does not become more: the entry itself, its map of dependencies, and the frames, which
 * carry the extents of all entries that a peer has not acknowledged.
 */
@Tag("one-jdk")
class CoreAllocationTest {
    private static final int ENTRIES = 200_000;
    /** Alone each entry's frame is long: fewer are enough. */
    private static final int SINGLE_ENTRIES = 20_000;

    private static final int WARM_UP_PART = 4;

    /** So many that the log, which grows between two checkpoints, has its size after the warm-up. */
    private static final int ENTRIES_PER_UPKEEP = 2048;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final Map<String, Long> bytes = new LinkedHashMap<>();

    private void stage(String name, Runnable work) {
        long before = threads.getCurrentThreadAllocatedBytes();
        work.run();
        long after = threads.getCurrentThreadAllocatedBytes();
        bytes.merge(name, after - before, Long::sum);
    }

    private static int batches(CoreShape shape) {
        return (shape == CoreShape.SINGLE ? SINGLE_ENTRIES : ENTRIES) / shape.batch;
    }

    private double perEntry(String stage, CoreShape shape) {
        return bytes.getOrDefault(stage, 0L) / (double) (batches(shape) * shape.batch);
    }

    @ParameterizedTest
    @CsvSource({
        "PARALLEL, SINGLE, 113, 17000, 145",
        "PARALLEL, BATCHED, 113, 560, 5",
        "PARALLEL, SCATTERED, 113, 600, 5",
        "PARALLEL, OVERLAPPING, 239, 560, 5",
        "STRICT, SINGLE, 113, 17000, 145",
        "STRICT, BATCHED, 113, 560, 5",
    })
    void leaderAllocatesNoMoreThan(Mode mode, CoreShape shape, double propose, double send, double acknowledge) {
        LeaderLoad load = new LeaderLoad(mode, shape, ENTRIES_PER_UPKEEP);
        int batches = batches(shape);
        load.prepareAcks(batches + batches / WARM_UP_PART);
        drive(load, shape, batches / WARM_UP_PART);
        bytes.clear();
        drive(load, shape, batches);
        load.check();
        assertThat(perEntry("propose", shape)).as("propose").isLessThan(propose);
        assertThat(perEntry("send", shape)).as("send").isLessThan(send);
        assertThat(perEntry("acknowledge", shape)).as("acknowledge").isLessThan(acknowledge);
        assertThat(perEntry("storeAndApply", shape)).as("store and apply").isLessThan(1);
    }

    private void drive(LeaderLoad load, CoreShape shape, int batches) {
        for (int i = 0; i < batches; i++) {
            stage("propose", () -> {
                for (int n = 0; n < shape.batch; n++) {
                    load.propose();
                }
            });
            stage("send", load::send);
            stage("storeAndApply", load::storeOwn);
            stage("acknowledge", load::acknowledge);
            stage("storeAndApply", load::apply);
            if (load.upkeepIsDue()) {
                load.upkeep();
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "PARALLEL, SINGLE, 161, 33, 121",
        "PARALLEL, BATCHED, 115, 33, 5",
        "PARALLEL, SCATTERED, 115, 33, 13",
        "PARALLEL, OVERLAPPING, 241, 33, 5",
        "STRICT, SINGLE, 161, 33, 121",
        "STRICT, BATCHED, 115, 33, 13",
    })
    void followerAllocatesNoMoreThan(Mode mode, CoreShape shape, double append, double store, double acknowledge) {
        FollowerLoad load = new FollowerLoad(mode, shape, ENTRIES_PER_UPKEEP);
        int batches = batches(shape);
        load.prepareFrames(batches + batches / WARM_UP_PART);
        drive(load, batches / WARM_UP_PART);
        bytes.clear();
        drive(load, batches);
        load.check();
        assertThat(perEntry("append", shape)).as("append").isLessThan(append);
        assertThat(perEntry("store", shape)).as("store").isLessThan(store);
        assertThat(perEntry("apply", shape)).as("apply").isLessThan(1);
        assertThat(perEntry("acknowledge", shape)).as("acknowledge").isLessThan(acknowledge);
    }

    private void drive(FollowerLoad load, int frames) {
        for (int i = 0; i < frames; i++) {
            stage("append", load::append);
            stage("store", load::store);
            stage("apply", load::apply);
            stage("acknowledge", load::acknowledge);
            if (load.checkpointIsDue()) {
                load.checkpoint();
            }
        }
    }
}
