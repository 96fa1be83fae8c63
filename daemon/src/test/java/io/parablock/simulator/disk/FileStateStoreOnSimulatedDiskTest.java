package io.parablock.simulator.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parablock.wal.Durability;
import io.parablock.wal.FileStateStore;
import io.parablock.wal.StateLostException;
import io.parablock.wal.StateStore;
import io.parablock.wal.StateStoreContract;
import io.parablock.wal.WalFailedException;
import java.util.List;
import java.util.Random;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** META, SYNCREC and CKPT over a disk that loses, tears and rots. */
class FileStateStoreOnSimulatedDiskTest {
    private static final String DIRECTORY = SectorNodeStorage.STATE;

    private static final SectorNodeStorage.Config CONFIG =
            SectorNodeStorage.Config.tiny(Durability.FSYNC, 64 << 10).withSectorBytes(512);

    private static SectorNodeStorage storage(long seed) {
        return new SectorNodeStorage(1, seed, CONFIG, new FaultAtlas(3));
    }

    private static StateStore open(SimulatedDisk disk) {
        return FileStateStore.open(disk.path(DIRECTORY));
    }

    @Nested
    class Contract extends StateStoreContract {
        private final SimulatedDisk disk = storage(1).disk();

        @Override
        protected StateStore open() {
            return FileStateStoreOnSimulatedDiskTest.open(disk);
        }

        @Override
        protected void lose(StateStore.Part part) {
            List<String> names = switch (part) {
                case META -> List.of("meta.0", "meta.1");
                case SYNC_RECORD -> List.of("syncrec");
                case CHECKPOINT -> List.of("ckpt");
            };
            names.forEach(name -> disk.flipBit(DIRECTORY + "/" + name, 28, 3));
        }
    }

    private static byte[] image(int version) {
        byte[] bytes = new byte[100 + version % 7 * 400];
        new Random(version).nextBytes(bytes);
        bytes[0] = (byte) version;
        return bytes;
    }

    /** Saves versions until the crash; returns {last version saved, last version begun}. */
    private static int[] saveUntilCrash(StateStore store, BiConsumer<StateStore, byte[]> save, int from) {
        int version = from;
        try {
            for (; version < from + 4; version++) {
                save.accept(store, image(version));
            }
            return new int[] {version - 1, version - 1};
        } catch (SimulatedCrash crash) {
            return new int[] {version - 1, version};
        }
    }

    private static void crashEverywhere(
            BiConsumer<StateStore, byte[]> save, Function<StateStore, byte[]> load, int stepsMax, boolean power) {
        int died = 0;
        for (long seed = 0; seed < 300; seed++) {
            SimulatedDisk disk = storage(seed).disk();
            Random random = new Random(seed);
            StateStore store = open(disk);
            save.accept(store, image(1));
            int held = 1;
            for (int boot = 0; boot < 6; boot++) {
                disk.crashAfter(random.nextInt(stepsMax));
                int[] savedAndBegun = saveUntilCrash(store, save, held + 1);
                died += savedAndBegun[1] - savedAndBegun[0];
                if (power) {
                    disk.powerLoss();
                } else {
                    disk.kill();
                }
                store = open(disk);
                byte[] found = load.apply(store);
                assertThat(found)
                        .as("seed %d boot %d", seed, boot)
                        .isIn(image(savedAndBegun[0]), image(savedAndBegun[1]));
                held = found[0];
                // What a load has told stays so, whatever happens next.
                if (random.nextBoolean()) {
                    disk.powerLoss();
                    store = open(disk);
                    assertThat(load.apply(store))
                            .as("seed %d boot %d, again", seed, boot)
                            .isEqualTo(image(held));
                }
            }
        }
        assertThat(died).isGreaterThan(500);
    }

    @Test
    void shouldReplaceMetaAtomicallyAndNeverGoBack() {
        crashEverywhere(StateStore::saveMeta, StateStore::loadMeta, 20, true);
        crashEverywhere(StateStore::saveMeta, StateStore::loadMeta, 20, false);
    }

    @Test
    void shouldReplaceSyncRecordAtomicallyAndNeverGoBack() {
        crashEverywhere(StateStore::saveSyncRecord, StateStore::loadSyncRecord, 24, true);
        crashEverywhere(StateStore::saveSyncRecord, StateStore::loadSyncRecord, 24, false);
    }

