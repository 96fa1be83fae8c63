package io.parablock.wal.direct;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiskMeasurementTest {
    @TempDir
    Path folder;

    @Test
    void shouldTakeMoreWritesAtOnceOnlyWhenTheyAreWorthIt() {
        assertThat(chosen(Map.of(1, 100.0, 4, 110.0, 8, 112.0, 32, 114.0))).isEqualTo(1);
        assertThat(chosen(Map.of(1, 100.0, 4, 300.0, 8, 310.0, 32, 320.0))).isEqualTo(4);
        assertThat(chosen(Map.of(1, 100.0, 4, 200.0, 8, 400.0, 32, 800.0))).isEqualTo(32);
        assertThat(chosen(Map.of(1, 100.0, 4, 50.0, 8, 40.0, 32, 30.0))).isEqualTo(1);
        assertThat(chosen(Map.of())).as("no direct I/O").isEqualTo(1);
    }

    @Test
    void shouldTakeLargerWritesOnlyWhenTheyAreWorthIt() {
        assertThat(bytesChosen(Map.of(65536, 100.0, 131072, 110.0, 262144, 113.0, 524288, 114.0, 1048576, 114.0)))
                .isEqualTo(65536);
        assertThat(bytesChosen(Map.of(65536, 100.0, 131072, 180.0, 262144, 300.0, 524288, 310.0, 1048576, 320.0)))
                .isEqualTo(262144);
        assertThat(bytesChosen(Map.of(65536, 100.0, 131072, 200.0, 262144, 400.0, 524288, 800.0, 1048576, 1600.0)))
                .isEqualTo(1048576);
        assertThat(bytesChosen(Map.of())).as("no direct I/O").isEqualTo(DirectConfig.WRITE_BYTES_MAX_DEFAULT);
    }

    @Test
    void shouldMeasureAndLeaveNothingBehind() throws Exception {
        DiskMeasurement measured = DiskMeasurement.of(folder);
        assertThat(measured.recordsPerSecond().values())
                .allSatisfy(rate -> assertThat(rate).isPositive());
        assertThat(measured.bytesPerSecond().values())
                .allSatisfy(rate -> assertThat(rate).isPositive());
        boolean possible = ChannelIo.probe(folder).isPastPageCache();
        assertThat(measured.recordsPerSecond().isEmpty()).isEqualTo(!possible);
        assertThat(measured.bytesPerSecond().isEmpty()).isEqualTo(!possible);
        try (Stream<Path> left = Files.list(folder)) {
            assertThat(left).isEmpty();
        }
    }

    private static int chosen(Map<Integer, Double> recordsPerSecond) {
        return new DiskMeasurement(recordsPerSecond, Map.of()).writesInFlight();
    }

    private static int bytesChosen(Map<Integer, Double> bytesPerSecond) {
        return new DiskMeasurement(Map.of(), bytesPerSecond).writeBytes();
    }
}
