package io.parablock.wal.direct;

import static io.parablock.wal.TestRecords.append;
import static io.parablock.wal.TestRecords.record;
import static io.parablock.wal.TestRecords.scan;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parablock.wal.DamagedRecord;
import io.parablock.wal.InMemoryFolder;
import io.parablock.wal.RecordDescriptor;
import io.parablock.wal.TestRecords.Recorder;
import io.parablock.wal.TestRecords.Seen;
import io.parablock.wal.WalFailedException;
import io.parablock.wal.WalRecord;
import io.parablock.wal.segment.FileOpener;
import io.parablock.wal.segment.SegmentFiles;
import io.parablock.wal.segment.SegmentLayout;
import io.parablock.wal.segment.StableStorage;
import io.parablock.wal.segment.WalConfig;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
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
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Power losses at random moments of random histories, on real files: each image holds every completed write and any
 * sectors of those in flight. {@code -Dparablock.images} says how many images each test takes (default 400, acceptance
 * 2000).
 */
@Tag("one-jdk")
class DirectWalPowerLossTest {
    private static final int IMAGES = Integer.getInteger("parablock.images", 400);
    private static final int STEPS = 150;
    private static final int IMAGES_PER_HISTORY = 10;
    private static final int SECTOR_BYTES = 512;

    /** In memory where the machine has such a folder: what is forced, and when, is this test's own business. */
    @TempDir(factory = InMemoryFolder.class)
    Path directory;

    /** One log with what it was told to keep, and what it said it has kept. */
    private final class History implements AutoCloseable {
        final Random random;
        final Path folder;
        final WalConfig config;
        final DirectConfig direct;
        final ManualIo io = new ManualIo(ChannelIo.probe(directory));
        final Map<Long, WalRecord> appended = new HashMap<>();
        final Map<Long, Long> positions = new HashMap<>();
        final Set<Long> told = new HashSet<>();
        final DirectWal wal;
        long nextSlot;
        long truncated = -1;

        History(int seed, int writesInFlightMax) {
            random = new Random(seed);
            folder = directory.resolve("log-" + seed);
            config = config(folder);
            direct = new DirectConfig(writesInFlightMax, 16 << 10);
            wal = DirectWal.open(config, direct, told::add, files(direct), io);
            scan(wal);
        }

        void step() {
            switch (random.nextInt(8)) {
                case 0, 1, 2, 3 -> {
                    int length = random.nextBoolean() ? 4096 : random.nextInt(12_000);
                    appended.put(nextSlot, record(1, nextSlot, length));
                    positions.put(nextSlot, append(wal, 1, nextSlot, length));
                    nextSlot++;
                }
                case 4, 5 -> wal.submit();
                case 6 -> {
                    if (io.inFlight() > 0) {
                        io.complete(random.nextInt(io.inFlight()));
                    }
                }
                default -> {
                    if (random.nextInt(10) == 0 && nextSlot > 20) {
                        truncated = nextSlot - 20;
                        wal.truncate(1, truncated);
                    } else if (random.nextInt(10) == 0) {
                        wal.force();
                    }
                }
            }
        }

        Path photograph(int number) throws IOException {
            wal.drain();
            Path image = directory.resolve("image-" + number);
            io.photograph(folder, image, random);
            return image;
        }

        @Override
        public void close() {
            io.completeAll();
            wal.close();
        }
    }

    private static WalConfig config(Path folder) {
        return WalConfig.of(folder, 42)
                .withSegmentBytes(64 << 10)
                .withRecordBytesMax(16 << 10)
                .withReserveBytes(0);
    }

    /** Through the page cache, which these tests do not doubt. */
    private static SegmentFiles files(DirectConfig direct) {
        return SegmentFiles.of(
                SegmentLayout.WRITES,
                direct.writesInFlightMax(),
                c -> DirectWal.fileBytes(c, direct),
                StableStorage.FDATASYNC,
                FileOpener.BUFFERED);
    }

    private interface Check {
        void check(History history, Path image, int number) throws IOException;
    }

