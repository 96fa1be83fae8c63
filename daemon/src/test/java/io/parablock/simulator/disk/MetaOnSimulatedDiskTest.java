package io.parablock.simulator.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parablock.wal.AtomicFile;
import io.parablock.wal.Durability;
import io.parablock.wal.FileStateStore;
import io.parablock.wal.StateLostException;
import io.parablock.wal.StateStore;
import io.parablock.wal.UnsupportedFormatException;
import io.parablock.wal.WalFailedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** META in its two blocks: a crash at each sector of each write, rot of each copy, what a disk hides, and the older format. */
class MetaOnSimulatedDiskTest {
    private static final int MAGIC = 0x4154_454D;
    private static final int SECTOR_BYTES = 512;
    private static final int SECTORS = 8;
    private static final int LENGTH_MAX = 4096 - 28;
    private static final List<String> COPIES =
            List.of(SectorNodeStorage.STATE + "/meta.0", SectorNodeStorage.STATE + "/meta.1");

    private static final SectorNodeStorage.Config CONFIG =
            SectorNodeStorage.Config.tiny(Durability.FSYNC, 64 << 10).withSectorBytes(SECTOR_BYTES);

    private static SimulatedDisk disk(long seed, FaultAtlas atlas) {
        return new SectorNodeStorage(1, seed, CONFIG, atlas).disk();
    }

    /** With one voter the atlas never lets both copies go. */
    private static SimulatedDisk disk(long seed) {
        return disk(seed, new FaultAtlas(1));
    }

    private static StateStore open(SimulatedDisk disk) {
        return FileStateStore.open(disk.path(SectorNodeStorage.STATE));
    }

    /** Each version has other bytes in each of its sectors. */
    private static byte[] image(int version) {
        byte[] bytes = new byte[LENGTH_MAX];
        new Random(version).nextBytes(bytes);
        bytes[0] = (byte) version;
        return bytes;
    }

    private static byte[] bytesOf(SimulatedDisk disk, int copy) throws IOException {
        return Files.readAllBytes(disk.path(COPIES.get(copy)));
    }

    /** The sectors of {@code kept} are those of the later bytes. */
    private static byte[] torn(byte[] earlier, byte[] later, int kept) {
        byte[] bytes = earlier.clone();
        for (int i = 0; i < SECTORS; i++) {
            if ((kept >> i & 1) != 0) {
                System.arraycopy(later, i * SECTOR_BYTES, bytes, i * SECTOR_BYTES, SECTOR_BYTES);
            }
        }
        return bytes;
    }

    private static void rot(SimulatedDisk disk, int copy, Random random) {
        disk.flipBit(COPIES.get(copy), random.nextInt(4096), random.nextInt(8));
    }

    @Test
    void shouldKnowTheNewestWithEachSubsetOfSectorsOfEachWrite() throws IOException {
        SimulatedDisk source = disk(1);
        StateStore writer = open(source);
        writer.saveMeta(image(1));
        byte[] earlier = bytesOf(source, 0);
        writer.saveMeta(image(2));
        byte[] later = bytesOf(source, 0);
        assertThat(bytesOf(source, 1)).isEqualTo(later);
        Random random = new Random(1);
        for (int write = 0; write < 2; write++) {
            for (int kept = 0; kept < 1 << SECTORS; kept++) {
                SimulatedDisk disk = disk(1);
                open(disk).saveMeta(image(1));
                byte[] torn = torn(earlier, later, kept);
                Files.write(disk.path(COPIES.get(0)), write == 0 ? torn : later);
                Files.write(disk.path(COPIES.get(1)), write == 1 ? torn : earlier);
                boolean whole = write == 1 || kept == (1 << SECTORS) - 1;
                byte[] expected = image(whole ? 2 : 1);
                assertThat(open(disk).loadMeta())
                        .as("write %d, sectors %x", write, kept)
                        .isEqualTo(expected);
                // It was told: it stays, without any one of the copies.
                disk.powerLoss();
                rot(disk, kept % 2, random);
                assertThat(open(disk).loadMeta())
                        .as("write %d, sectors %x", write, kept)
                        .isEqualTo(expected);
                disk.powerLoss();
                rot(disk, 1 - kept % 2, random);
                assertThat(open(disk).loadMeta())
                        .as("write %d, sectors %x", write, kept)
                        .isEqualTo(expected);
            }
        }
    }

