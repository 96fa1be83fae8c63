package io.parablock.simulator.disk;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.replica.CleanMark;
import java.io.IOException;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The mark that tells amnesia (protocol.md §11) over a disk that loses names. */
class CleanMarkOnSimulatedDiskTest {
    @Test
    void shouldNeverMissThatTheMachineDiedUnderRunningNode() throws IOException {
        int alarms = 0;
        for (long seed = 0; seed < 500; seed++) {
            Random random = new Random(seed);
            SimulatedDisk disk =
                    new SimulatedDisk(1, seed, 512, 1 << 20, new FaultAtlas(3), (kind, path, at, length) -> Set.of());
            int boot = 1;
            boolean mayHaveAcked = false;
            boolean amnesiac = false;
            for (int start = 0; start < 8; start++) {
                disk.crashAfter(random.nextInt(3) == 0 ? random.nextInt(12) : -1);
                try {
                    CleanMark mark = new CleanMark(disk.path("/data"), "boot-" + boot);
                    boolean unclean = mark.begin();
                    if (amnesiac) {
                        assertThat(unclean).as("seed %d start %d", seed, start).isTrue();
                        alarms++;
                    }
                    amnesiac = unclean;
                    if (unclean || random.nextInt(5) == 0) {
                        mark.amnesiac(true); // also for damage that the next start may not see any more
                        unclean = true;
                        amnesiac = true;
                    }
                    if (unclean && random.nextBoolean()) {
                        amnesiac = false; // cured: cut short or not, either answer is right from here
                        mark.cured();
                        unclean = false;
                    }
                    mayHaveAcked = true;
                    if (!unclean && random.nextBoolean()) {
                        mayHaveAcked = false; // the log was forced: the same here
                        mark.end();
                    }
                } catch (SimulatedCrash died) {
                    // In any step of it.
                }
                if (random.nextBoolean()) {
                    disk.kill();
                } else {
                    disk.powerLoss();
                    boot++;
                    amnesiac |= mayHaveAcked;
                    mayHaveAcked = false;
                }
            }
        }
        assertThat(alarms).isPositive();
    }
}
