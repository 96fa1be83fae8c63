package io.parablock.simulator.disk;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.blockdev.store.BlockStore;
import io.parablock.blockdev.store.BlockStoreContract;
import io.parablock.blockdev.store.FileBlockStore;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The production block store over a disk that forgets. */
class FileBlockStoreOnSimulatedDiskTest {
    private static final int BLOCK_BYTES = 4096;
    private static final int BLOCKS = 64;

    private static SimulatedDisk disk(long seed, int sectorBytes) {
        return new SimulatedDisk(1, seed, sectorBytes, 64 << 20, new FaultAtlas(3), (kind, path, at, n) -> Set.of());
    }

    private static BlockStore open(SimulatedDisk disk, long sizeBytes) {
        return FileBlockStore.open(
                disk.path("/data/volumes/v-0.chunk"), sizeBytes, file -> new SimulatedHolePuncher(disk, file));
    }

    @Nested
    class Contract extends BlockStoreContract {
        private final SimulatedDisk disk = disk(1, 512);

        @Override
        protected BlockStore open() {
            return FileBlockStoreOnSimulatedDiskTest.open(disk, SIZE);
        }
    }

    /** One thing that an apply does to the store. */
    private record Step(int kind, int block, int count, byte fill) {
        static Step random(Random random) {
            int block = random.nextInt(BLOCKS);
            return new Step(random.nextInt(4), block, 1 + random.nextInt(Math.min(8, BLOCKS - block)), (byte)
                    random.nextInt(1, 100));
        }

        void applyTo(BlockStore store) {
            long at = (long) block * BLOCK_BYTES;
            int length = count * BLOCK_BYTES;
            switch (kind) {
                case 0 -> store.zero(at, length);
                case 1 -> store.trim(at, length);
                default -> {
                    ByteBuffer content = ByteBuffer.allocate(length);
                    Arrays.fill(content.array(), fill);
                    store.write(at, content);
                }
            }
        }

        void applyTo(byte[] model) {
            byte value = kind <= 1 ? 0 : fill;
            Arrays.fill(model, block * BLOCK_BYTES, (block + count) * BLOCK_BYTES, value);
        }
    }

    /** Each 512 bytes must be what some prefix of the steps since the checkpoint left there. */
    @ParameterizedTest
    @ValueSource(ints = {512, 4096})
    void shouldHoldCheckpointAndAnySubsetOfLaterSectorsAfterPowerLoss(int sectorBytes) {
        for (long seed = 0; seed < 200; seed++) {
            Random random = new Random(seed);
            SimulatedDisk disk = disk(seed, sectorBytes);
            byte[] checkpoint = new byte[BLOCKS * BLOCK_BYTES];
            BlockStore store = open(disk, checkpoint.length);
            for (int i = random.nextInt(30); i > 0; i--) {
                Step step = Step.random(random);
                step.applyTo(store);
                step.applyTo(checkpoint);
            }
            store.fsync();
            byte[] model = checkpoint.clone();
            List<byte[]> versions = new ArrayList<>(List.of(checkpoint));
            for (int i = random.nextInt(10); i > 0; i--) {
                Step step = Step.random(random);
                step.applyTo(store);
                step.applyTo(model);
                versions.add(model.clone());
            }
            disk.powerLoss();
            byte[] found = readAll(open(disk, checkpoint.length), checkpoint.length);
            for (int at = 0; at < found.length; at += sectorBytes) {
                byte[] sector = Arrays.copyOfRange(found, at, at + sectorBytes);
                int from = at;
                assertThat(versions)
                        .as("seed %d, offset %d", seed, at)
                        .anyMatch(version ->
                                Arrays.equals(sector, Arrays.copyOfRange(version, from, from + sectorBytes)));
            }
        }
    }

    @Test
    void shouldKeepTheFileOverPowerLossAfterFirstCheckpoint() {
        for (long seed = 0; seed < 50; seed++) {
            SimulatedDisk disk = disk(seed, 4096);
            BlockStore store = open(disk, 8 * BLOCK_BYTES);
            store.write(0, ByteBuffer.wrap(new byte[BLOCK_BYTES]).put(0, (byte) 7));
            store.fsync();
            disk.powerLoss();
            assertThat(readAll(open(disk, 8 * BLOCK_BYTES), BLOCK_BYTES)[0])
                    .as("seed %d", seed)
                    .isEqualTo((byte) 7);
        }
    }

    @Test
    void shouldCreateItsFoldersDurablyWhereverTheFirstStartDied() {
        for (long seed = 0; seed < 200; seed++) {
            SimulatedDisk disk = disk(seed, 4096);
            disk.crashAfter(seed % 10);
            try {
                open(disk, 8 * BLOCK_BYTES);
            } catch (SimulatedCrash died) {
                disk.kill();
            }
            disk.kill();
            BlockStore store = open(disk, 8 * BLOCK_BYTES);
            store.write(0, ByteBuffer.wrap(new byte[BLOCK_BYTES]).put(0, (byte) 7));
            store.fsync();
            disk.powerLoss();
            assertThat(readAll(open(disk, 8 * BLOCK_BYTES), BLOCK_BYTES)[0])
                    .as("seed %d", seed)
                    .isEqualTo((byte) 7);
        }
    }

    /** A checkpoint, a power loss, and the log replayed in slot order from the checkpoint on: the same bytes as ever. */
    @Test
    void shouldEqualSlotOrderApplicationAfterReplayFromCheckpoint() {
        for (long seed = 0; seed < 200; seed++) {
            Random random = new Random(seed);
            SimulatedDisk disk = disk(seed, 512);
            int length = BLOCKS * BLOCK_BYTES;
            byte[] model = new byte[length];
            BlockStore store = open(disk, length);
            List<Step> sinceCheckpoint = new ArrayList<>();
            for (int i = 0; i < 60; i++) {
                Step step = Step.random(random);
                step.applyTo(store);
                step.applyTo(model);
                sinceCheckpoint.add(step);
                if (random.nextInt(10) == 0) {
                    store.fsync();
                    sinceCheckpoint.clear();
                }
                if (random.nextInt(15) == 0) {
                    disk.powerLoss();
                    store = open(disk, length);
                    BlockStore reopened = store;
                    sinceCheckpoint.forEach(each -> each.applyTo(reopened));
                    assertThat(readAll(store, length)).as("seed %d", seed).isEqualTo(model);
                }
            }
        }
    }

    private static byte[] readAll(BlockStore store, int length) {
        ByteBuffer into = ByteBuffer.allocate(length);
        store.read(0, into);
        return into.array();
    }
}