    /** Saves until a crash; returns {last version saved, last version begun}. */
    private static int[] save(SimulatedDisk disk, StateStore store, int from, int saves, int crashAfter) {
        int version = from;
        try {
            disk.crashAfter(crashAfter);
            for (; version < from + saves; version++) {
                store.saveMeta(image(version));
            }
            disk.crashAfter(-1);
            return new int[] {version - 1, version - 1};
        } catch (SimulatedCrash | WalFailedException died) {
            disk.crashAfter(-1);
            return new int[] {version - 1, version};
        }
    }

    /** The rotten copy is the one fault that two copies are for: no crash beside it may lose META. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldNeverLoseMetaToACrashWhileOneCopyIsRotten(boolean direct) {
        int crashes = 0;
        for (long seed = 0; seed < 600; seed++) {
            SimulatedDisk disk = disk(seed);
            if (!direct) {
                ((SimulatedFileSystem) disk.fileSystem()).refuseDirect();
            }
            Random random = new Random(seed);
            StateStore store = open(disk);
            store.saveMeta(image(1));
            int held = 1;
            for (int boot = 0; boot < 5; boot++) {
                rot(disk, random.nextInt(2), random);
                int[] savedAndBegun = save(disk, store, held + 1, 2, random.nextInt(direct ? 14 : 24));
                crashes += savedAndBegun[1] - savedAndBegun[0];
                end(disk, random);
                // The start dies too, now and then.
                disk.crashAfter(random.nextInt(12));
                try {
                    assertThat(open(disk).loadMeta())
                            .as("seed %d boot %d", seed, boot)
                            .isIn(image(savedAndBegun[0]), image(savedAndBegun[1]));
                } catch (SimulatedCrash crash) {
                    end(disk, random);
                }
                disk.crashAfter(-1);
                store = open(disk);
                byte[] found = store.loadMeta();
                assertThat(found)
                        .as("seed %d boot %d", seed, boot)
                        .isIn(image(savedAndBegun[0]), image(savedAndBegun[1]));
                held = found[0];
            }
        }
        assertThat(crashes).isGreaterThan(1000);
    }

    private static void end(SimulatedDisk disk, Random random) {
        if (random.nextBoolean()) {
            disk.powerLoss();
        } else {
            disk.kill();
        }
    }

    /** Two faults at once may lose it, and then it is known to be lost. */
    @Test
    void shouldNeverGoBackWhateverRotsAfterACrash() {
        int lost = 0;
        for (long seed = 0; seed < 1000; seed++) {
            SimulatedDisk disk = disk(seed);
            Random random = new Random(seed);
            StateStore store = open(disk);
            store.saveMeta(image(1));
            int[] savedAndBegun = save(disk, store, 2, 3, random.nextInt(13));
            end(disk, random);
            rot(disk, random.nextInt(2), random);
            if (random.nextInt(4) == 0) {
                rot(disk, random.nextInt(2), random);
            }
            try {
                assertThat(open(disk).loadMeta())
                        .as("seed %d", seed)
                        .isIn(image(savedAndBegun[0]), image(savedAndBegun[1]));
            } catch (StateLostException e) {
                lost++;
            }
        }
        assertThat(lost).isBetween(50, 500);
    }

