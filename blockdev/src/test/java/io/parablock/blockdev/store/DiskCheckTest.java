package io.parablock.blockdev.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Checks past the page cache. That they see a medium that has changed under it is BlockRotE2eTest's. */
class DiskCheckTest {
    /** Its last page is none, and neither is that of its sums. */
    private static final int SIZE = (2 << 20) + 512 * 5;

    @TempDir
    Path dir;

    private Path blocks;
    private Path sums;

    @BeforeEach
    void needDirectReads() throws IOException {
        blocks = dir.resolve("chunk");
        sums = dir.resolve("chunk.sums");
        Path probe = Files.write(dir.resolve("probe"), new byte[4096]);
        try (DiskReader reader = DiskReader.open(probe)) {
            assumeTrue(reader != null, "no direct I/O here");
        }
    }

    private static byte[] content() {
        byte[] bytes = new byte[SIZE];
        new Random(5).nextBytes(bytes);
        return bytes;
    }

    private static void run(String... command) throws Exception {
        Process p = new ProcessBuilder(command).redirectErrorStream(true).start();
        p.getInputStream().readAllBytes();
        assumeTrue(p.waitFor() == 0, command[0]);
    }

    private static long residentBytes(Path file) throws Exception {
        Process p = new ProcessBuilder("fincore", "-n", "-b", "-o", "RES", file.toString()).start();
        String out = new String(p.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip();
        assumeTrue(p.waitFor() == 0, "fincore");
        return Long.parseLong(out);
    }

    @Test
    void shouldReadEveryByteFromTheDiskAndLeaveNoneInThePageCache() throws Exception {
        try (FileBlockStore store = FileBlockStore.open(blocks, SIZE)) {
            store.write(0, ByteBuffer.wrap(content()));
            store.fsync();
            run("dd", "if=" + blocks, "iflag=nocache", "count=0", "status=none");
            assumeTrue(residentBytes(blocks) == 0, "the page cache can be emptied");
            assertThat(store.verify(0, SIZE)).isEmpty();
            assertThat(residentBytes(blocks)).as("a checked block in memory").isZero();
            store.read(0, ByteBuffer.allocate(SIZE));
            assertThat(residentBytes(blocks)).isGreaterThanOrEqualTo(SIZE);
            assertThat(store.verify(0, SIZE)).isEmpty();
            assertThat(residentBytes(blocks)).as("what clients read stays").isGreaterThanOrEqualTo(SIZE);
        }
    }

    @Test
    void shouldSeeWhatIsInThePageCacheOnlyAndWhateverChangesUnderTheStore() throws IOException {
        try (FileBlockStore store = FileBlockStore.open(blocks, SIZE)) {
            store.write(0, ByteBuffer.wrap(content()));
            assertThat(store.verify(0, SIZE)).as("not forced yet").isEmpty();
            for (long offset : new long[] {100, 300_000, SIZE - 1}) {
                flip(blocks, offset);
            }
            flip(sums, BlockSumsDescriptor.positionOf(1 << 20));
            flip(sums, BlockSumsDescriptor.positionOf(SIZE - 1024) + 3);
            assertThat(store.verify(0, SIZE))
                    .containsExactly(
                            new DamagedRange(0, 512),
                            new DamagedRange(300_000 / 512 * 512, 512),
                            new DamagedRange(1 << 20, 512),
                            new DamagedRange(SIZE - 1024, 1024));
            assertThat(store.verify(512, SIZE - 1024 - 512)).hasSize(2);
        }
    }

    private static void flip(Path file, long offset) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            ByteBuffer one = ByteBuffer.allocate(1);
            channel.read(one, offset);
            channel.write(ByteBuffer.wrap(new byte[] {(byte) (one.get(0) ^ 4)}), offset);
        }
    }

    @Test
    void shouldReadAnyRangeOfAnyFile() throws IOException {
        byte[] content = content();
        Path file = Files.write(dir.resolve("any"), content);
        Random random = new Random(3);
        List<Integer> unreadable = new ArrayList<>();
        try (DiskReader reader = DiskReader.open(file)) {
            assertThat(reader).isNotNull();
            for (int i = 0; i < 200; i++) {
                int from = random.nextInt(SIZE);
                int length = 1 + random.nextInt(Math.min(SIZE - from, 300 << 10));
                ByteBuffer into = ByteBuffer.allocate(length + 7).position(7);
                reader.readAround(from, into, (a, b) -> unreadable.add(a));
                assertThat(into.flip().position(7)).isEqualTo(ByteBuffer.wrap(content, from, length));
            }
            assertThat(unreadable).isEmpty();
            reader.readAround(SIZE - 100, ByteBuffer.allocate(8192), (a, b) -> unreadable.add(b));
            assertThat(unreadable).as("behind the end there is nothing").isNotEmpty();
        }
    }
}
