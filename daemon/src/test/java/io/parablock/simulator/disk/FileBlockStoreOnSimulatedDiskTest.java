package io.parablock.simulator.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parablock.blockdev.store.BlockStore;
import io.parablock.blockdev.store.BlockStoreContract;
import io.parablock.blockdev.store.DamagedBlocksException;
import io.parablock.blockdev.store.DamagedRange;
import io.parablock.blockdev.store.FileBlockStore;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
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
            BitSet touched = new BitSet();
            List<byte[]> versions = new ArrayList<>(List.of(checkpoint));
            for (int i = random.nextInt(10); i > 0; i--) {
                Step step = Step.random(random);
                step.applyTo(store);
                step.applyTo(model);
                versions.add(model.clone());
                touched.set(step.block, step.block + step.count);
            }
            disk.powerLoss();
            ByteBuffer into = ByteBuffer.allocate(checkpoint.length);
            List<DamagedRange> torn = readRaw(open(disk, checkpoint.length), into);
            byte[] found = into.array();
            assertTouched(torn, touched, "seed " + seed);
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

    private static List<DamagedRange> readRaw(BlockStore store, ByteBuffer into) {
        try {
            store.read(0, into);
            return List.of();
        } catch (DamagedBlocksException torn) {
            return torn.ranges();
        }
    }

    /** Only what was written since the checkpoint may not fit: replay writes it again. */
    private static void assertTouched(List<DamagedRange> torn, BitSet touched, String as) {
        for (DamagedRange range : torn) {
            int last = (int) ((range.endBytes() - 1) / BLOCK_BYTES);
            int first = (int) (range.offsetBytes() / BLOCK_BYTES);
            assertThat(touched.nextClearBit(first))
                    .as("%s, torn at %s", as, range)
                    .isGreaterThan(last);
        }
    }

    /** The process dies at any step of its work, or the machine does. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldBeTornOnlyAboveTheCheckpointWhereverItDied(boolean machine) {
        int tornRuns = 0;
        for (long seed = 0; seed < 300; seed++) {
            Random random = new Random(seed);
            SimulatedDisk disk = disk(seed, random.nextBoolean() ? 512 : 4096);
            int length = BLOCKS * BLOCK_BYTES;
            BlockStore store = open(disk, length);
            Step.random(random).applyTo(store);
            store.fsync();
            BitSet touched = new BitSet();
            List<Step> sinceCheckpoint = new ArrayList<>();
            disk.crashAfter(random.nextInt(40));
            try {
                while (true) {
                    Step step = Step.random(random);
                    touched.set(step.block, step.block + step.count);
                    sinceCheckpoint.add(step);
                    step.applyTo(store);
                    if (random.nextInt(8) == 0) {
                        store.fsync();
                        touched.clear();
                        sinceCheckpoint.clear();
                    }
                }
            } catch (SimulatedCrash died) {
                if (machine) {
                    disk.powerLoss();
                } else {
                    disk.kill();
                }
            }
            BlockStore reopened = open(disk, length);
            List<DamagedRange> torn = reopened.verify(0, length);
            tornRuns += torn.isEmpty() ? 0 : 1;
            assertTouched(torn, touched, "seed " + seed);
            sinceCheckpoint.forEach(each -> each.applyTo(reopened));
            assertThat(reopened.verify(0, length)).as("seed %d", seed).isEmpty();
        }
        assertThat(tornRuns).isGreaterThan(20);
    }

    /** What begin and end have said when they returned stays so, and in between it is the one or the other, for good. */
    @ParameterizedTest
    @ValueSource(ints = {512, 4096})
    void shouldRememberOverAnyCrashThatItIsUnderRepair(int sectorBytes) {
        int between = 0;
        for (long seed = 0; seed < 400; seed++) {
            Random random = new Random(seed);
            SimulatedDisk disk = disk(seed, sectorBytes);
            BlockStore store = open(disk, BLOCKS * BLOCK_BYTES);
            store.fsync(); // before the first checkpoint a power loss may leave no file at all
            boolean said = false;
            boolean underWay = false;
            disk.crashAfter(random.nextInt(30));
            try {
                while (true) {
                    Step.random(random).applyTo(store);
                    underWay = true;
                    if (said) {
                        store.endRepair();
                    } else {
                        store.beginRepair();
                    }
                    underWay = false;
                    said = !said;
                }
            } catch (SimulatedCrash died) {
                if (random.nextBoolean()) {
                    disk.powerLoss();
                } else {
                    disk.kill();
                }
            }
            boolean found = open(disk, BLOCKS * BLOCK_BYTES).isUnderRepair();
            between += underWay ? 1 : 0;
            assertThat(underWay || found == said).as("seed %d", seed).isTrue();
            disk.powerLoss();
            boolean again = open(disk, BLOCKS * BLOCK_BYTES).isUnderRepair();
            // An end that was under way may come to nothing after all: that is only too careful.
            assertThat(again == found || (underWay && again))
                    .as("seed %d, after a start has seen it", seed)
                    .isTrue();
        }
        assertThat(between).isGreaterThan(20);
    }

    @Test
    void shouldTellTheSectorsOfAnUnreadablePage() {
        FaultAtlas lenient = new FaultAtlas(3);
        SimulatedDisk disk = new SimulatedDisk(
                1, 5, 4096, 64 << 20, lenient, (kind, path, at, n) -> Set.of(new Region.Extent(1, at / BLOCK_BYTES)));
        BlockStore store = open(disk, BLOCKS * BLOCK_BYTES);
        Step.random(new Random(1)).applyTo(store);
        store.write(3 * BLOCK_BYTES, ByteBuffer.wrap(new byte[3 * BLOCK_BYTES]).put(0, (byte) 7));
        store.fsync();
        assertThat(disk.breakSector("/data/volumes/v-0.chunk", 4 * BLOCK_BYTES)).isTrue();
        assertThat(store.verify(0, BLOCKS * BLOCK_BYTES))
                .containsExactly(new DamagedRange(4 * BLOCK_BYTES, BLOCK_BYTES));
        ByteBuffer into = ByteBuffer.allocate(3 * BLOCK_BYTES);
        assertThatThrownBy(() -> store.read(3 * BLOCK_BYTES, into)).isInstanceOf(DamagedBlocksException.class);
        assertThat(into.get(0)).isEqualTo((byte) 7);
        store.beginAdopting();
        assertThat(store.verify(0, BLOCKS * BLOCK_BYTES))
                .as("there is nothing to take")
                .containsExactly(new DamagedRange(4 * BLOCK_BYTES, BLOCK_BYTES));
        store.endAdopting();
        store.write(4 * BLOCK_BYTES, ByteBuffer.allocate(BLOCK_BYTES));
        assertThat(store.verify(0, BLOCKS * BLOCK_BYTES)).isEmpty();
    }

    @Test
    void shouldGoOnWhereAPageOfChecksumsCannotBeRead() {
        long length = 1 << 20;
        long half = length / 2;
        SimulatedDisk disk = new SimulatedDisk(
                1, 5, 512, 64 << 20, new FaultAtlas(3), (kind, path, at, n) -> Set.of(new Region.Extent(1, at)));
        BlockStore store = open(disk, length);
        ByteBuffer content = ByteBuffer.allocate((int) length);
        Arrays.fill(content.array(), (byte) 7);
        store.write(0, content);
        store.fsync();
        assertThat(disk.breakSector("/data/volumes/v-0.chunk.sums", 8192 + 4096 + 100))
                .isTrue();
        assertThatThrownBy(() -> store.read(half + 8192, ByteBuffer.allocate(BLOCK_BYTES)))
                .isInstanceOf(DamagedBlocksException.class);
        store.read(half - BLOCK_BYTES, ByteBuffer.allocate(BLOCK_BYTES));
        store.write(half + 8192, ByteBuffer.allocate(512));
        store.read(half + 8192, ByteBuffer.allocate(512));
        assertThat(store.verify(0, length))
                .containsExactly(new DamagedRange(half, 8192), new DamagedRange(half + 8192 + 512, half - 8192 - 512));
        store.beginAdopting();
        assertThat(store.verify(0, length)).isEmpty();
        store.endAdopting();
        assertThat(store.verify(0, length)).isEmpty();
    }

    /** A device sector of 4 KiB: a part of it can only be written by who has read it. */
    @Test
    void shouldWriteAPartOfAPageThatCannotBeRead() {
        SimulatedDisk disk = new SimulatedDisk(
                1,
                5,
                4096,
                64 << 20,
                new FaultAtlas(3),
                (kind, path, at, n) -> Set.of(new Region.Extent(1, at / BLOCK_BYTES)));
        BlockStore store = open(disk, BLOCKS * BLOCK_BYTES);
        store.write(0, ByteBuffer.wrap(new byte[8 * BLOCK_BYTES]).put(0, (byte) 7));
        store.fsync();
        assertThat(disk.breakSector("/data/volumes/v-0.chunk", 4 * BLOCK_BYTES)).isTrue();
        store.write(4 * BLOCK_BYTES + 512, ByteBuffer.allocate(512).put(0, (byte) 9));
        assertThat(store.verify(0, BLOCKS * BLOCK_BYTES))
                .as("the rest of the page is lost, and says so")
                .containsExactly(
                        new DamagedRange(4 * BLOCK_BYTES, 512),
                        new DamagedRange(4 * BLOCK_BYTES + 1024, BLOCK_BYTES - 1024));
        ByteBuffer into = ByteBuffer.allocate(512);
        store.read(4 * BLOCK_BYTES + 512, into);
        assertThat(into.get(0)).isEqualTo((byte) 9);
    }

    private static byte[] readAll(BlockStore store, int length) {
        ByteBuffer into = ByteBuffer.allocate(length);
        store.read(0, into);
        return into.array();
    }
}
