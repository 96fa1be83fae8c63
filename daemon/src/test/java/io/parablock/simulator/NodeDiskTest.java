package io.parablock.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.raft.Mode;
import io.parablock.raft.membership.Seat;
import io.parablock.simulator.disk.FaultAtlas;
import io.parablock.simulator.disk.Region;
import io.parablock.simulator.disk.SectorNodeStorage;
import io.parablock.wal.Durability;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class NodeDiskTest {
    private static final Region STARTUP = new Region.Startup();
    private static final SortedMap<Integer, Seat> NONE_CHANGED = new TreeMap<>();

    private static final TreeMap<Integer, Long> MEMBERS = new TreeMap<>(Map.of(1, 11L, 2, 12L, 3, 13L));
    /** Of two clusters, one that has yet to form and one that has formed. */
    private static final long FORMING_SEED = 1500;

    private static final long FORMED_SEED = 1175;

    private final FaultAtlas atlas = new FaultAtlas(3);

    private List<NodeDisk> disks(long seed) {
        SimulationSettings settings = new SimulationSettings(seed, 3, Mode.STRICT, Set.of(FaultKind.KILL));
        SectorNodeStorage.Config config = SectorNodeStorage.Config.tiny(Durability.FSYNC, settings.sizeBytes());
        SimulatedCluster cluster = new SimulatedCluster(
                new Simulation(seed, false),
                settings,
                (id, random, s) -> new SectorNodeStorage(id, id, config, atlas),
                Mutations.NONE,
                atlas);
        return cluster.nodes().stream().map(SimulatedNode::disk).toList();
    }

    /** A process that dies before its members are durable needs to hear every other node again. */
    @Test
    void shouldSilenceNobodyUntilEveryNodeHasNotedTheMembers() {
        List<NodeDisk> disks = disks(FORMING_SEED);
        disks.get(0).onFormed(MEMBERS, NONE_CHANGED);
        disks.get(1).onFormed(MEMBERS, NONE_CHANGED);
        assertThat(atlas.mayDamage(1, STARTUP)).isFalse();
        disks.get(2).onFormed(MEMBERS, NONE_CHANGED);
        assertThat(atlas.mayDamage(1, STARTUP)).isTrue();
    }

    /** The empty disk forms with nobody, and nobody waits for it. */
    @Test
    void shouldNotWaitForADiskThatWasWiped() {
        List<NodeDisk> disks = disks(FORMED_SEED);
        assertThat(atlas.mayDamage(2, STARTUP)).isTrue();
        disks.get(0).wipe(99);
        assertThat(disks.get(0).standing().members()).isEmpty();
        assertThat(atlas.mayDamage(1, STARTUP)).isTrue();
        assertThat(atlas.mayDamage(2, STARTUP)).as("one of three is lost").isFalse();
    }
}
