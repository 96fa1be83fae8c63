package io.parablock.perf.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.parablock.perf.FioProgram;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FloorTest {
    @TempDir
    Path folder;

    @Test
    void shouldTimeARoundTrip() throws Exception {
        assertThat(LoopbackEcho.p50Us(0.1)).isBetween(1.0, 1e6);
    }

    @Test
    void shouldAddDiskAndLoopback() {
        FloorRound round = new FloorRound(List.of(300.0, 100.0, 200.0), 50);
        assertThat(round.diskUs()).isEqualTo(200);
        assertThat(round.floorUs()).isEqualTo(250);
        assertThat(new FloorRound(List.of(), 50).floorUs()).isNaN();
    }

    @Test
    @Tag("e2e")
    @Tag("one-jdk")
    void shouldTimeThreeWritersAtOnce() throws Exception {
        assumeTrue(FioProgram.installed(), "fio is not installed");
        assertThat(new DiskFloor(folder).writersP50Us(0.2))
                .hasSize(3)
                .allSatisfy(us -> assertThat(us).isPositive());
    }
}
