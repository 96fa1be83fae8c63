package io.parablock.simulator.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.function.LongConsumer;
import org.junit.jupiter.api.Test;

/** Each thing that a disk may do, and nothing else. */
class SimulatedDiskTest {
    private static final int SECTOR_BYTES = 512;
    private static final int SEEDS = 100;
    private static final Set<StandardOpenOption> NEW =
            Set.of(StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);

    private final FaultAtlas atlas = new FaultAtlas(3);
    private RegionMap regions = (kind, path, at, length) -> Set.of();

    private SimulatedDisk disk(long seed) {
        SimulatedDisk disk = new SimulatedDisk(
                1, seed, SECTOR_BYTES, 1 << 20, atlas, (kind, path, at, n) -> regions.regionsOf(kind, path, at, n));
        disk.faults(new DiskFaults(0, 0, 0, 0, 0));
        return disk;
    }

    private static FileChannel create(SimulatedDisk disk, String path) throws IOException {
        return FileChannel.open(disk.path(path), NEW);
    }

    /** A file of sectors that each hold their number plus one, durable with its name. */
    private static FileChannel durableFile(SimulatedDisk disk, int sectors) throws IOException {
        FileChannel file = create(disk, "/f");
        for (int i = 0; i < sectors; i++) {
            file.write(sectorOf(i + 1), (long) i * SECTOR_BYTES);
        }
        file.force(true);
        forceRoot(disk);
        return file;
    }

    private static ByteBuffer sectorOf(int value) {
        byte[] bytes = new byte[SECTOR_BYTES];
        Arrays.fill(bytes, (byte) value);
        return ByteBuffer.wrap(bytes);
    }

    private static void forceRoot(SimulatedDisk disk) throws IOException {
        try (FileChannel root = FileChannel.open(disk.path("/"), StandardOpenOption.READ)) {
            root.force(true);
        }
    }

    /** The value of each sector, or -1 for one of mixed bytes. */
    private static int[] sectors(SimulatedDisk disk, String path) throws IOException {
        byte[] bytes = Files.readAllBytes(disk.path(path));
        int[] values = new int[bytes.length / SECTOR_BYTES];
        for (int i = 0; i < values.length; i++) {
            byte[] sector = Arrays.copyOfRange(bytes, i * SECTOR_BYTES, (i + 1) * SECTOR_BYTES);
            values[i] = Arrays.equals(sector, sectorOf(sector[0]).array()) ? sector[0] : -1;
        }
        return values;
    }

    private static void forSeeds(LongConsumer body) {
        for (long seed = 0; seed < SEEDS; seed++) {
            body.accept(seed);
        }
    }

    @Test
    void shouldKeepPageCacheOverKillAndRefuseTheDeadProcess() throws IOException {
        SimulatedDisk disk = disk(1);
        FileChannel file = create(disk, "/f");
        file.write(sectorOf(5), 0);
        disk.kill();
        assertThat(sectors(disk, "/f")).containsExactly(5);
        assertThatThrownBy(() -> file.write(sectorOf(6), 0)).isInstanceOf(ClosedChannelException.class);
        assertThatThrownBy(() -> file.force(false)).isInstanceOf(ClosedChannelException.class);
        assertThat(sectors(disk, "/f")).containsExactly(5);
    }

    @Test
    void shouldKeepAnySubsetOfUnforcedSectorsAndTearWrites() throws IOException {
        Set<String> outcomes = new HashSet<>();
        for (long seed = 0; seed < 400; seed++) {
            SimulatedDisk disk = disk(seed);
            FileChannel file = durableFile(disk, 3);
            file.write(
                    ByteBuffer.allocate(3 * SECTOR_BYTES)
                            .put(sectorOf(9))
                            .put(sectorOf(9))
                            .put(sectorOf(9))
                            .flip(),
                    0);
            disk.powerLoss();
            int[] found = sectors(disk, "/f");
            for (int i = 0; i < 3; i++) {
                assertThat(found[i]).isIn(i + 1, 9);
            }
            outcomes.add(Arrays.toString(found));
        }
        assertThat(outcomes).hasSize(8);
        assertThat(atlas.fired().get(FaultKind.TORN_WRITE)).isPositive();
    }

