package io.parablock.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.raft.Mode;
import java.util.EnumSet;
import org.junit.jupiter.api.Test;

class SimulationSettingsTest {
    private static final long SEEDS = 20_000;

    /** Seed 3216: one piece of 4 KiB at a time over a slow network, and a store of 16 MiB. */
    @Test
    void shouldDrawInstallsThatEndWithinTheLivenessPhase() {
        for (long seed = 1; seed <= SEEDS; seed++) {
            SimulationSettings s = new SimulationSettings(seed, 3, Mode.PARALLEL, EnumSet.allOf(FaultKind.class));
            assertThat(s.installNs()).as("seed %d", seed).isLessThanOrEqualTo(40 * Simulation.SECOND);
        }
    }
}
