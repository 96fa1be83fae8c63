package io.parablock.simulator.disk;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.wal.DamagedRecord;
import io.parablock.wal.Durability;
import io.parablock.wal.RecordDescriptor;
import io.parablock.wal.TestRecords;
import io.parablock.wal.TestRecords.Recorder;
import io.parablock.wal.Wal;
import io.parablock.wal.WalException;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The production log of the engine {@code chronicle} over a disk that records every write and force, and loses, tears and
 * damages what was not forced: random histories, each by its seed. Its records are put into the simulated sectors by
 * {@link SectorWriter} in the queue's stead; a store into a real mapping cannot be recorded. {@code -Dparablock.images} says
 * how many histories each test has (default 100, acceptance 2000), of up to six crashes each.
 */
class SectorWalPropertyTest {
    private static final int GROUP = 1;
    private static final int SEEDS = Integer.getInteger("parablock.images", 100);
    private static final int PAYLOAD_BYTES_MAX = 3000;

    private static SectorNodeStorage.Config config(Durability durability, int sectorBytes) {
        return new SectorNodeStorage.Config(
                GROUP,
                42,
                durability,
                sectorBytes,
                16 << 20,
                64 << 10,
                6 << 10,
                PAYLOAD_BYTES_MAX + RecordDescriptor.HEADER_LENGTH_MAX,
                false,
                DiskMutation.NONE);
    }

    /** One node's log over boots, and what it has promised. */
    private static final class History {
        final long seed;
        final Random random;
        final Durability durability;
        final FaultAtlas atlas = new FaultAtlas(3);
        final SectorNodeStorage storage;
        final Set<Long> appended = new TreeSet<>();
        final Set<Long> heard = new TreeSet<>();
        /** Whatever happens to power, these must be found, or reported as damaged. */
        final Set<Long> promised = new TreeSet<>();

        long nextSlot = 1;
        long truncated;

        History(long seed, Durability durability, int sectorBytes) {
            this.seed = seed;
            this.random = new Random(seed);
            this.durability = durability;
            this.storage = new SectorNodeStorage(1, seed, config(durability, sectorBytes), atlas);
        }

        Wal open() {
            heard.clear();
            return storage.openWal(slot -> {
                heard.add(slot);
                if (durability == Durability.FSYNC) {
                    promised.add(slot);
                }
            });
        }

        void someOperations(Wal wal, int count) {
            for (int i = 0; i < count; i++) {
                switch (random.nextInt(12)) {
                    case 0, 1, 2, 3, 4, 5 -> append(wal);
                    case 6, 7, 8 -> wal.submit();
                    case 9 -> {
                        wal.force();
                        promised.addAll(appended.stream()
                                .filter(slot -> slot > truncated)
                                .toList());
                    }
                    case 10 -> wal.submit();
                    default -> truncate(wal);
                }
            }
        }

        void append(Wal wal) {
            long slot = nextSlot++;
            long[] dep = random.nextInt(4) == 0 ? new long[] {slot, ~slot} : new long[0];
            TestRecords.append(wal, GROUP, slot, random.nextInt(PAYLOAD_BYTES_MAX), dep);
            appended.add(slot);
        }

        void truncate(Wal wal) {
            if (nextSlot > 6) {
                truncated = Math.max(truncated, random.nextLong(nextSlot - 5));
                promised.removeIf(slot -> slot <= truncated);
                wal.truncate(GROUP, truncated);
            }
        }

        Set<Long> needed(Set<Long> slots) {
            return slots.stream().filter(slot -> slot > truncated).collect(Collectors.toCollection(TreeSet::new));
        }

        /** What a scan has told is acted upon: from now on it is a promise. */
        void checkScan(Recorder recorder, boolean afterPowerLoss) {
            String as = "seed " + seed;
            Set<Long> found = new TreeSet<>(recorder.slots(GROUP));
            assertThat(recorder.slots(GROUP)).as(as).doesNotHaveDuplicates().isSorted();
            assertThat(recorder.damaged()).as(as).noneMatch(DamagedRecord::belowDurable);
            assertThat(found).as(as).containsAll(needed(promised));
            if (!afterPowerLoss) {
                assertThat(found).as(as).containsAll(needed(appended));
            }
            appended.retainAll(found);
            promised.addAll(needed(found));
        }
    }

