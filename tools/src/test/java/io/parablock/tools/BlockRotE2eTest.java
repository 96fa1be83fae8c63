package io.parablock.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.parablock.blockdev.store.BlockStore;
import io.parablock.blockdev.store.DamagedRange;
import io.parablock.blockdev.store.FileBlockStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A disk changes under its file system, which has no idea: below a mount, in the file that is the device. */
@Tag("e2e")
@Tag("one-jdk")
class BlockRotE2eTest {
    private static final int SIZE = 1 << 20;
    private static final int WRITTEN = 64 << 10;
    /** The first extent in what filefrag says, in units of 512 bytes. */
    private static final Pattern EXTENT = Pattern.compile("(?m)^\\s*0:\\s*0\\.\\.\\s*(\\d+):\\s*(\\d+)\\.\\.");

    @TempDir
    Path folder;

    /** What the kernel still has in memory is good, and the medium is not: a power loss later it would be too late. */
    @Test
    void shouldFindWhatRotsUnderThePageCache() throws Exception {
        Path image = folder.resolve("disk.image");
        Path mounted = folder.resolve("disk");
        try (SmallDisk disk = SmallDisk.mount(mounted, image, 32 << 20)) {
            assertThat(disk.freeBytes()).isPositive();
            assumeTrue(Files.getFileStore(mounted).type().equals("ext4"), "a file system over a file");
            Path blocks = mounted.resolve("chunk");
            try (FileBlockStore store = FileBlockStore.open(blocks, SIZE)) {
                byte[] content = new byte[WRITTEN];
                Arrays.fill(content, (byte) 7);
                store.write(0, ByteBuffer.wrap(content));
                store.fsync();
                assertThat(store.verify(0, SIZE)).isEmpty();
                flip(image, placeOf(blocks) + 8192 + 100);
                assertThat(read(store, 8192)).as("from memory").containsOnly(7);
                assertThat(store.verify(0, SIZE)).containsExactly(new DamagedRange(8192, 512));
                assertThat(read(store, 8192)).as("and still from memory").containsOnly(7);
                store.write(8192, ByteBuffer.wrap(content, 0, 512));
                store.fsync();
                assertThat(store.verify(0, SIZE)).isEmpty();
            }
        }
    }

    private static byte[] read(BlockStore store, long offset) {
        ByteBuffer into = ByteBuffer.allocate(4096);
        store.read(offset, into);
        return into.array();
    }

    /** Where a file begins on its device. */
    private static long placeOf(Path file) throws Exception {
        String extents = Clients.run(20, "filefrag", "-v", "-b512", file.toString());
        Matcher first = EXTENT.matcher(extents);
        assertThat(first.find()).as(extents).isTrue();
        assertThat(Long.parseLong(first.group(1))).as(extents).isGreaterThan(16);
        return Long.parseLong(first.group(2)) * 512;
    }

    private static void flip(Path file, long offset) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            ByteBuffer one = ByteBuffer.allocate(1);
            channel.read(one, offset);
            channel.write(ByteBuffer.wrap(new byte[] {(byte) ~one.get(0)}), offset);
            channel.force(false);
        }
    }
}