    private void run(int writesInFlightMax, Check check) throws IOException {
        int number = 0;
        for (int seed = 0; number < IMAGES; seed++) {
            try (History history = new History(seed, writesInFlightMax)) {
                for (int i = 0; i < IMAGES_PER_HISTORY && number < IMAGES; i++, number++) {
                    for (int step = history.random.nextInt(2 * STEPS / IMAGES_PER_HISTORY); step >= 0; step--) {
                        history.step();
                    }
                    Path image = history.photograph(number);
                    check.check(history, image, number);
                    delete(image);
                }
            }
            delete(directory.resolve("log-" + seed));
        }
    }

    private Recorder recover(Path image, int writesInFlightMax) {
        DirectConfig direct = new DirectConfig(writesInFlightMax, 16 << 10);
        try (DirectWal wal =
                DirectWal.open(config(image), direct, token -> {}, files(direct), ChannelIo.probe(directory))) {
            return scan(wal);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 16})
    void shouldKeepWhatItToldAndInventNothing(int writesInFlightMax) throws IOException {
        int[] unproven = new int[1];
        int[] torn = new int[1];
        run(writesInFlightMax, (history, image, number) -> {
            Recorder seen = recover(image, writesInFlightMax);
            assertThat(seen.slots(1))
                    .as("image %d", number)
                    .isSorted()
                    .doesNotHaveDuplicates()
                    .containsAll(history.told.stream()
                            .filter(slot -> slot > history.truncated)
                            .toList());
            for (Seen each : seen.seen) {
                if (each.record() != null) {
                    assertThat(each.record())
                            .isEqualTo(history.appended.get(each.record().slot()));
                    assertThat(each.position())
                            .isEqualTo(history.positions.get(each.record().slot()));
                }
            }
            assertThat(seen.damaged()).noneMatch(DamagedRecord::belowDurable);
            assertThat(seen.damaged().stream().filter(DamagedRecord::identified))
                    .allMatch(DamagedRecord::torn);
            unproven[0] += seen.damaged().stream().allMatch(DamagedRecord::torn) ? 0 : 1;
            torn[0] += seen.damaged().isEmpty() ? 0 : 1;
            // What was read once stays as it was read.
            assertThat(recover(image, writesInFlightMax).slots(1)).isEqualTo(seen.slots(1));
        });
        assertThat(torn[0]).isGreaterThan(IMAGES / 10);
        // Behind the last header that is left: a write of which neither the first nor the last sector is there.
        assertThat(unproven[0]).isLessThanOrEqualTo(writesInFlightMax == 1 ? 0 : IMAGES / 8);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 16})
    void shouldNeverTakeDamageForATornWrite(int writesInFlightMax) throws IOException {
        int[] damaged = new int[1];
        run(writesInFlightMax, (history, image, number) -> {
            List<Long> candidates = history.told.stream()
                    .filter(slot -> slot > history.truncated)
                    .sorted(Comparator.reverseOrder())
                    .limit(8)
                    .toList();
            if (candidates.isEmpty()) {
                return;
            }
            long slot = candidates.get(history.random.nextInt(candidates.size()));
            damage(history, image, slot);
            Recorder seen = recover(image, writesInFlightMax);
            List<Long> missing = history.told.stream()
                    .filter(each -> each > history.truncated)
                    .filter(each -> !seen.slots(1).contains(each))
                    .toList();
            if (!missing.isEmpty()) {
                damaged[0]++;
                long named = seen.damaged().stream()
                        .filter(each -> each.identified() && !each.torn() && missing.contains(each.slot()))
                        .count();
                long nameless = seen.damaged().stream()
                        .filter(each -> !each.identified() && !each.torn())
                        .mapToInt(DamagedRecord::recordCount)
                        .sum();
                assertThat(named + nameless)
                        .as("image %d, slots %s: %s", number, missing, seen.damaged())
                        .isGreaterThanOrEqualTo(nameless > 0 ? 1 : missing.size());
                assertThat(nameless > 0 || named == missing.size()).isTrue();
            }
        });
        assertThat(damaged[0]).isGreaterThan(IMAGES / 3);
    }

    /** What a first recovery has shown is acted upon: it is held, acknowledged, and committed with it. */
    @ParameterizedTest
    @ValueSource(ints = {1, 16})
    void shouldNeverTakeLaterDamageToWhatWasShownForATornWrite(int writesInFlightMax) throws IOException {
        int[] damaged = new int[1];
        run(writesInFlightMax, (history, image, number) -> {
            List<Long> shown = recover(image, writesInFlightMax).slots(1);
            if (shown.isEmpty()) {
                return;
            }
            long slot = shown.get(shown.size() - 1 - history.random.nextInt(Math.min(4, shown.size())));
            damage(history, image, slot);
            Recorder seen = recover(image, writesInFlightMax);
            if (!seen.slots(1).contains(slot)) {
                damaged[0]++;
                assertThat(seen.damaged())
                        .as("image %d, slot %d", number, slot)
                        .anyMatch(each -> !each.torn() && (!each.identified() || each.slot() == slot));
            }
        });
        assertThat(damaged[0]).isGreaterThan(IMAGES / 3);
    }

    /** One sector of the record turns into zeros, something else, or the same with a bit flipped. */
    private void damage(History history, Path image, long slot) throws IOException {
        long position = history.positions.get(slot);
        Path file = segmentFile(image, RecordDescriptor.segmentId(position));
        int length =
                RecordDescriptor.HEADER_LENGTH_MIN + history.appended.get(slot).payloadLength();
        Random random = history.random;
        long at = RecordDescriptor.offsetBytes(position) + random.nextInt(length);
        long sectorAt = at / SECTOR_BYTES * SECTOR_BYTES;
        byte[] sector = new byte[SECTOR_BYTES];
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            channel.read(ByteBuffer.wrap(sector), sectorAt);
            switch (random.nextInt(3)) {
                case 0 -> Arrays.fill(sector, (byte) 0);
                case 1 -> random.nextBytes(sector);
                default -> sector[(int) (at - sectorAt)] ^= (byte) (1 << random.nextInt(8));
            }
            channel.write(ByteBuffer.wrap(sector), sectorAt);
        }
    }

    private static Path segmentFile(Path image, int id) throws IOException {
        try (Stream<Path> files = Files.walk(image)) {
            return files.filter(file -> SegmentLayout.of(file) != null && SegmentLayout.WRITES.segmentIdOf(file) == id)
                    .findFirst()
                    .orElseThrow();
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            List<Path> all = new ArrayList<>(files.toList());
            for (int i = all.size() - 1; i >= 0; i--) {
                Files.delete(all.get(i));
            }
        }
    }

    /** The last write is complete, nothing later says so, and the scan's window ends in the middle of it. */
    @ParameterizedTest
    @ValueSource(ints = {244, 250, 256, 262, 268})
    void shouldShowAWriteThatReachesBeyondTheWindow(int records) throws IOException {
        Path folder = directory.resolve("log");
        WalConfig config = WalConfig.of(folder, 42)
                .withSegmentBytes(8 << 20)
                .withRecordBytesMax(16 << 10)
                .withReserveBytes(0);
        DirectConfig direct = new DirectConfig(1, 512 << 10);
        ManualIo io = new ManualIo(ChannelIo.probe(directory));
        Path image = directory.resolve("image");
        try (DirectWal wal = DirectWal.open(config, direct, token -> {}, files(direct), io)) {
            scan(wal);
            for (int slot = 0; slot < records; slot++) {
                append(wal, 1, slot, 4096);
                if (slot == records / 2 || slot == records - 60 || slot == records - 1) {
                    wal.submit();
                    io.completeAll();
                }
            }
            wal.drain();
            io.photograph(folder, image, new Random(1));
        }
        try (DirectWal wal = DirectWal.open(
                WalConfig.of(image, 42)
                        .withSegmentBytes(8 << 20)
                        .withRecordBytesMax(16 << 10)
                        .withReserveBytes(0),
                direct,
                token -> {},
                files(direct),
                ChannelIo.probe(directory))) {
            Recorder seen = scan(wal);
            assertThat(seen.damaged()).isEmpty();
            assertThat(seen.slots(1)).hasSize(records);
        }
    }

    @Test
    void shouldTellTheListenerOfAWriteThatFails() {
        try (History history = new History(1, 4)) {
            append(history.wal, 1, 0, 4096);
            history.wal.submit();
            history.io.fail(0, new IOException("I/O error"));
            assertThat(history.told).isEmpty();
            assertThatThrownBy(() -> append(history.wal, 1, 1, 4096)).isInstanceOf(WalFailedException.class);
        }
    }
}
