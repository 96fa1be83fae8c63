package io.parablock.main;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** However a process ends, what it logged last is written; in processes of their own. */
@Timeout(120)
class LastLinesTest {
    @TempDir
    Path folder;

    private static Process start(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx128m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                // And not that of the tests.
                "-Dlogback.configurationFile=logback.xml",
                LastLinesMain.class.getName()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
        return builder.start();
    }

    private static List<String> read(Process process) throws IOException {
        return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                .lines()
                .toList();
    }

    @Test
    void shouldWriteEveryLineBeforeItHalts() throws Exception {
        Process process = start("halt", "60000");
        List<String> lines = read(process);
        assertThat(process.waitFor()).isEqualTo(NodeMain.EXIT_FATAL);
        assertThat(lines).hasSize(LastLinesMain.LINES + 1);
        for (int i = 0; i < LastLinesMain.LINES; i++) {
            assertThat(lines.get(i)).endsWith(" line " + i + " of those before the end");
        }
        assertThat(lines.get(LastLinesMain.LINES))
                .endsWith(" ERROR EventLog the fsync of the log has failed event=PB-1106");
    }

    @Test
    void shouldHaltAlthoughNobodyReads() throws Exception {
        Process process = start("halt", "100");
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(NodeMain.EXIT_FATAL);
        assertThat(read(process)).hasSizeBetween(1, LastLinesMain.LINES);
    }

    @Test
    void shouldSayLastWhyItCannotStart() throws Exception {
        Path data = Files.writeString(folder.resolve("data"), "a file");
        Path file = Files.writeString(folder.resolve("node.conf"), """
                cluster.id = test
                node { id = 1, data_dir = "%s/in" }
                peers = [ { id = 1, address = "127.0.0.1:7000" } ]
                volumes = [ { name = "disk", size = 16MiB } ]
                """.formatted(data));
        Process process = start("node", file.toString());
        List<String> lines = read(process);
        assertThat(process.waitFor()).isEqualTo(NodeMain.EXIT_FATAL);
        assertThat(lines).hasSizeGreaterThanOrEqualTo(2);
        assertThat(lines.get(0)).contains("node 1 starts");
        assertThat(lines.get(lines.size() - 1)).contains(" ERROR EventLog node 1 cannot start");
    }
}
