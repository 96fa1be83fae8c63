package io.parablock.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.raft.Mode;
import io.parablock.raft.Mutation;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Blocks that are mended with those of a store that has applied something else are missed by a checker of the whole cluster
 * within a stated number of seeds; {@code -Dmutant.seeds=N} gives more.
 */
@Tag("one-jdk")
class RepairMutantTest {
    private static final long SEEDS = 40;

    private static SimulationSettings settings(long seed, Mode mode) {
        return new SimulationSettings(seed, 3, mode, Set.of(FaultKind.BLOCK_ROT, FaultKind.DELAY, FaultKind.SLOW_DISK));
    }

    @ParameterizedTest
    @EnumSource(Mode.class)
    void shouldCatchARepairWithWhatDoesNotMatch(Mode mode) {
        long seeds = Long.getLong("mutant.seeds", SEEDS);
        Mutations mutant = Mutations.of(Mutation.REPAIR_WITH_ANYTHING);
        String caught = null;
        long seed = 0;
        while (caught == null && seed < seeds) {
            caught = SimulationRun.of(settings(++seed, mode), mutant, false).violation();
        }
        System.out.println("repair with anything, " + mode + ": first caught by seed " + seed + ", " + caught);
        assertThat(caught).as("it goes unseen in %d seeds", seeds).isNotNull();
        assertThat(SimulationRun.of(settings(seed, mode), false).violation())
                .as("the same seed without the mutation")
                .isNull();
    }
}