    @Test
    void shouldReplaceCheckpointAtomicallyAndNeverGoBack() {
        crashEverywhere(StateStore::saveCheckpoint, StateStore::loadCheckpoint, 24, true);
        crashEverywhere(StateStore::saveCheckpoint, StateStore::loadCheckpoint, 24, false);
    }

    @Test
    void shouldKeepMetaWithOneRottenCopyAndNeverGoBack() {
        int rotten = 0;
        for (long seed = 0; seed < 200; seed++) {
            // With one voter the atlas never lets both copies go.
            SimulatedDisk disk = new SectorNodeStorage(1, seed, CONFIG, new FaultAtlas(1)).disk();
            Random random = new Random(seed);
            StateStore store = open(disk);
            for (int version = 1; version < 10; version++) {
                store.saveMeta(image(version));
                for (int i = 0; i < 3; i++) {
                    String copy = DIRECTORY + "/meta." + random.nextInt(2);
                    rotten += disk.rot(copy, random.nextInt(100)) == null ? 0 : 1;
                }
                if (random.nextBoolean()) {
                    disk.powerLoss();
                    store = open(disk);
                }
                if (random.nextBoolean()) {
                    assertThat(store.loadMeta()).as("seed %d", seed).isEqualTo(image(version));
                }
            }
        }
        assertThat(rotten).isPositive();
    }

    /** A running node whose scrub found a bad copy saves the same again: wherever that dies, the good one is there. */
    @Test
    void shouldNeverLoseTheGoodCopyOfMetaWhileTheBadOneIsWrittenAgain() {
        int died = 0;
        for (long seed = 0; seed < 400; seed++) {
            SimulatedDisk disk = storage(seed).disk();
            Random random = new Random(seed);
            StateStore store = open(disk);
            store.saveMeta(image(1));
            disk.flipBit(DIRECTORY + "/meta." + random.nextInt(2), 40, 3);
            assertThat(store.damagedCopies(StateStore.Part.META)).isEqualTo(1);
            disk.crashAfter(random.nextInt(10));
            try {
                store.saveMeta(image(1));
                disk.crashAfter(-1);
                assertThat(store.damagedCopies(StateStore.Part.META)).isZero();
            } catch (SimulatedCrash crash) {
                died++;
            }
            if (random.nextBoolean()) {
                disk.powerLoss();
            } else {
                disk.kill();
            }
            assertThat(open(disk).loadMeta()).as("seed %d", seed).isEqualTo(image(1));
        }
        assertThat(died).isGreaterThan(100);
    }

    @Test
    void shouldCreateItsFoldersDurablyWhereverTheFirstStartDied() {
        for (long seed = 0; seed < 300; seed++) {
            SimulatedDisk disk = storage(seed).disk();
            disk.crashAfter(seed % 20);
            try {
                open(disk).saveMeta(image(1));
            } catch (SimulatedCrash died) {
                disk.kill();
            }
            disk.kill();
            open(disk).saveMeta(image(2));
            disk.powerLoss();
            assertThat(open(disk).loadMeta()).as("seed %d", seed).isEqualTo(image(2));
        }
    }

    @Test
    void shouldFailForGoodWhenAForceFails() {
        SimulatedDisk disk = storage(3).disk();
        StateStore store = open(disk);
        store.saveMeta(image(1));
        disk.faults(DiskFaults.NONE.withWriteErrorPpm(1_000_000));
        assertThatThrownBy(() -> store.saveMeta(image(2))).isInstanceOf(WalFailedException.class);
        disk.faults(DiskFaults.NONE);
        assertThatThrownBy(() -> store.saveMeta(image(3))).isInstanceOf(WalFailedException.class);
        disk.kill();
        assertThat(open(disk).loadMeta()).isIn(image(1), image(2));
    }

    @Test
    void shouldSayThatSyncRecordIsLostWhenItsWriteWas() {
        SimulatedDisk disk = storage(4).disk();
        StateStore store = open(disk);
        store.saveSyncRecord(image(1));
        disk.faults(DiskFaults.NONE.withLostWritePpm(1_000_000));
        store.saveSyncRecord(image(2));
        disk.powerLoss();
        disk.faults(DiskFaults.NONE);
        assertThatThrownBy(() -> open(disk).loadSyncRecord()).isInstanceOf(StateLostException.class);
    }
}
