package io.parablock.main;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("one-jdk")
class DiskChoiceTest {
    @TempDir
    Path folder;

    @Test
    void shouldMeasureOnce() throws Exception {
        Path dataDir = folder.resolve("new");
        int first = DiskChoice.writesInFlight(dataDir);
        int bytes = DiskChoice.writeBytes(dataDir);
        byte[] kept = Files.readAllBytes(dataDir.resolve(DiskChoice.FILE_NAME));
        assertThat(first).isPositive();
        assertThat(bytes).isBetween(64 << 10, 1 << 20);
        assertThat(DiskChoice.writesInFlight(dataDir)).isEqualTo(first);
        assertThat(DiskChoice.writeBytes(dataDir)).isEqualTo(bytes);
        assertThat(dataDir.resolve(DiskChoice.FILE_NAME)).hasBinaryContent(kept);
    }

    @Test
    void shouldTakeWhatAnOperatorWrote() throws Exception {
        Files.writeString(folder.resolve(DiskChoice.FILE_NAME), "writes_in_flight = 17\n");
        assertThat(DiskChoice.writesInFlight(folder)).isEqualTo(17);
        assertThat(DiskChoice.writeBytes(folder)).as("measured").isBetween(64 << 10, 1 << 20);
        assertThat(DiskChoice.writesInFlight(folder)).as("kept").isEqualTo(17);
    }

    @ParameterizedTest
    @ValueSource(strings = {"write_bytes=0", "write_bytes=4095", "write_bytes=8388608", "write_bytes=256KiB"})
    void shouldMeasureAgainASizeThatIsNone(String text) throws Exception {
        Files.writeString(folder.resolve(DiskChoice.FILE_NAME), text + "\nwrites_in_flight=9\n");
        int chosen = DiskChoice.writeBytes(folder);
        assertThat(chosen).isBetween(64 << 10, 1 << 20);
        assertThat(folder.resolve(DiskChoice.FILE_NAME))
                .content()
                .contains("write_bytes=" + chosen)
                .contains("writes_in_flight=9");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "writes_in_flight=0", "writes_in_flight=129", "writes_in_flight=x", "\\u00"})
    void shouldMeasureAgainWhatCannotBeRead(String text) throws Exception {
        Files.writeString(folder.resolve(DiskChoice.FILE_NAME), text);
        int chosen = DiskChoice.writesInFlight(folder);
        assertThat(chosen).isBetween(1, 32);
        assertThat(folder.resolve(DiskChoice.FILE_NAME)).content().contains("writes_in_flight=" + chosen);
    }
}
