package io.parablock.tools;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CommandLineTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "nonsense",
                "demo --bogus",
                "demo --nodes many",
                "demo --nodes 99",
                "demo --size 12Q",
                "demo --size 1000",
                "demo --mode fast",
                "demo --durability never",
                "demo --nbd-port 0",
                "demo --nbd-port 65534",
                "demo --http-port -1",
                "demo stop --force",
                "node",
                "gateway",
                "gateway -c",
                "status --http here",
                "status --http http://a --dir b",
                "events --http here",
                "events --http http://a --dir b",
                "events --limit -1",
                "events --since yesterday",
                "compare-replicas",
                "wal",
                "wal dump",
                "wal verify",
                "wal dump . --slots 5..3",
                "wal dump . --slots all",
                "wal dump . --group first",
                "wal verify . --group 1",
                "nbd",
                "nbd bench --jobs 0",
                "nbd bench --depth none",
                "nbd bench --size 1000",
                "nbd bench --nodes 8",
                "nbd bench --reads always",
                "nbd bench --transport fast",
                "proxy",
                "proxy --listen 127.0.0.1:0",
                "proxy --listen 127.0.0.1 --to 127.0.0.1:1",
                "proxy --listen 127.0.0.1:0 --to 127.0.0.1:99999",
                "proxy --listen 127.0.0.1:0 --to 127.0.0.1:1 --delay soon",
                "proxy --listen 127.0.0.1:0 --to 127.0.0.1:1 --delay 2h",
                "proxy --listen 127.0.0.1:0 --to 127.0.0.1:1 --jitter -1ms",
                "proxy --listen 127.0.0.1:0 --to 127.0.0.1:1 --stall-probability 2",
                "proxy --listen 127.0.0.1:0 --to 127.0.0.1:1 --loss-probability NaN",
                "proxy --listen 127.0.0.1:0 --to 127.0.0.1:1 --bandwidth fast",
                "proxy --listen 127.0.0.1:0 --to 127.0.0.1:1 --buffer 4KiB",
                "proxy --listen 127.0.0.1:0 --to 127.0.0.1:1 --connections 0",
                "proxy --listen 127.0.0.1:0 --to 127.0.0.1:1 --transport fast",
                "bench --depths 0",
                "bench --depths 2000",
                "bench --depths deep",
                "bench --rates -1",
                "bench --block-size 1000",
                "bench --block-size 2MiB",
                "bench --read-percent 101",
                "bench --addresses random",
                "bench --overlap -1",
                "bench --hot-blocks 0",
                "bench --modes fast",
                "bench --durability never",
                "bench --engine fast",
                "bench --lanes 99",
                "bench --scenarios clean,storm",
                "bench --scenarios overlap-101",
                "bench --scenarios overlap-",
                "bench --scenarios clean,lane-stall,jitter,slow-follower,slow-disk --lanes 1,2",
                "bench --rounds 0",
                "bench --seconds 0",
                "bench --warm-up -1",
                "bench --size 100GiB",
                "bench --dir /nonexistent/folder",
                "bench --modes parallel,strict --durability fsync,mapped --lanes 1,2,4"
            })
    void shouldAnswerWrongArgumentsWithOneLineAndExitCodeTwo(String arguments) {
        Answer answer = run(arguments.split(" "));
        assertThat(answer.exitCode).isEqualTo(2);
        assertThat(answer.err.strip().lines()).hasSize(1);
        assertThat(answer.err).startsWith("parablock: ");
    }

    @Test
    void shouldFailInOneLineWhereThereIsNoCluster() {
        String dir = folder.toString();
        for (String[] command : new String[][] {
            {"status", "--dir", dir},
            {"demo", "stop", "--dir", dir},
            {"compare-replicas", "--dir", dir},
            {"status", "--http", "http://127.0.0.1:1"},
            {"proxy", "--listen", "127.0.0.1:0", "--to", "no.such.host.invalid:1"}
        }) {
            Answer answer = run(command);
            assertThat(answer.exitCode).isEqualTo(1);
            assertThat(answer.err.strip().lines()).hasSize(1);
        }
    }

    @Test
    void shouldReadTimesAsConfigurationsDo() {
        assertThat(TimeSpan.parse("20ms").ns()).isEqualTo(20_000_000);
        assertThat(TimeSpan.parse("1.5s").ns()).isEqualTo(1_500_000_000);
        assertThat(TimeSpan.parse("500us").ns()).isEqualTo(500_000);
        assertThat(TimeSpan.parse("7").ns()).isEqualTo(7_000_000);
    }

    @Test
    void shouldReadSizesAsPeopleWriteThem() {
        assertThat(ByteSize.parse("4096").bytes()).isEqualTo(4096);
        assertThat(ByteSize.parse("1GiB").bytes()).isEqualTo(1L << 30);
        assertThat(ByteSize.parse("512m").bytes()).isEqualTo(512L << 20);
        assertThat(ByteSize.parse("2T")).hasToString("2TiB");
        assertThat(ByteSize.parse("1536MiB")).hasToString("1536MiB");
    }

    private record Answer(int exitCode, String err) {}

    private static Answer run(String... arguments) {
        PrintStream err = System.err;
        ByteArrayOutputStream captured = new ByteArrayOutputStream();
        System.setErr(new PrintStream(captured, true, StandardCharsets.UTF_8));
        try {
            int exitCode = Parablock.execute(arguments);
            return new Answer(exitCode, captured.toString(StandardCharsets.UTF_8));
        } finally {
            System.setErr(err);
        }
    }
}
