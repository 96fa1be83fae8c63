package io.parablock.simulator.disk;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.replica.IdentityFile;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** What a node has told others of itself (protocol.md §9) stays so, over a disk that loses names. */
class IdentityFileOnSimulatedDiskTest {
    @Test
    void shouldKeepWhatWasToldOverEveryCrash() throws IOException {
        int formed = 0;
        for (long seed = 0; seed < 500; seed++) {
            Random random = new Random(seed);
            SimulatedDisk disk =
                    new SimulatedDisk(1, seed, 512, 1 << 20, new FaultAtlas(3), (kind, path, at, length) -> Set.of());
            long told = 0;
            SortedMap<Integer, Long> members = new TreeMap<>();
            for (int start = 0; start < 6; start++) {
                disk.crashAfter(random.nextInt(3) == 0 ? random.nextInt(14) : -1);
                try {
                    IdentityFile file = IdentityFile.open(
                            disk.path("/data"), 7, 1, List.of(1, 2), List.of("wal"), random::nextLong);
                    if (told != 0) {
                        assertThat(file.identity().incarnation())
                                .as("seed %d", seed)
                                .isEqualTo(told);
                    }
                    told = file.identity().incarnation();
                    SortedMap<Integer, Long> found = file.identity().members();
                    if (members.isEmpty()) {
                        members = found; // cut short: either answer is right from here
                    }
                    assertThat(found).as("seed %d", seed).isEqualTo(members);
                    if (members.isEmpty() && random.nextBoolean()) {
                        SortedMap<Integer, Long> all = new TreeMap<>(Map.of(1, told, 2, 99L));
                        file.formed(all);
                        members = all;
                        formed++;
                    }
                } catch (SimulatedCrash died) {
                    // In any step of it.
                }
                if (random.nextBoolean()) {
                    disk.kill();
                } else {
                    disk.powerLoss();
                }
            }
        }
        assertThat(formed).isGreaterThan(100);
    }
}