    @Test
    void shouldNeverGoBackWhenWritesAreLostOrGoAstray() {
        long lost = 0;
        long astray = 0;
        for (long seed = 0; seed < 600; seed++) {
            FaultAtlas atlas = new FaultAtlas(1);
            SimulatedDisk disk = disk(seed, atlas);
            Random random = new Random(seed);
            StateStore store = open(disk);
            store.saveMeta(image(1));
            disk.faults(DiskFaults.NONE.withLostWritePpm(10_000).withMisdirectedWritePpm(10_000));
            int held = 1;
            for (int boot = 0; boot < 4; boot++) {
                int[] savedAndBegun = save(disk, store, held + 1, 5, random.nextInt(30));
                if (savedAndBegun[0] == savedAndBegun[1]) {
                    // Not beside a copy that a crash has torn: of that the atlas knows nothing.
                    disk.rot(COPIES.get(random.nextInt(2)), random.nextInt(4096));
                }
                end(disk, random);
                byte[] found = loadWithin(disk);
                assertThat(found)
                        .as("seed %d boot %d", seed, boot)
                        .isIn(image(savedAndBegun[0]), image(savedAndBegun[1]));
                held = found[0];
                // Told once, it stays, though each of the copies may rot.
                disk.rot(COPIES.get(random.nextInt(2)), random.nextInt(4096));
                end(disk, random);
                assertThat(loadWithin(disk)).as("seed %d boot %d", seed, boot).isEqualTo(image(held));
                store = open(disk);
            }
            lost += atlas.fired().get(FaultKind.LOST_WRITE);
            astray += atlas.fired().get(FaultKind.MISDIRECTED_WRITE);
        }
        assertThat(lost).isGreaterThan(500);
        assertThat(astray).isGreaterThan(500);
    }

    /** A start that cannot make both copies hold it gives up, and the next one tries again. */
    private static byte[] loadWithin(SimulatedDisk disk) {
        for (int i = 0; ; i++) {
            try {
                byte[] found = open(disk).loadMeta();
                assertThat(found).isNotNull();
                return found;
            } catch (WalFailedException e) {
                assertThat(i).isLessThan(10);
            }
        }
    }

    @Test
    void shouldNoticeALostWriteAtOnceAndPutMetaElsewhere() {
        int noticed = 0;
        for (long seed = 0; seed < 100; seed++) {
            FaultAtlas atlas = new FaultAtlas(1);
            SimulatedDisk disk = disk(seed, atlas);
            StateStore store = open(disk);
            store.saveMeta(image(1));
            disk.faults(DiskFaults.NONE.withLostWritePpm(60_000));
            try {
                store.saveMeta(image(2));
            } catch (WalFailedException twice) {
                continue;
            }
            disk.faults(DiskFaults.NONE);
            noticed += atlas.fired().get(FaultKind.LOST_WRITE) > 0 ? 1 : 0;
            assertThat(store.damagedCopies(StateStore.Part.META)).isZero();
            assertThat(atlas.hasDamage(1)).isFalse();
            disk.powerLoss();
            assertThat(open(disk).loadMeta()).isEqualTo(image(2));
        }
        assertThat(noticed).isGreaterThan(30);
    }

    @Test
    void shouldGiveUpOnADiskThatTakesNothing() {
        SimulatedDisk disk = disk(1, new FaultAtlas(3));
        StateStore store = open(disk);
        store.saveMeta(image(1));
        disk.faults(DiskFaults.NONE.withLostWritePpm(1_000_000));
        assertThatThrownBy(() -> store.saveMeta(image(2)))
                .isInstanceOf(WalFailedException.class)
                .hasMessageContaining("meta.0 does not hold what was written to it");
        disk.faults(DiskFaults.NONE);
        disk.powerLoss();
        assertThat(open(disk).loadMeta()).isEqualTo(image(1));
    }

    // ---------------------------------------------------------------- format version 1

    private static byte[] small(int version) {
        return Arrays.copyOf(image(version), 46);
    }

