package io.parablock.perf.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parablock.perf.NbdClient;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NbdBenchmarkTest {
    private static final long SIZE = 4 << 20;
    private static final long TIMEOUT_MS = 10_000;

    @TempDir
    Path folder;

    @Test
    @Tag("e2e")
    @Tag("one-jdk")
    void shouldMeasureEveryServerAtEverySocket() throws Exception {
        StringWriter printed = new StringWriter();
        List<String> progress = new ArrayList<>();
        List<NbdSubject> subjects = new ArrayList<>();
        List<ProcessHandle> here = List.of(ProcessHandle.current());
        int depth = 8;
        try (RamDiskServer one = new RamDiskServer(folder.resolve("one"), SIZE, "auto");
                RamDiskServer two = new RamDiskServer(folder.resolve("two"), SIZE, "nio")) {
            for (RamDiskServer s : List.of(one, two)) {
                String name = s == one ? "one" : "two";
                String tcp = "nbd://127.0.0.1:" + s.address().getPort() + "/" + RamDisk.EXPORT;
                String unix = "nbd+unix:///" + RamDisk.EXPORT + "?socket=" + folder.resolve(name);
                subjects.add(new NbdSubject(name, "unix", unix, here));
                subjects.add(new NbdSubject(name, "tcp", tcp, here));
            }
            NbdBenchmark.run(
                    new NbdBenchmarkSettings(List.of(1, 2), depth, 4096, SIZE, 0.3, 0.1, 1),
                    subjects,
                    "one",
                    new PrintWriter(printed),
                    progress::add);
        }
        List<String[]> rows = printed.toString()
                .lines()
                .filter(line -> line.matches("\\| \\d.*"))
                .map(line -> line.split(" *\\| *"))
                .toList();
        assertThat(rows).hasSize(2 * subjects.size()).allSatisfy(row -> {
            double perSecond = Double.parseDouble(row[4]);
            double p50Us = Double.parseDouble(row[5]);
            int jobs = Integer.parseInt(row[1]);
            assertThat(perSecond).isPositive();
            assertThat(p50Us * perSecond / 1e6)
                    .as("reads under way, by Little's law: %s", Arrays.toString(row))
                    .isLessThan(2.0 * depth * jobs);
            assertThat(row[8]).isEqualTo(row[3].equals("one") ? "1.00" : row[8]).matches("[0-9.]+");
        });
        assertThat(rows)
                .extracting(row -> row[2] + " " + row[3])
                .contains("unix one", "tcp one", "unix two", "tcp two");
        assertThat(progress).isNotEmpty();
    }

    @Test
    void shouldKeepWhatIsWritten() throws Exception {
        byte[] content = new byte[8192];
        new Random(3).nextBytes(content);
        try (RamDiskServer server = new RamDiskServer(folder.resolve("socket"), SIZE, "auto");
                NbdClient client = NbdClient.connect(server.address(), RamDisk.EXPORT)) {
            assertThat(client.sizeBytes()).isEqualTo(SIZE);
            client.writeNow(4096, content, TIMEOUT_MS);
            assertThat(client.readNow(4096, content.length, TIMEOUT_MS)).isEqualTo(content);
            assertThat(client.readNow(SIZE - 4096, 4096, TIMEOUT_MS)).isEqualTo(new byte[4096]);
        }
    }

    @Test
    void shouldCompareWithinARound() {
        List<ReadTiming> own = List.of(new ReadTiming(1, 1, 100, 2), new ReadTiming(1, 1, 400, 2));
        List<ReadTiming> other = List.of(new ReadTiming(1, 1, 50, 4), new ReadTiming(1, 1, 100, 4));
        assertThat(NbdBenchmark.ratio(own, other, ReadTiming::perSecond)).isEqualTo("3.00");
        assertThat(NbdBenchmark.ratio(own, List.of(), ReadTiming::perSecond)).isEqualTo("-");
    }

    @Test
    void shouldRefuseWhatCannotBeMeasured() {
        assertThatThrownBy(() -> new NbdBenchmarkSettings(List.of(), 32, 4096, SIZE, 1, 1, 1))
                .hasMessageContaining("jobs");
        assertThatThrownBy(() -> new NbdBenchmarkSettings(List.of(1), 0, 4096, SIZE, 1, 1, 1))
                .hasMessageContaining("depth");
        assertThatThrownBy(() -> new NbdBenchmarkSettings(List.of(1), 32, 1000, SIZE, 1, 1, 1))
                .hasMessageContaining("blocks");
        assertThatThrownBy(() -> new NbdBenchmarkSettings(List.of(1), 32, 4096, SIZE + 1, 1, 1, 1))
                .hasMessageContaining("range");
        assertThatThrownBy(() -> new RamDisk(RamDisk.BYTES_MAX + 4096)).hasMessageContaining("disk of");
    }
}
