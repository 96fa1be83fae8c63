package io.parablock.perf;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("one-jdk")
class LoadGeneratorTest {
    private static final long DRAIN_MS = 5_000;

    @TempDir
    Path folder;

    @Test
    void shouldTellOneStampFromAnother() {
        BlockStampDescriptor stamp = new BlockStampDescriptor(7);
        ByteBuffer block = ByteBuffer.allocate(4096);
        assertThat(stamp.generation(block, 3)).isZero();
        stamp.write(block, 3, 5);
        assertThat(stamp.generation(block, 3)).isEqualTo(5);
        assertThat(stamp.generation(block, 4)).isEqualTo(BlockStampDescriptor.DAMAGED);
        assertThat(new BlockStampDescriptor(8).generation(block, 3)).isEqualTo(BlockStampDescriptor.DAMAGED);
        block.put(4000, (byte) (block.get(4000) + 1));
        assertThat(stamp.generation(block, 3)).isEqualTo(BlockStampDescriptor.DAMAGED);
    }

    @Test
    void shouldRunAtDepthAndFindEverythingInPlace() throws Exception {
        try (ForeignServer server = ForeignServer.nbdkit("memory", "64M")) {
            for (int depth : new int[] {1, 32}) {
                LoadSettings settings =
                        LoadSettings.writes(server.address, "disk", depth).withReadShare(0.5);
                LoadResult result = LoadGenerator.runFor(settings, 300, DRAIN_MS);
                assertThat(result.problems()).isEmpty();
                assertThat(result.clean()).isTrue();
                assertThat(result.reads()).isPositive();
                assertThat(result.writes()).isPositive();
                assertThat(result.latencyUs(50)).isPositive();
            }
        }
    }

    @Test
    void shouldNoticeLostWrites() throws Exception {
        // This filter keeps writes of its own and forgets them with the connection.
        try (ForeignServer server = ForeignServer.nbdkit("--filter=cow", "memory", "64M", "cow-on-read=false")) {
            LoadSettings settings = LoadSettings.writes(server.address, "disk", 8);
            try (LoadGenerator load = new LoadGenerator(settings)) {
                load.start();
                Thread.sleep(200);
                assertThat(load.stop(DRAIN_MS).clean()).isTrue();
                server.killAndRestart();
                try (NbdClient reader = NbdClient.connect(server.address, "disk")) {
                    assertThat(load.verifyAll(reader, DRAIN_MS)).hasSize(load.blocksAnswered());
                }
            }
        }
    }

    @Test
    void shouldCountTheEndOfAConnectionAsAnError() throws Exception {
        try (ForeignServer server = ForeignServer.nbdkit("memory", "64M");
                LoadGenerator load = new LoadGenerator(LoadSettings.writes(server.address, "disk", 8))) {
            load.start();
            Thread.sleep(100);
            server.kill();
            LoadResult result = load.stop(DRAIN_MS);
            assertThat(result.errors()).isPositive();
            assertThat(result.problems()).isNotEmpty();
        }
    }

    @Test
    void shouldConnectAgainAndFindEveryAnsweredWrite() throws Exception {
        Path file = folder.resolve("disk.raw");
        try (RandomAccessFile raw = new RandomAccessFile(file.toFile(), "rw")) {
            raw.setLength(64 << 20);
        }
        try (ForeignServer server = ForeignServer.qemuNbd(file)) {
            LoadSettings settings = LoadSettings.writes(server.address, "disk", 8)
                    .withReadShare(0.3)
                    .reconnecting(List.of(server.address));
            try (LoadGenerator load = new LoadGenerator(settings)) {
                load.start();
                Thread.sleep(200);
                server.killAndRestart();
                Thread.sleep(500);
                LoadResult result = load.stop(DRAIN_MS);
                assertThat(result.problems()).isEmpty();
                assertThat(result.reconnects()).isEqualTo(1);
                assertThat(result.longestGapMs()).isPositive();
                try (NbdClient reader = NbdClient.connect(server.address, "disk")) {
                    assertThat(load.verifyAll(reader, DRAIN_MS)).isEmpty();
                }
            }
        }
    }
}
