package io.parablock.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.raft.Mode;
import io.parablock.raft.Mutation;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Whole clusters whose lost disks are given up and replaced, and put in again by mistake, beside other faults (protocol.md §9).
 * {@code -Dreplacement.runs=N} gives more, {@code -Dmutant.seeds=N} more of those that look for a mutant.
 */
@Tag("one-jdk")
class ReplacementTest {
    private static final long RUNS = 4;
    private static final long MUTANT_RUNS = 60;

    /** A run in which disks are replaced. */
    private static SimulationSettings settings(long number, int nodes, Mode mode) {
        return new SimulationSettings(
                11 + 16 * number,
                nodes,
                mode,
                Set.of(
                        FaultKind.WIPE,
                        FaultKind.KILL,
                        FaultKind.PARTITION,
                        FaultKind.ISOLATE,
                        FaultKind.HAND_OVER,
                        FaultKind.PAUSE,
                        FaultKind.DELAY));
    }

    @ParameterizedTest
    @CsvSource({"3, PARALLEL", "5, PARALLEL", "3, STRICT"})
    void shouldLoseNoAnswerWhileDisksAreReplacedAndOldOnesComeBack(int nodes, Mode mode) {
        InstallCounts seen = new InstallCounts();
        for (long i = 0; i < Long.getLong("replacement.runs", RUNS); i++) {
            Outcome o = SimulationRun.of(settings(i, nodes, mode), false);
            assertThat(o.violation()).as(o.line()).isNull();
            seen.addAll(o.installs());
        }
        System.out.println("replacements, " + nodes + " nodes, " + mode + ": " + seen);
        assertThat(seen.disksReplaced).isPositive();
        assertThat(seen.oldDisksBack).isPositive();
    }

    @ParameterizedTest
    @EnumSource(
            value = Mutation.class,
            names = {"LEARNER_COUNTS", "OLD_DISK_COUNTS", "CONFIG_WITHOUT_DRAIN", "CONFIG_COMMITTED_BY_ITS_LEARNER"})
    void shouldCatchARuleThatIsTakenAway(Mutation mutation) {
        long runs = Long.getLong("mutant.seeds", MUTANT_RUNS);
        String caught = null;
        long run = 0;
        while (caught == null && run < runs) {
            caught = SimulationRun.of(settings(run, 3, Mode.PARALLEL), Mutations.of(mutation), false)
                    .violation();
            run++;
        }
        System.out.println(mutation + ": first caught by run " + run + ", " + caught);
        assertThat(caught).as("it goes unseen in %d runs", runs).isNotNull();
    }
}