    @Test
    void shouldKeepForcedSectors() throws IOException {
        for (long seed = 0; seed < SEEDS; seed++) {
            SimulatedDisk disk = disk(seed);
            FileChannel file = durableFile(disk, 3);
            file.write(sectorOf(9), SECTOR_BYTES);
            file.force(false);
            disk.powerLoss();
            assertThat(sectors(disk, "/f")).containsExactly(1, 9, 3);
        }
        assertThat(atlas.fired().get(FaultKind.LOST_SECTORS)).isZero();
    }

    @Test
    void shouldWriteBackInBetween() throws IOException {
        Set<Integer> found = new HashSet<>();
        for (long seed = 0; seed < SEEDS; seed++) {
            SimulatedDisk disk = disk(seed);
            disk.faults(DiskFaults.NONE);
            FileChannel file = durableFile(disk, 1);
            for (int version = 2; version < 20; version++) {
                file.write(sectorOf(version), 0);
            }
            disk.powerLoss();
            found.add(sectors(disk, "/f")[0]);
        }
        assertThat(found).contains(1, 19).hasSizeGreaterThan(8);
    }

    @Test
    void shouldLoseNamesInOrderUnlessTheDirectoryWasForced() throws IOException {
        Set<String> outcomes = new HashSet<>();
        for (long seed = 0; seed < SEEDS; seed++) {
            SimulatedDisk disk = disk(seed);
            durableFile(disk, 1);
            FileChannel next = create(disk, "/f.tmp");
            next.write(sectorOf(2), 0);
            next.force(true);
            Files.move(disk.path("/f.tmp"), disk.path("/f"), StandardCopyOption.ATOMIC_MOVE);
            create(disk, "/g").force(true);
            disk.powerLoss();
            outcomes.add(sectors(disk, "/f")[0] + " " + Files.exists(disk.path("/f.tmp")) + " "
                    + Files.exists(disk.path("/g")));
        }
        assertThat(outcomes)
                .containsExactlyInAnyOrder("1 false false", "1 true false", "2 false false", "2 false true");
        assertThat(atlas.fired().get(FaultKind.LOST_NAME)).isPositive();
    }

    @Test
    void shouldKeepNamesOfForcedDirectory() throws IOException {
        for (long seed = 0; seed < SEEDS; seed++) {
            SimulatedDisk disk = disk(seed);
            durableFile(disk, 1);
            create(disk, "/g").force(true);
            Files.delete(disk.path("/f"));
            forceRoot(disk);
            disk.powerLoss();
            assertThat(Files.exists(disk.path("/g"))).isTrue();
            assertThat(Files.exists(disk.path("/f"))).isFalse();
        }
    }

    @Test
    void shouldBringUnforcedDeletionBack() throws IOException {
        Set<Boolean> outcomes = new HashSet<>();
        for (long seed = 0; seed < SEEDS; seed++) {
            SimulatedDisk disk = disk(seed);
            durableFile(disk, 1);
            Files.delete(disk.path("/f"));
            disk.powerLoss();
            outcomes.add(Files.exists(disk.path("/f")));
        }
        assertThat(outcomes).containsExactlyInAnyOrder(true, false);
    }

    @Test
    void shouldRunFullAndRecoverByDeletion() throws IOException {
        SimulatedDisk disk = disk(1);
        FileChannel file = create(disk, "/f");
        file.write(ByteBuffer.allocate(1 << 19), 0);
        disk.fill(0);
        assertThatThrownBy(() -> file.write(sectorOf(1), 1 << 19))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("No space left");
        file.write(sectorOf(1), 0);
        assertThat(Files.getFileStore(disk.path("/")).getUsableSpace()).isZero();
        Files.delete(disk.path("/f"));
        assertThat(Files.getFileStore(disk.path("/")).getUsableSpace()).isEqualTo(1 << 19);
        disk.fill(-1);
        assertThat(Files.getFileStore(disk.path("/")).getUsableSpace()).isEqualTo(1 << 20);
        assertThat(atlas.fired().get(FaultKind.FULL_DISK)).isOne();
    }

