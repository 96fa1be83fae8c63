package io.parablock.wal.chronicle;

import static io.parablock.wal.TestRecords.append;
import static io.parablock.wal.TestRecords.record;
import static io.parablock.wal.TestRecords.scan;
import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.wal.DamagedRecord;
import io.parablock.wal.Durability;
import io.parablock.wal.InMemoryFolder;
import io.parablock.wal.TestRecords.Recorder;
import io.parablock.wal.TestRecords.Seen;
import io.parablock.wal.WalRecord;
import io.parablock.wal.segment.StableStorage;
import io.parablock.wal.segment.WalConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Power losses at random moments of random histories of a real queue's mapped files: each image holds what was forced, and
 * of every sector stored to since, any content that it had. {@code -Dparablock.images} says how many images each test takes
 * (default 200, acceptance 2000).
 */
@Tag("one-jdk")
class ChronicleWalPowerLossTest {
    private static final int IMAGES = Integer.getInteger("parablock.images", 200);
    private static final int STEPS = 150;
    private static final int IMAGES_PER_HISTORY = 10;

    /** In memory where the machine has such a folder: what a force does is the recording's business here. */
    @TempDir(factory = InMemoryFolder.class)
    Path directory;

    /** One log with what it was told to keep, and what it has promised. */
    private static final class History implements AutoCloseable {
        final Random random;
        final Durability durability;
        final MappedStores stores;
        final Map<Long, WalRecord> appended = new HashMap<>();
        final Map<Long, Long> positions = new HashMap<>();
        final Set<Long> promised = new HashSet<>();
        final ChronicleWal wal;
        long nextSlot;
        long truncated = -1;

        History(Path folder, Durability durability, int seed, boolean forgetful) throws IOException {
            this.random = new Random(seed);
            this.durability = durability;
            this.stores = new MappedStores(folder, forgetful);
            this.wal = ChronicleWal.open(config(folder, durability), this::onDurable, stores);
            scan(wal);
            note();
        }

        /** With nothing under way in the background. */
        private void note() throws IOException {
            wal.drain();
            stores.note();
        }

        private void onDurable(long slot) {
            if (durability == Durability.FSYNC) {
                promised.add(slot);
            }
        }

        void step() throws IOException {
            switch (random.nextInt(8)) {
                case 0, 1, 2, 3 -> {
                    int length = random.nextBoolean() ? 4096 : random.nextInt(8_000);
                    appended.put(nextSlot, record(1, nextSlot, length));
                    positions.put(nextSlot, append(wal, 1, nextSlot, length));
                    nextSlot++;
                }
                case 4, 5 -> wal.submit();
                default -> {
                    if (random.nextInt(10) == 0 && nextSlot > 20) {
                        truncated = nextSlot - 20;
                        wal.truncate(1, truncated);
                    } else if (random.nextInt(5) == 0) {
                        wal.force();
                        promised.addAll(appended.keySet());
                    }
                }
            }
            note();
        }

        List<Long> needed() {
            return promised.stream().filter(slot -> slot > truncated).toList();
        }

        @Override
        public void close() {
            wal.close();
        }
    }

    private static WalConfig config(Path folder, Durability durability) {
        return WalConfig.of(folder, 42)
                .withDurability(durability)
                .withSegmentBytes(64 << 10)
                .withRecordBytesMax(10 << 10)
                .withReserveBytes(0);
    }

    private static Recorder recover(Path image, Durability durability) {
        try (ChronicleWal wal = ChronicleWal.open(config(image, durability), token -> {}, StableStorage.FDATASYNC)) {
            return scan(wal);
        }
    }

    private interface Check {
        void check(History history, Path image, int number);
    }

    private void run(Durability durability, boolean forgetful, int images, Check check) throws IOException {
        int number = 0;
        for (int seed = 0; number < images; seed++) {
            Path folder = directory.resolve("log-" + seed);
            try (History history = new History(folder, durability, seed, forgetful)) {
                for (int i = 0; i < IMAGES_PER_HISTORY && number < images; i++, number++) {
                    for (int step = history.random.nextInt(2 * STEPS / IMAGES_PER_HISTORY); step >= 0; step--) {
                        history.step();
                    }
                    Path image = directory.resolve("image-" + number);
                    history.stores.photograph(image, history.random);
                    check.check(history, image, number);
                    delete(image);
                }
            }
            delete(folder);
        }
    }

    @ParameterizedTest
    @EnumSource(Durability.class)
    void shouldKeepWhatItPromisedAndInventNothing(Durability durability) throws IOException {
        int[] unforced = new int[1];
        int[] lost = new int[1];
        run(durability, false, IMAGES, (history, image, number) -> {
            unforced[0] += history.stores.unforcedSectors() > 0 ? 1 : 0;
            Recorder seen = recover(image, durability);
            assertThat(seen.slots(1))
                    .as("image %d: %s", number, seen.damaged())
                    .isSorted()
                    .doesNotHaveDuplicates()
                    .containsAll(history.needed());
            for (Seen each : seen.seen) {
                if (each.record() != null) {
                    assertThat(each.record())
                            .isEqualTo(history.appended.get(each.record().slot()));
                    assertThat(each.position())
                            .isEqualTo(history.positions.get(each.record().slot()));
                }
            }
            assertThat(seen.damaged()).as("image %d", number).noneMatch(DamagedRecord::belowDurable);
            lost[0] += seen.slots(1).contains(history.nextSlot - 1) ? 0 : 1;
            // What was read once stays as it was read.
            assertThat(recover(image, durability).slots(1)).isEqualTo(seen.slots(1));
        });
        assertThat(unforced[0]).as("images with something to lose").isGreaterThan(IMAGES / 3);
        assertThat(lost[0]).as("images that lost their last record").isGreaterThan(IMAGES / 10);
    }

    /** The proof of the test itself: a log whose forces do nothing is found out. */
    @Test
    void shouldFindOutALogThatForcesNothing() throws IOException {
        int[] broken = new int[1];
        run(Durability.FSYNC, true, 20, (history, image, number) -> {
            List<Long> found = recover(image, Durability.FSYNC).slots(1);
            broken[0] += found.containsAll(history.needed()) ? 0 : 1;
        });
        assertThat(broken[0]).isGreaterThan(5);
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
