package io.parablock.simulator.disk;

import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.simulator.DiskTime;
import io.parablock.wal.DamagedRecord;
import io.parablock.wal.Durability;
import io.parablock.wal.RecordDescriptor;
import io.parablock.wal.TestRecords;
import io.parablock.wal.TestRecords.Recorder;
import io.parablock.wal.Wal;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The production engine over writes that a crash cuts off: random histories, each by its seed. */
class SectorIoTest {
    private static final int GROUP = 1;
    private static final int SEEDS = Integer.getInteger("crash.seeds", 60);
    private static final int PAYLOAD_BYTES_MAX = 20_000;

    /** A disk that completes what a test picks. */
    private static final class ManualTime implements DiskTime {
        final List<Runnable> writes = new ArrayList<>();

        @Override
        public void later(Runnable write) {
            writes.add(write);
        }

        @Override
        public void tell(Runnable completion) {
            completion.run();
        }
    }

    /** One node's log over boots, and what it has promised. */
    private static final class History {
        final Random random;
        final FaultAtlas atlas = new FaultAtlas(3);
        final SectorNodeStorage storage;
        final Set<Long> promised = new TreeSet<>();
        final String as;
        ManualTime time = new ManualTime();
        Wal wal;
        long nextSlot = 1;
        long truncated;

        History(long seed, int sectorBytes, LogEngines engines) {
            random = new Random(seed);
            as = "seed " + seed;
            SectorNodeStorage.Config config = new SectorNodeStorage.Config(
                    GROUP,
                    42,
                    Durability.FSYNC,
                    sectorBytes,
                    64 << 20,
                    64 << 10,
                    64 << 10,
                    PAYLOAD_BYTES_MAX + RecordDescriptor.HEADER_LENGTH_MAX,
                    false,
                    DiskMutation.NONE);
            storage = new SectorNodeStorage(1, seed, config.withEngines(engines), atlas);
        }

        void someOperations(int count) {
            for (int i = 0; i < count; i++) {
                switch (random.nextInt(10)) {
                    case 0, 1, 2, 3 ->
                        TestRecords.append(wal, GROUP, nextSlot++, random.nextInt(PAYLOAD_BYTES_MAX), new long[0]);
                    case 4, 5, 6 -> wal.submit();
                    case 7, 8 -> {
                        if (!time.writes.isEmpty()) {
                            time.writes
                                    .remove(random.nextInt(time.writes.size()))
                                    .run();
                        }
                    }
                    default -> {
                        if (random.nextInt(10) == 0) {
                            wal.force();
                        } else if (nextSlot > 10) {
                            truncated = Math.max(truncated, random.nextLong(nextSlot - 8));
                            promised.removeIf(slot -> slot <= truncated);
                            wal.truncate(GROUP, truncated);
                        }
                    }
                }
            }
        }

        void crash() {
            if (random.nextBoolean()) {
                storage.powerLoss();
            } else {
                storage.kill();
            }
        }

        Recorder boot() {
            time = new ManualTime();
            wal = storage.open(promised::add, time).wal();
            Recorder recorder = TestRecords.scan(wal);
            Set<Long> found = new TreeSet<>(recorder.slots(GROUP));
            assertThat(recorder.slots(GROUP)).as(as).doesNotHaveDuplicates();
            assertThat(recorder.damaged()).as(as).noneMatch(DamagedRecord::belowDurable);
            assertThat(found)
                    .as(as)
                    .containsAll(
                            promised.stream().filter(slot -> slot > truncated).toList());
            promised.addAll(found.stream().filter(slot -> slot > truncated).toList());
            return recorder;
        }
    }

    /** With one write in flight every crash is proven; with more, what is not is what the disk says that it is. */
    @ParameterizedTest
    @CsvSource({"512,1", "512,2", "512,8", "4096,1", "4096,8"})
    void shouldKeepWhatItToldAndKnowWhatItCannotProve(int sectorBytes, int writesInFlightMax) {
        int unproven = 0;
        for (long seed = 0; seed < SEEDS; seed++) {
            History history = new History(seed, sectorBytes, LogEngines.direct(writesInFlightMax, 32 << 10));
            for (int boot = 0; boot < 6; boot++) {
                boolean crashInside = history.random.nextInt(3) == 0;
                history.storage.disk().crashAfter(crashInside ? history.random.nextInt(60) : -1);
                try {
                    Recorder recorder = history.boot();
                    boolean amnesia = recorder.damaged().stream().anyMatch(d -> !d.identified() && !d.torn());
                    assertThat(amnesia)
                            .as("%s boot %d: %s", history.as, boot, recorder.damaged())
                            .isEqualTo(history.storage.hasUnprovenTail());
                    assertThat(recorder.damaged().stream().filter(DamagedRecord::identified))
                            .as(history.as)
                            .allMatch(DamagedRecord::torn);
                    unproven += amnesia ? 1 : 0;
                    history.someOperations(history.random.nextInt(40));
                } catch (SimulatedCrash crash) {
                    // Anywhere, opening included.
                }
                history.crash();
            }
        }
        assertThat(unproven > 0).isEqualTo(writesInFlightMax > 1);
    }

    /** In a cluster that can do without no other node, each end of a log is proven. */
    @Test
    void shouldProveEveryEndWhereNoNodeMayForget() {
        for (long seed = 0; seed < SEEDS; seed++) {
            History history = new History(seed, 512, LogEngines.direct(8, 32 << 10));
            history.atlas.lost(2);
            for (int boot = 0; boot < 4; boot++) {
                assertThat(history.boot().damaged()).as(history.as).allMatch(DamagedRecord::torn);
                history.someOperations(history.random.nextInt(40));
                history.crash();
            }
        }
    }

    @Test
    void shouldKnowWhereDamageCanBeTold() {
        History history = new History(1, 512, LogEngines.direct(8, 32 << 10));
        Wal wal = history.storage.open(token -> {}).wal();
        TestRecords.append(wal, GROUP, 1, 6000);
        wal.submit();
        WalRegions regions = history.storage.walRegions();
        String path = regions.paths().get(0);
        assertThat(regions.regionsOf(FaultKind.BIT_ROT, path, 1024, 512))
                .as("no header says yet that it was durable")
                .isNull();
        wal.submit();
        assertThat(regions.regionsOf(FaultKind.BIT_ROT, path, 1024, 512)).containsExactly(new Region.Slot(GROUP, 1));
        assertThat(regions.regionsOf(FaultKind.LOST_WRITE, path, 0, 512))
                .contains(new Region.Slot(GROUP, 1), new Region.Vital());
        assertThat(regions.regionsOf(FaultKind.LOST_WRITE, path, 6656, 512))
                .as("between the record and the marker")
                .isEmpty();
        assertThat(regions.regionsOf(FaultKind.BIT_ROT, path, 7680, 512)).containsExactly(new Region.Vital());
        assertThat(regions.regionsOf(FaultKind.BIT_ROT, path, 8192, 512))
                .as("it tells what is durable")
                .isNull();
        assertThat(regions.regionsOf(FaultKind.READ_ERROR, path, 12288, 512)).containsExactly(new Region.Vital());
        assertThat(regions.regionsOf(FaultKind.LOST_WRITE, path, 12288, 512)).isNull();
    }
}