    @Test
    void shouldFailReadsOfPageUntilItsSectorsAreWrittenAgain() throws IOException {
        SimulatedDisk disk = disk(1);
        FileChannel file = durableFile(disk, 9);
        assertThat(disk.breakSector("/f", 3 * SECTOR_BYTES)).isTrue();
        assertThatThrownBy(() -> file.read(ByteBuffer.allocate(1), 7)).isInstanceOf(IOException.class);
        assertThat(file.read(ByteBuffer.allocate(SECTOR_BYTES), 4096)).isEqualTo(SECTOR_BYTES);
        assertThatThrownBy(() -> file.write(ByteBuffer.allocate(1), SECTOR_BYTES))
                .isInstanceOf(IOException.class);
        for (int i = 0; i < 8; i++) {
            file.write(sectorOf(7), i * (long) SECTOR_BYTES);
        }
        assertThat(sectors(disk, "/f")).containsExactly(7, 7, 7, 7, 7, 7, 7, 7, 9);
    }

    @Test
    void shouldFailReadsByRate() throws IOException {
        SimulatedDisk disk = disk(1);
        FileChannel file = durableFile(disk, 2);
        disk.faults(new DiskFaults(0, 1_000_000, 0, 0, 0));
        assertThatThrownBy(() -> file.read(ByteBuffer.allocate(10), 0)).isInstanceOf(IOException.class);
        assertThat(atlas.fired().get(FaultKind.READ_ERROR)).isOne();
    }

    @Test
    void shouldForgetDirtySectorsInFailedForceAsLinuxDoes() throws IOException {
        Set<Integer> found = new HashSet<>();
        for (long seed = 0; seed < SEEDS; seed++) {
            SimulatedDisk disk = disk(seed);
            FileChannel file = durableFile(disk, 1);
            file.write(sectorOf(9), 0);
            disk.faults(new DiskFaults(0, 0, 1_000_000, 0, 0));
            assertThatThrownBy(() -> file.force(false)).isInstanceOf(IOException.class);
            disk.faults(new DiskFaults(0, 0, 0, 0, 0));
            file.force(false);
            assertThat(sectors(disk, "/f")).containsExactly(9);
            disk.powerLoss();
            found.add(sectors(disk, "/f")[0]);
        }
        assertThat(found).containsExactlyInAnyOrder(1, 9);
    }

    @Test
    void shouldRotWhereTheAtlasLetsIt() throws IOException {
        SimulatedDisk disk = disk(1);
        durableFile(disk, 2);
        regions = (kind, path, at, length) -> at == 0 ? null : Set.of(new Region.Slot(1, 7));
        assertThat(disk.rot("/f", 0)).isNull();
        assertThat(disk.rot("/f", SECTOR_BYTES)).isNotNull();
        assertThat(sectors(disk, "/f")).containsExactly(1, -1);
        assertThat(atlas.mayDamage(2, new Region.Slot(1, 7))).isFalse();
        assertThat(atlas.mayDamage(1, new Region.Slot(1, 7))).isTrue();
        try (FileChannel file = FileChannel.open(disk.path("/f"), StandardOpenOption.WRITE)) {
            file.write(sectorOf(2), SECTOR_BYTES);
            file.force(false);
        }
        assertThat(atlas.mayDamage(2, new Region.Slot(1, 7))).isTrue();
    }

    @Test
    void shouldLoseForcedWriteOnceTheLossCanBeTold() throws IOException {
        SimulatedDisk disk = disk(1);
        FileChannel file = durableFile(disk, 2);
        regions = (kind, path, at, length) -> null;
        disk.faults(DiskFaults.NONE.withLostWritePpm(1_000_000));
        file.write(sectorOf(9), 0);
        file.force(false);
        disk.faults(DiskFaults.NONE);
        regions = (kind, path, at, length) -> Set.of(new Region.Slot(1, 1));
        assertThat(atlas.fired().get(FaultKind.LOST_WRITE)).isZero();
        file.force(false);
        assertThat(atlas.fired().get(FaultKind.LOST_WRITE)).isOne();
        assertThat(sectors(disk, "/f")).as("the cache has it").containsExactly(9, 2);
        disk.powerLoss();
        assertThat(sectors(disk, "/f")).containsExactly(1, 2);
    }