    @ParameterizedTest
    @CsvSource({"FSYNC,512", "FSYNC,4096", "MAPPED,512", "MAPPED,4096"})
    void shouldFindWhateverItPromisedAfterAnyCrash(Durability durability, int sectorBytes) {
        for (long seed = 0; seed < SEEDS; seed++) {
            History history = new History(seed, durability, sectorBytes);
            boolean powerLoss = false;
            for (int boot = 0; boot < 6; boot++) {
                boolean crashInside = history.random.nextBoolean();
                history.storage.disk().crashAfter(crashInside ? history.random.nextInt(60) : -1);
                try {
                    Wal wal = history.open();
                    history.checkScan(TestRecords.scan(wal), powerLoss);
                    powerLoss = false;
                    history.someOperations(wal, history.random.nextInt(40));
                    if (history.random.nextInt(3) == 0) {
                        wal.close();
                    }
                } catch (SimulatedCrash crash) {
                    // Anywhere, opening included.
                }
                if (history.random.nextBoolean()) {
                    history.storage.powerLoss();
                    powerLoss = true;
                } else {
                    history.storage.kill();
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Durability.class)
    void shouldReportRotBelowDurableAndNothingElse(Durability durability) {
        int noticed = 0;
        for (long seed = 0; seed < SEEDS; seed++) {
            History history = new History(seed, durability, 512);
            Wal wal = history.open();
            TestRecords.scan(wal);
            history.someOperations(wal, 60);
            if (history.random.nextBoolean()) {
                wal.close();
            }
            history.storage.kill();
            List<String> paths = history.storage.walRegions().paths().stream()
                    .filter(path -> history.storage.disk().find(path) != null)
                    .filter(path ->
                            !history.storage.walRegions().noticeable(path).isEmpty())
                    .toList();
            if (paths.isEmpty()) {
                continue;
            }
            Recorder before = TestRecords.scan(history.open());
            history.storage.kill();
            String path = paths.get(history.random.nextInt(paths.size()));
            List<long[]> places = history.storage.walRegions().noticeable(path);
            long[] place = places.get(history.random.nextInt(places.size()));
            long at = history.random.nextLong(place[0], place[1]);
            history.storage.disk().flipBit(path, at, history.random.nextInt(8));
            Recorder after = TestRecords.scan(history.open());
            String as = "seed " + seed + " " + path + " offset " + at + " in " + place[0] + ".." + place[1];
            assertThat(after.damaged()).as(as).hasSize(1);
            DamagedRecord damage = after.damaged().get(0);
            assertThat(damage.belowDurable()).as(as + ": " + damage).isTrue();
            assertThat(damage.identified()).as(as + ": " + damage).isEqualTo(place[2] == 0);
            Set<Long> missing = new HashSet<>(before.slots(GROUP));
            missing.removeAll(after.slots(GROUP));
            assertThat(missing).as(as).hasSize(1);
            if (damage.identified()) {
                assertThat(missing).as(as).containsExactly(damage.slot());
            }
            noticed++;
        }
        assertThat(noticed).isGreaterThan(SEEDS / 2);
    }

    /** Rot, unreadable pages, lost and misdirected writes wherever the atlas lets them fall: never a silent loss. */
    @ParameterizedTest
    @CsvSource({"FSYNC,512", "FSYNC,4096", "MAPPED,512", "MAPPED,4096"})
    void shouldFindOrReportWhateverItPromisedOnBadDisk(Durability durability, int sectorBytes) {
        FaultAtlas counts = new FaultAtlas(3);
        for (long seed = 0; seed < SEEDS; seed++) {
            History history = new History(seed, durability, sectorBytes);
            SimulatedDisk disk = history.storage.disk();
            disk.faults(new DiskFaults(100_000, 0, 0, 20_000, 20_000));
            for (int boot = 0; boot < 5; boot++) {
                Wal wal = history.open();
                Recorder recorder = TestRecords.scan(wal);
                checkNothingIsMissingSilently(history, recorder);
                history.someOperations(wal, history.random.nextInt(60));
                if (history.random.nextInt(3) == 0) {
                    wal.close();
                }
                for (int i = history.random.nextInt(4); i > 0; i--) {
                    disk.rotSomewhere();
                }
                for (String path : history.storage.walRegions().paths()) {
                    if (history.random.nextInt(4) == 0) {
                        disk.breakSector(path, history.random.nextInt(12 << 10));
                    }
                }
                if (history.random.nextBoolean()) {
                    history.storage.powerLoss();
                } else {
                    disk.evict();
                    history.storage.kill();
                    history.promised.addAll(history.needed(history.appended));
                }
            }
            history.atlas.fired().forEach((kind, times) -> {
                for (long i = 0; i < times; i++) {
                    counts.count(kind);
                }
            });
        }
        assertThat(counts.fired().get(FaultKind.BIT_ROT)).isGreaterThan(50);
        assertThat(counts.fired().get(FaultKind.READ_ERROR)).isGreaterThan(20);
        assertThat(counts.fired().get(FaultKind.LOST_WRITE)).isGreaterThan(20);
        assertThat(counts.fired().get(FaultKind.MISDIRECTED_WRITE)).isGreaterThan(10);
    }

    private static void checkNothingIsMissingSilently(History history, Recorder recorder) {
        Set<Long> accounted = new TreeSet<>(recorder.slots(GROUP));
        boolean amnesia = false;
        for (DamagedRecord damage : recorder.damaged()) {
            if (damage.identified()) {
                accounted.add(damage.slot());
            } else {
                amnesia |= damage.belowDurable();
            }
        }
        if (!amnesia) {
            assertThat(accounted)
                    .as("seed %d: %s", history.seed, recorder.damaged())
                    .containsAll(history.needed(history.promised));
        }
        history.appended.retainAll(accounted);
        history.promised.retainAll(accounted);
        history.promised.addAll(history.needed(new TreeSet<>(recorder.slots(GROUP))));
    }

    @Test
    void shouldReportRotInWhateverAnEarlierScanToldAsBelowDurable() {
        for (long seed = 0; seed < SEEDS; seed++) {
            History history = new History(seed, Durability.FSYNC, 512);
            Wal wal = history.open();
            TestRecords.scan(wal);
            for (int i = 0; i < 5; i++) {
                history.append(wal);
            }
            wal.submit(); // no marker: no header says yet that the last ones were durable
            history.storage.kill();
            Recorder told = TestRecords.scan(history.open());
            history.storage.kill();
            TestRecords.Seen last = told.seen.get(told.seen.size() - 1);
            String path = history.storage.walRegions().paths().get(0);
            long at =
                    RecordDescriptor.offsetBytes(last.position()) + history.random.nextInt(RecordDescriptor.DEP_OFFSET);
            history.storage.disk().flipBit(path, at, history.random.nextInt(8));
            Recorder after = TestRecords.scan(history.open());
            assertThat(after.damaged()).as("seed %d", seed).hasSize(1);
            assertThat(after.damaged().get(0).belowDurable())
                    .as("seed %d", seed)
                    .isTrue();
        }
    }

    /** A failed force says nothing about the cache: what a restarted process finds there has to be made durable anew. */
    @Test
    void shouldKeepWhatAScanToldAfterFailedForce() {
        for (long seed = 0; seed < SEEDS; seed++) {
            History history = new History(seed, Durability.FSYNC, 4096);
            SimulatedDisk disk = history.storage.disk();
            Wal wal = history.open();
            TestRecords.scan(wal);
            history.someOperations(wal, 10);
            disk.faults(DiskFaults.NONE.withWriteErrorPpm(200_000));
            try {
                history.someOperations(wal, 30);
            } catch (WalException stops) {
                // The process ends.
            }
            disk.faults(DiskFaults.NONE);
            history.storage.kill();
            Recorder told = TestRecords.scan(history.open());
            history.storage.powerLoss();
            Recorder after = TestRecords.scan(history.open());
            assertThat(after.slots(GROUP)).as("seed %d", seed).containsAll(told.slots(GROUP));
        }
    }
}
