package io.parablock.blockdev.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the stores say takes space. */
class AllocationTest {
    private static final int MIB = 1 << 20;

    @TempDir
    private Path dir;

    private static List<AllocationRun> allocation(BlockStore store, long offset, long length, int runsMax) {
        List<AllocationRun> runs = new ArrayList<>();
        store.allocation(offset, length, runsMax, runs);
        return runs;
    }

    private static void requireTruth(BlockStore store) {
        store.write(MIB, ByteBuffer.allocate(64 << 10));
        store.write(3 * MIB, ByteBuffer.allocate(64 << 10));
        AllocationRun first = new AllocationRun(MIB, true);
        AllocationRun data = new AllocationRun(64 << 10, false);
        AllocationRun gap = new AllocationRun(2 * MIB - (64 << 10), true);
        assertThat(allocation(store, 0, 3 * MIB + (64 << 10), 99)).containsExactly(first, data, gap, data);
        assertThat(allocation(store, 0, 4 * MIB, 2)).containsExactly(first, data);
        assertThat(allocation(store, MIB + 512, 1024, 99)).containsExactly(new AllocationRun(1024, false));
        assertThat(allocation(store, 512, 1024, 99)).containsExactly(new AllocationRun(1024, true));
        store.trim(MIB, 64 << 10);
        assertThat(allocation(store, 0, 3 * MIB, 99)).containsExactly(new AllocationRun(3 * MIB, true));
        store.prefetch(0, 4 * MIB);
    }

    @Test
    void shouldTellHolesOfAFile() {
        try (FileBlockStore store = FileBlockStore.open(dir.resolve("chunk"), 4L * MIB)) {
            requireTruth(store);
        }
    }

    @Test
    void shouldNotCallLostBlocksAHole() throws IOException {
        Path file = dir.resolve("chunk");
        byte[] ones = new byte[64 << 10];
        Arrays.fill(ones, (byte) 1);
        try (FileBlockStore store = FileBlockStore.open(file, 32L * MIB)) {
            store.write(MIB, ByteBuffer.wrap(ones));
            store.write(20 * MIB, ByteBuffer.wrap(ones));
            store.fsync();
        }
        // What a file system check may leave: the blocks are gone, their sums are there.
        try (LinuxHolePuncher puncher = new LinuxHolePuncher(file)) {
            assumeTrue(puncher.punch(0, 32L * MIB));
        }
        try (FileBlockStore store = FileBlockStore.open(file, 32L * MIB)) {
            AllocationRun lost = new AllocationRun(64 << 10, false);
            assertThat(allocation(store, 0, 20 * MIB + (64 << 10), 99))
                    .containsExactly(
                            new AllocationRun(MIB, true), lost, new AllocationRun(19 * MIB - (64 << 10), true), lost);
            assertThat(store.verify(0, 32L * MIB)).hasSize(2);
        }
    }

    /** Their sums are in no file yet, whose hole they would fill. */
    @Test
    void shouldNotCallBlocksAHoleThatAreLostBeforeACheckpoint() throws IOException {
        Path file = dir.resolve("chunk");
        SumsMemory memory = new SumsMemory(MIB);
        try (FileBlockStore store = FileBlockStore.open(file, 32L * MIB, memory)) {
            store.write(
                    20 * MIB + 4096,
                    ByteBuffer.wrap(new byte[4096]).put(0, (byte) 1).position(0));
            assertThat(memory.usedBytes()).isEqualTo(4096);
            try (LinuxHolePuncher puncher = new LinuxHolePuncher(file)) {
                assumeTrue(puncher.punch(0, 32L * MIB));
            }
            assertThat(allocation(store, 0, 32L * MIB, 99))
                    .containsExactly(
                            new AllocationRun(20 * MIB + 4096, true),
                            new AllocationRun(512, false),
                            new AllocationRun(12 * MIB - 4096 - 512, true));
            assertThat(store.verify(0, 32L * MIB)).containsExactly(new DamagedRange(20 * MIB + 4096, 512));
        }
        assertThat(memory.usedBytes()).isZero();
    }

    @Test
    void shouldTellHolesOfMemory() {
        requireTruth(new MemoryBlockStore(4L * MIB));
    }
}