    @Test
    void shouldKeepWriteWhoseLossNobodyCouldTell() throws IOException {
        SimulatedDisk disk = disk(1);
        FileChannel file = durableFile(disk, 2);
        regions = (kind, path, at, length) -> null;
        disk.faults(DiskFaults.NONE.withLostWritePpm(1_000_000));
        file.write(sectorOf(9), 0);
        file.force(false);
        disk.powerLoss();
        assertThat(sectors(disk, "/f")).containsExactly(9, 2);
        assertThat(atlas.fired().get(FaultKind.LOST_WRITE)).isZero();
    }

    @Test
    void shouldMisdirectWriteWithinTheFile() throws IOException {
        Set<String> found = new HashSet<>();
        for (long seed = 0; seed < SEEDS; seed++) {
            SimulatedDisk disk = disk(seed);
            FileChannel file = durableFile(disk, 3);
            disk.faults(DiskFaults.NONE.withMisdirectedWritePpm(1_000_000));
            file.write(sectorOf(9), 0);
            file.force(false);
            disk.evict();
            found.add(Arrays.toString(sectors(disk, "/f")));
        }
        assertThat(found).containsExactlyInAnyOrder("[9, 2, 3]", "[1, 9, 3]", "[1, 2, 9]");
        assertThat(atlas.fired().get(FaultKind.MISDIRECTED_WRITE)).isPositive();
    }

    @Test
    void shouldWipe() throws IOException {
        SimulatedDisk disk = disk(1);
        FileChannel file = durableFile(disk, 1);
        disk.wipe();
        assertThatThrownBy(() -> Files.readAllBytes(disk.path("/f"))).isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(file::size).isInstanceOf(ClosedChannelException.class);
        assertThat(atlas.isLost(1)).isTrue();
        assertThat(atlas.mayLose(2)).isFalse();
    }

    @Test
    void shouldCrashAtEachStep() throws IOException {
        long before = disk(1).steps();
        SimulatedDisk whole = disk(1);
        durableFile(whole, 2);
        long steps = whole.steps() - before;
        assertThat(steps).isEqualTo(5); // create, two writes, two forces
        for (long at = 0; at < steps; at++) {
            SimulatedDisk disk = disk(1);
            disk.crashAfter(at);
            assertThatThrownBy(() -> durableFile(disk, 2)).isInstanceOf(SimulatedCrash.class);
            disk.kill();
            Path file = disk.path("/f");
            assertThat(Files.exists(file)).isEqualTo(at > 0);
        }
    }

    @Test
    void shouldDoTheSameForTheSameSeed() {
        forSeeds(seed -> {
            try {
                assertThat(history(seed)).isEqualTo(history(seed));
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
    }

    private String history(long seed) throws IOException {
        SimulatedDisk disk = disk(seed);
        disk.faults(new DiskFaults(200_000, 0, 100_000, 0, 0));
        StringBuilder history = new StringBuilder();
        FileChannel file = durableFileOrNull(disk);
        for (int i = 0; file != null && i < 20; i++) {
            try {
                file.write(sectorOf(i), (i % 5) * (long) SECTOR_BYTES);
                file.force(false);
            } catch (IOException e) {
                history.append(e.getMessage()).append(i);
            }
        }
        disk.powerLoss();
        return history.append(Files.exists(disk.path("/f")) ? Arrays.toString(sectors(disk, "/f")) : "gone")
                .toString();
    }

    private static FileChannel durableFileOrNull(SimulatedDisk disk) {
        try {
            return durableFile(disk, 5);
        } catch (IOException e) {
            return null;
        }
    }
}
