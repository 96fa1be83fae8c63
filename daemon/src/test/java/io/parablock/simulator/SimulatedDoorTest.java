package io.parablock.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.raft.Mode;
import io.parablock.simulator.check.History;
import io.parablock.simulator.disk.FaultAtlas;
import java.util.List;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class SimulatedDoorTest {
    private static final int CLUSTERS = 20;

    /** Nobody would start it again, and the others may need it. */
    @Test
    void shouldLetNoProcessDieOverItsMembersOnceFaultsHaveStopped() {
        List<SimulationSettings> strangers = LongStream.iterate(1, seed -> seed + 1)
                .mapToObj(seed -> new SimulationSettings(seed, 5, Mode.STRICT, Set.of(FaultKind.CRASH_POINT)))
                .filter(settings -> !settings.beginsFormed)
                .limit(CLUSTERS)
                .toList();
        for (SimulationSettings settings : strangers) {
            Simulation sim = new Simulation(settings.seed, false);
            FaultAtlas atlas = new FaultAtlas(settings.nodes);
            SimulatedCluster cluster = new SimulatedCluster(
                    sim,
                    settings,
                    (id, random, s) -> new MemoryStorage(id, random, s.sizeBytes(), s.mapped, atlas),
                    Mutations.NONE,
                    atlas);
            cluster.start(new History());
            cluster.stopRestarting();
            while (sim.step(5 * Simulation.SECOND)) {
                assertThat(cluster.watch().violation()).isNull();
            }
            assertThat(cluster.nodes())
                    .as("%s", settings)
                    .allMatch(n -> n.isUp() && n.door().isFormed());
        }
    }
}
