package io.parablock.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.raft.Mode;
import io.parablock.replica.FormationMutation;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Nodes that count a disk that was wiped are missed by a checker of the whole cluster within a stated number of seeds;
 * {@code -Dmutant.seeds=N} gives more.
 */
@Tag("one-jdk")
class FormationMutantTest {
    private static final long SEEDS = 12;

    private static SimulationSettings settings(long seed, Mode mode) {
        return new SimulationSettings(seed, 3, mode, Set.of(FaultKind.WIPE, FaultKind.KILL));
    }

    @ParameterizedTest
    @EnumSource(Mode.class)
    void shouldCatchTheReuseOfANodeId(Mode mode) {
        long seeds = Long.getLong("mutant.seeds", SEEDS);
        String caught = null;
        long seed = 0;
        while (caught == null && seed < seeds) {
            caught = SimulationRun.of(settings(++seed, mode), Mutations.of(FormationMutation.REUSED_ID), false)
                    .violation();
            Outcome without = SimulationRun.of(settings(seed, mode), false);
            assertThat(without.violation())
                    .as("seed %d without the mutation", seed)
                    .isNull();
        }
        System.out.println("reuse of a node id, " + mode + ": first caught by seed " + seed + ", " + caught);
        assertThat(caught).as("it goes unseen in %d seeds", seeds).startsWith("invariant ");
    }
}
