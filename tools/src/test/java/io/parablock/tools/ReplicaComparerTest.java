package io.parablock.tools;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReplicaComparerTest {
    private static final long CHUNK_BYTES = 64L << 20;

    @TempDir
    Path folder;

    @Test
    void shouldFindReplicasIdenticalWhicheverWayTheyAreSparse() throws Exception {
        cluster();
        write(1, 4096, (byte) 7);
        write(2, 4096, (byte) 7);
        write(3, 4096, (byte) 7);
        // Zeros that one node wrote and the others never had.
        write(2, 32 << 20, (byte) 0);
        ReplicaComparer.Outcome outcome = compare();
        assertThat(outcome.difference()).isNull();
        assertThat(outcome.dataBytes()).isBetween(2L, 1L << 20);
    }

    @Test
    void shouldNameTheFirstDifference() throws Exception {
        cluster();
        write(3, 40_000_001, (byte) 9);
        write(2, 50_000_000, (byte) 9);
        assertThat(compare().difference()).contains("byte 40000001", "node 1 (0x00)", "node 3 (0x09)");
    }

    @Test
    void shouldNameAMissingFile() throws Exception {
        cluster();
        Files.delete(chunk(2));
        assertThat(compare().difference()).contains("node 2 has no file");
    }

    /** They follow from the blocks, and a rewritten header may differ. */
    @Test
    void shouldNotCompareChecksumFiles() throws Exception {
        cluster();
        Files.write(chunk(1).resolveSibling("0.chunk.sums"), new byte[] {1});
        Files.write(chunk(2).resolveSibling("0.chunk.sums"), new byte[] {2});
        assertThat(compare().difference()).isNull();
    }

    private ReplicaComparer.Outcome compare() throws IOException {
        return new ReplicaComparer(new ClusterFolder(folder)).compare();
    }

    private void cluster() throws IOException {
        DemoSettings settings =
                new DemoSettings(folder, 3, ByteSize.parse("64MiB"), "parallel", "fsync", "", 1, 1, 1, Map.of());
        for (int node = 1; node <= 3; node++) {
            NodeConfig.write(new ClusterFolder(folder).config(node), settings, node);
            Files.createDirectories(chunk(node).getParent());
            try (RandomAccessFile file = new RandomAccessFile(chunk(node).toFile(), "rw")) {
                file.setLength(CHUNK_BYTES);
            }
        }
    }

    private Path chunk(int node) {
        return folder.resolve("node" + node).resolve("demo").resolve("0.chunk");
    }

    private void write(int node, long at, byte value) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(chunk(node).toFile(), "rw")) {
            file.seek(at);
            file.write(value);
        }
    }
}
