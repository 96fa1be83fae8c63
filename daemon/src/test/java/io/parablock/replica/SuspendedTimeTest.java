package io.parablock.replica;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SuspendedTimeTest {
    private static final long MS = 1_000_000L;
    private static final long SECOND = 1_000 * MS;

    @TempDir
    Path folder;

    private Path uptime;
    private long nanos = 77 * SECOND;
    private long readingNs;

    @BeforeEach
    void createFile() {
        uptime = folder.resolve("uptime");
    }

    private void says(String text) throws IOException {
        Files.writeString(uptime, text);
    }

    private long tick() {
        nanos += readingNs;
        return nanos;
    }

    private SuspendedTime open() throws IOException {
        return new SuspendedTime(FileChannel.open(uptime, StandardOpenOption.READ), this::tick);
    }

    @Test
    void shouldCountWhatTheMonotonicClockDoesNot() throws IOException {
        says("1000.50 1234.00\n");
        try (SuspendedTime t = open()) {
            assertThat(t.getAsLong()).isZero();
            nanos += 2 * SECOND;
            says("1002.50 1234.00\n");
            assertThat(t.getAsLong()).isZero();
            nanos += SECOND;
            says("1063.50 1234.00\n");
            assertThat(t.getAsLong()).as("a minute of sleep").isEqualTo(60 * SECOND);
        }
    }

    @Test
    void shouldNeverGoBackWhenTheUptimeIsRoundedDown() throws IOException {
        says("1000.00 1.00\n");
        try (SuspendedTime t = open()) {
            assertThat(t.getAsLong()).isZero();
            nanos += 9 * MS;
            assertThat(t.getAsLong()).isZero();
            nanos += 5 * MS;
            says("1000.02 1.00\n");
            assertThat(t.getAsLong()).isEqualTo(6 * MS);
        }
    }

    @Test
    void shouldKnowNothingAfterASlowOrAMeaninglessReading() throws IOException {
        says("1000.00 1.00\n");
        try (SuspendedTime t = open()) {
            assertThat(t.getAsLong()).isZero();
            readingNs = 6 * MS;
            assertThat(t.getAsLong()).isEqualTo(SuspendedTime.UNKNOWN);
            readingNs = 0;
            says("a while\n");
            assertThat(t.getAsLong()).isEqualTo(SuspendedTime.UNKNOWN);
        }
        assertThatThrownBy(() -> SuspendedTime.open(uptime)).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> SuspendedTime.open(folder.resolve("none"))).isInstanceOf(IOException.class);
    }
}
