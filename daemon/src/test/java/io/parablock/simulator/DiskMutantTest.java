package io.parablock.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.raft.Mode;
import io.parablock.simulator.disk.DiskMutation;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Each promise of the log, taken away, is missed by a checker of the whole cluster within a stated number of seeds;
 * {@code -Dmutant.seeds=N} gives more.
 */
@Tag("one-jdk")
class DiskMutantTest {
    private static final long SEEDS = 60;

    /** What makes it matter: damage that a start finds, starts between a write and its force, and losses of power. */
    private static Set<FaultKind> faults(DiskMutation mutation) {
        return mutation == DiskMutation.ABSENT_BELOW_D
                ? Set.of(FaultKind.KILL, FaultKind.POWER_LOSS, FaultKind.BIT_ROT, FaultKind.READ_ERROR)
                : Set.of(FaultKind.KILL, FaultKind.BLACKOUT, FaultKind.CRASH_POINT, FaultKind.TORN_WRITE);
    }

    @ParameterizedTest
    @EnumSource(value = DiskMutation.class, mode = EnumSource.Mode.EXCLUDE, names = "NONE")
    void shouldCatchEveryMutant(DiskMutation mutation) {
        long seeds = Long.getLong("mutant.seeds", SEEDS);
        String caught = null;
        long seed = 0;
        while (caught == null && seed < seeds) {
            SimulationSettings settings = new SimulationSettings(++seed, 3, Mode.PARALLEL, faults(mutation));
            caught = SimulationRun.of(settings, Mutations.of(mutation), false).violation();
        }
        System.out.println("mutant " + mutation + ": first caught by seed " + seed + ", " + caught);
        assertThat(caught).as("%s goes unseen in %d seeds", mutation, seeds).isNotNull();
        SimulationSettings same = new SimulationSettings(seed, 3, Mode.PARALLEL, faults(mutation));
        assertThat(SimulationRun.of(same, false).violation())
                .as("the same seed without the mutation")
                .isNull();
    }
}
