package io.parablock.main;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parablock.config.ConfigException;
import io.parablock.config.ConfigLoader;
import io.parablock.config.NodeConfig;
import io.parablock.replica.WalRouter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A data directory that was in use is all there, or the node does not start. */
class NodeDiskTest {
    @TempDir
    private Path dir;

    private NodeConfig config() {
        return ConfigLoader.parse("""
                cluster.id = test
                node.id = 1
                node.data_dir = "%s"
                wal.write_bytes = 256KiB
                peers = [ {id=1, address="127.0.0.1:1"}, {id=2, address="127.0.0.1:2"}, {id=3, address="127.0.0.1:3"} ]
                volumes = [ { name = disk, size = 8MiB, chunk_size = 4MiB } ]
                """.formatted(dir));
    }

    private NodeDisk open() throws IOException {
        return NodeDisk.open(config(), new WalRouter());
    }

    private void use() throws IOException {
        try (NodeDisk disk = open()) {
            disk.endClean();
        }
    }

    private void delete(String name) throws IOException {
        List<Path> all;
        try (Stream<Path> files = Files.walk(dir.resolve(name))) {
            all = files.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path p : all) {
            Files.delete(p);
        }
    }

    @Test
    void shouldOpenAgainWhatIsWhole() throws IOException {
        use();
        try (NodeDisk disk = open()) {
            assertThat(disk.recovered(2).state().amnesiac()).isFalse();
            disk.endClean();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "groups/2, the state of group 2",
        "groups, the state of group 1",
        "volumes/disk-1.chunk, the blocks of group 2",
        "wal, the log",
        "boot, the file boot"
    })
    void shouldRefuseADirectoryThatLostAPart(String gone, String named) throws IOException {
        use();
        delete(gone);
        assertThatThrownBy(this::use)
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("has lost " + named)
                .hasMessageContaining("restore all of it");
        assertThat(dir.resolve(gone)).as("nothing is changed").doesNotExist();
    }
}
