package io.parablock.wal.kill;

import static io.parablock.wal.TestRecords.scan;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.wal.DamagedRecord;
import io.parablock.wal.TestJvm;
import io.parablock.wal.TestRecords.Recorder;
import io.parablock.wal.Wal;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * kill -9 in the middle of appending, again and again over the same log. {@code -Dparablock.killCycles} says how often for
 * each engine (default 3, acceptance 200).
 */
@Tag("one-jdk")
class WalKillTest {
    private static final int CYCLES = Integer.getInteger("parablock.killCycles", 3);

    @TempDir
    Path directory;

    @ParameterizedTest
    @EnumSource
    void shouldKeepEveryCompletedAppendThroughKills(KilledWriter.Engine engine) throws Exception {
        Random random = new Random(3);
        Set<Long> promised = new HashSet<>();
        long told = 0;
        for (int cycle = 0; cycle < CYCLES; cycle++) {
            told += runAndKill(engine, 20 + random.nextInt(200), promised);
            try (Wal wal = engine.open(directory, token -> {})) {
                Recorder recorder = scan(wal);
                assertThat(recorder.slots(1)).containsAll(promised).doesNotHaveDuplicates();
                assertThat(recorder.damaged().stream().filter(DamagedRecord::belowDurable))
                        .isEmpty();
            }
        }
        assertThat(told).isGreaterThanOrEqualTo(20L * CYCLES);
        System.out.printf("%s: %d kills, %d records called durable%n", engine, CYCLES, told);
    }

    /** Brings up to date what the log has promised to have; returns how many records it has called durable. */
    private int runAndKill(KilledWriter.Engine engine, int killAfter, Set<Long> promised)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(TestJvm.flags());
        command.addAll(List.of(
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                KilledWriter.class.getName(),
                directory.toString(),
                engine.name()));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        int told = 0;
        try (BufferedReader out = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8))) {
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                if (line.matches("durable \\d+")) {
                    promised.add(Long.parseLong(line.substring("durable ".length())));
                    told++;
                } else if (line.matches("cut \\d+")) {
                    long cut = Long.parseLong(line.substring("cut ".length()));
                    promised.removeIf(slot -> slot <= cut);
                }
                if (told == killAfter) {
                    // Not Process.destroyForcibly, which closes the pipe: what it printed before it died counts too.
                    process.toHandle().destroyForcibly();
                }
            }
        } finally {
            process.destroyForcibly();
            process.waitFor();
        }
        return told;
    }
}
