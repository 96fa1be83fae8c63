package io.parablock.tools;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Other people's NBD clients against each of three daemons. */
@Tag("e2e")
@Tag("second-jdk")
class ClientsE2eTest {
    private static final long COPY_BYTES = Integer.getInteger("parablock.copyMiB", 256) * (1L << 20);

    @TempDir
    static Path folder;

    private static LiveCluster live;

    @BeforeAll
    static void start() throws Exception {
        live = LiveCluster.start(folder.resolve("cluster"), (COPY_BYTES >> 20) + "MiB", "parallel", "fsync", Map.of());
    }

    @AfterAll
    static void stop() {
        if (live != null) {
            live.close();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void shouldDescribeItselfToNbdinfo(int node) throws Exception {
        Clients.require("nbdinfo");
        assertThat(Clients.run(30, "nbdinfo", "--size", live.uri(node)).strip()).isEqualTo("" + COPY_BYTES);
        assertThat(Clients.run(30, "nbdinfo", "--list", live.uri(node).replace("/demo", "")))
                .contains("demo");
        assertThat(Clients.run(30, "nbdinfo", "--json", live.uri(node)))
                .contains("\"can_fua\": true", "\"can_flush\": true", "\"can_trim\": true", "\"can_zero\": true")
                .contains("\"can_cache\": true", "\"can_fast_zero\": true", "\"can_multi_conn\": true")
                .contains("\"can_df\": true", "\"structured\": true", "base:allocation");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void shouldCopyInAndOut(int node) throws Exception {
        Clients.require("nbdcopy", "qemu-img");
        Path in = Clients.randomFile(folder.resolve("in-" + node), COPY_BYTES);
        Path out = folder.resolve("out-" + node);
        Clients.run(180, "nbdcopy", "--flush", in.toString(), live.uri(node));
        Clients.run(180, "nbdcopy", live.uri(node % 3 + 1), out.toString());
        assertThat(Clients.sha256(out)).isEqualTo(Clients.sha256(in));

        try (var raw = new java.io.RandomAccessFile(in.toFile(), "rw")) {
            raw.seek(COPY_BYTES / 2);
            raw.write(new byte[8 << 20]);
        }
        Clients.run(180, "qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", in.toString(), live.uri(node));
        Clients.run(180, "qemu-img", "compare", "-f", "raw", "-F", "raw", in.toString(), live.uri(node));
        Files.delete(in);
        Files.delete(out);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void shouldKeepWhatQemuIoWrites(int node) throws Exception {
        Clients.require("qemu-io");
        String printed = Clients.run(
                60,
                "qemu-io",
                "-f",
                "raw",
                "-c",
                "write -P 0xa" + node + " -f 0 1M",
                "-c",
                "flush",
                "-c",
                "write -P 0x55 512 512",
                "-c",
                "read -P 0xa" + node + " 0 512",
                "-c",
                "read -P 0x55 512 512",
                "-c",
                "read -P 0xa" + node + " 1k 1023k",
                "-c",
                "write -z 64k 64k",
                "-c",
                "read -P 0 64k 64k",
                "-c",
                "write -z -u 192k 64k",
                "-c",
                "read -P 0 192k 64k",
                "-c",
                "discard 256k 128k",
                "-c",
                "read -P 0 256k 128k",
                "-c",
                "read -P 0xa" + node + " 384k 640k",
                "-c",
                "write -P 0x77 -f 2M 16M",
                "-c",
                "flush",
                "-c",
                "read -P 0x77 2M 16M",
                live.uri(node));
        assertThat(printed).doesNotContain("failed");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void shouldTellWhatTakesSpace(int node) throws Exception {
        Clients.require("qemu-io", "qemu-img", "nbdinfo");
        long mib = 1 << 20;
        long at = (100 + 10 * node) * mib;
        long piece = 64 << 10;
        Clients.run(
                60,
                "qemu-io",
                "-f",
                "raw",
                "-c",
                "write -P 1 " + (at - piece) + " 64k",
                "-c",
                "discard " + at + " 4M",
                "-c",
                "write -P 1 " + (at + mib) + " 64k",
                "-c",
                "write -z " + (at + 2 * mib) + " 64k", // without -u: zeros that take space
                "-c",
                "write -P 1 " + (at + 4 * mib) + " 64k",
                live.uri(node));
        String map = Clients.run(30, "nbdinfo", "--map", live.uri(node % 3 + 1));
        String again = Clients.run(30, "qemu-img", "map", "--output=json", "-f", "raw", live.uri(node));
        long[][] holes = {
            {at, mib}, {at + mib + piece, mib - piece}, {at + 2 * mib + piece, 2 * mib - piece},
        };
        for (long[] hole : holes) {
            assertThat(map).containsPattern("(?m)^ *" + hole[0] + " +" + hole[1] + " +3 +hole,zero$");
            assertThat(again)
                    .containsPattern("\"start\": " + hole[0] + ", \"length\": " + hole[1] + ",.*\"data\": false");
        }
        for (long data : new long[] {at + mib, at + 2 * mib}) {
            assertThat(map).containsPattern("(?m)^ *" + data + " +" + piece + " +0 +data$");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void shouldPassFioVerifyAtDepth32(int node) throws Exception {
        Clients.require("fio");
        assertThat(Clients.run(180, Clients.fioVerify(live.uri(node), 32, "32M")))
                .contains("err= 0");
    }

    @Test
    void shouldHaveIdenticalReplicas() throws Exception {
        live.requireWritable(1);
        live.requireIdentical();
    }
}
