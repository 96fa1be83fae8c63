package io.parablock.raft.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * Many short random histories. A failure names its seed; {@code -Dseed=N} runs that one alone, {@code -Dschedule.seeds=N}
 * and {@code -Dschedule.first=N} choose others.
 */
@Tag("one-jdk")
@Execution(ExecutionMode.CONCURRENT)
class RandomScheduleTest {
    private static final long SEEDS = 3000;
    private static final long REPEAT_EVERY = 50;
    private static final long LIMIT_NS = 12_000_000_000L;

    @Test
    void shouldBeSafeAndComeToRestInEveryRandomHistory() {
        Long only = Long.getLong("seed");
        long first = only != null ? only : Long.getLong("schedule.first", 1);
        long last = only != null ? only : first + Long.getLong("schedule.seeds", SEEDS) - 1;
        long began = System.nanoTime();
        long installs = 0;
        long cures = 0;
        long slots = 0;
        long replaced = 0;
        long seed = first;
        for (; seed <= last && System.nanoTime() - began < LIMIT_NS; seed++) {
            RandomSchedule schedule = runSeed(seed, only != null);
            installs += schedule.installs();
            cures += schedule.cures();
            replaced += schedule.replacements.done();
            slots += schedule.cluster.checker.committed.size();
            if (seed % REPEAT_EVERY == 0) {
                List<String> again = runSeed(seed, false).cluster.transcript;
                assertThat(again)
                        .as("seed %d gives the same history twice", seed)
                        .isEqualTo(schedule.cluster.transcript);
            }
        }
        System.out.println("random schedules: seeds " + first + ".." + (seed - 1) + ", " + slots + " slots committed, "
                + installs + " installs, " + cures + " cures, " + replaced + " disks replaced");
        assertThat(only != null || (installs > 0 && cures > 0 && replaced > 0))
                .as("the histories contain installs, cures and replaced disks")
                .isTrue();
    }

    private static RandomSchedule runSeed(long seed, boolean show) {
        RandomSchedule schedule = new RandomSchedule(seed);
        try {
            schedule.run();
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError(
                    "seed " + seed + " (-Dseed=" + seed + "), " + schedule.cluster.shape + ": " + e
                            + schedule.describe(),
                    e);
        } finally {
            if (show) {
                schedule.cluster.transcript.forEach(System.out::println);
            }
        }
        return schedule;
    }
}
