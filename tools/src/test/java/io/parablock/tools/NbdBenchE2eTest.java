package io.parablock.tools;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** The whole command, with the servers that it starts. */
@Tag("e2e")
@Tag("one-jdk")
class NbdBenchE2eTest {
    @Test
    void shouldMeasureTheLayerAndAClusterBesideNbdkitAndLeaveNobodyBehind() {
        Clients.require("fio", "nbdkit");
        System.setProperty("parablock.home", ArchitectureTest.root().toString());
        StringWriter printed = new StringWriter();
        StringWriter progress = new StringWriter();
        CommandLine command = new CommandLine(new NbdBenchCommand())
                .setOut(new PrintWriter(printed))
                .setErr(new PrintWriter(progress));
        int exitCode = command.execute(
                "--nodes",
                "1",
                "--jobs",
                "1",
                "--size",
                "4MiB",
                "--rounds",
                "1",
                "--seconds",
                "0.3",
                "--warm-up",
                "0.1");
        assertThat(exitCode).as(progress.toString()).isZero();
        List<String[]> rows = printed.toString()
                .lines()
                .filter(line -> line.matches("\\| \\d.*"))
                .map(line -> line.split(" *\\| *"))
                .toList();
        assertThat(rows)
                .extracting(row -> row[2] + " " + row[3])
                .containsExactly(
                        "unix " + MeasuredServers.NBDKIT,
                        "tcp " + MeasuredServers.NBDKIT,
                        "unix NBD layer",
                        "tcp NBD layer",
                        "unix one node, reads=index",
                        "tcp one node, reads=index");
        assertThat(rows).allSatisfy(row -> {
            assertThat(Double.parseDouble(row[4])).as("reads per second").isPositive();
            assertThat(row[8]).as("compared").matches("\\d+\\.\\d+");
        });
        assertThat(ProcessHandle.current().descendants().filter(ProcessHandle::isAlive))
                .isEmpty();
    }
}