    /** As the program before this format wrote them. */
    private static SimulatedDisk oldDisk(long seed, int first, int second) throws IOException {
        SimulatedDisk disk = disk(seed);
        AtomicFile.createDirectories(disk.path(SectorNodeStorage.STATE));
        new AtomicFile(disk.path(COPIES.get(0)), MAGIC).write(first, small(first));
        new AtomicFile(disk.path(COPIES.get(1)), MAGIC).write(second, small(second));
        return disk;
    }

    /** What that program makes of them: null if it refuses. */
    private static @Nullable Long readByOldProgram(SimulatedDisk disk) {
        long newest = 0;
        for (String copy : COPIES) {
            Path path = disk.path(copy);
            try {
                AtomicFile.Content found = new AtomicFile(path, MAGIC).read();
                newest = Math.max(newest, found == null ? 0 : found.sequence());
            } catch (UnsupportedFormatException e) {
                assertThat(e).hasMessage(path + " has format version 2; this program reads up to 1");
                return null;
            }
        }
        return newest;
    }

    @ParameterizedTest
    @CsvSource({"7, 7, true", "8, 7, true", "7, 7, false", "8, 7, false"})
    void shouldConvertTheOlderFormatWhereverTheStartDies(int first, int second, boolean power) throws IOException {
        int refused = 0;
        int whole = 0;
        for (long seed = 0; seed < 12; seed++) {
            for (int step = 0; step < 40; step++) {
                SimulatedDisk disk = oldDisk(seed, first, second);
                boolean died = false;
                for (int at = step; at >= 0; at -= 13) {
                    disk.crashAfter(at);
                    try {
                        assertThat(open(disk).loadMeta()).isEqualTo(small(first));
                    } catch (SimulatedCrash crash) {
                        died = true;
                    }
                    if (power) {
                        disk.powerLoss();
                    } else {
                        disk.kill();
                    }
                    Long old = readByOldProgram(disk);
                    refused += old == null ? 1 : 0;
                    assertThat(old).as("seed %d step %d", seed, step).isIn(null, (long) first);
                    assertThat(died || old == null).isTrue();
                }
                StateStore store = open(disk);
                assertThat(store.loadMeta()).as("seed %d step %d", seed, step).isEqualTo(small(first));
                assertThat(readByOldProgram(disk)).isNull();
                store.saveMeta(small(9));
                disk.powerLoss();
                for (int copy = 0; copy < 2; copy++) {
                    assertThat(bytesOf(disk, copy)).hasSize(4096);
                }
                rot(disk, step % 2, new Random(seed));
                assertThat(open(disk).loadMeta())
                        .as("seed %d step %d", seed, step)
                        .isEqualTo(small(9));
                whole++;
            }
        }
        assertThat(refused).isPositive();
        assertThat(whole).isEqualTo(480);
    }

    @Test
    void shouldConvertFromTheGoodCopyAndLeaveTwoBadOnesAsTheyAre() throws IOException {
        for (int bad = 0; bad < 2; bad++) {
            for (int step = 0; step < 20; step++) {
                SimulatedDisk disk = oldDisk(step, 7, 7);
                disk.flipBit(COPIES.get(bad), 40, 3);
                disk.crashAfter(step);
                try {
                    assertThat(open(disk).loadMeta()).isEqualTo(small(7));
                } catch (SimulatedCrash crash) {
                    disk.powerLoss();
                }
                disk.crashAfter(-1);
                assertThat(open(disk).loadMeta())
                        .as("bad %d step %d", bad, step)
                        .isEqualTo(small(7));
            }
        }
        SimulatedDisk disk = oldDisk(1, 7, 7);
        disk.flipBit(COPIES.get(0), 40, 3);
        disk.flipBit(COPIES.get(1), 40, 3);
        byte[] before = bytesOf(disk, 0);
        assertThatThrownBy(() -> open(disk).loadMeta()).isInstanceOf(StateLostException.class);
        assertThat(bytesOf(disk, 0)).isEqualTo(before);
    }
}
