package io.parablock.wal.segment;

import static io.parablock.wal.TestRecords.append;
import static io.parablock.wal.TestRecords.scan;
import static org.assertj.core.api.Assertions.assertThat;

import io.parablock.wal.DamagedRecord;
import io.parablock.wal.InMemoryFolder;
import io.parablock.wal.RecordDescriptor;
import io.parablock.wal.TestRecords.Recorder;
import io.parablock.wal.Wal;
import io.parablock.wal.WalRecord;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.LongPredicate;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The table of docs/wal-format.md: what a scan makes of each kind of damage, in a segment of both layouts. Whatever is not
 * touched is there, with its own bytes.
 */
@Tag("one-jdk")
class DamageTableTest {
    private static final int RECORDS = 150;

    /** Odd, so that there is padding behind each record. */
    private static final int PAYLOAD_BYTES = 1001;

    private static final long[] DEP = {1, -2, 3};
    private static final int HEADER_BYTES = RecordDescriptor.headerLength(DEP.length);
    private static final int PAGE_BYTES = 4096;
    private static final int SECTOR_BYTES = 512;
    private static final int GROUP = 1;

    /** The verdicts of protocol.md §12 on one slot. */
    enum Verdict {
        PRESENT,
        /** Its header is there, its payload is not. */
        LOST_PAYLOAD,
        /** Somebody's record is gone, and nothing tells whose. */
        UNKNOWN,
        /** Never written, or proven torn. */
        ABSENT
    }

    /** Where in the log the record is. */
    enum Age {
        /** In a segment that the manifest vouches for. */
        SEALED(60),
        /** In one that a killed process left, below its D. */
        BELOW_D(60),
        /** The newest of a killed process: no later header says that it was durable. */
        ABOVE_D(RECORDS - 1);

        final int victim;

        Age(int victim) {
            this.victim = victim;
        }
    }

    /** A range of bytes, from the header's first. Every one of them is damaged in turn. */
    enum Region {
        QUEUE_WORD(-4, 0, Verdict.PRESENT),
        FIELDS(0, RecordDescriptor.PAYLOAD_CRC_OFFSET, Verdict.UNKNOWN),
        PAYLOAD_CRC(RecordDescriptor.PAYLOAD_CRC_OFFSET, RecordDescriptor.HEADER_CRC_OFFSET, Verdict.UNKNOWN),
        HEADER_CRC(RecordDescriptor.HEADER_CRC_OFFSET, RecordDescriptor.WRITE_START_OFFSET, Verdict.UNKNOWN),
        WRITE_EXTENT(RecordDescriptor.WRITE_START_OFFSET, RecordDescriptor.DEP_OFFSET, Verdict.UNKNOWN),
        DEP_WORDS(RecordDescriptor.DEP_OFFSET, HEADER_BYTES, Verdict.UNKNOWN),
        PAYLOAD(HEADER_BYTES, HEADER_BYTES + PAYLOAD_BYTES, Verdict.LOST_PAYLOAD),
        PADDING(HEADER_BYTES + PAYLOAD_BYTES, HEADER_BYTES + PAYLOAD_BYTES + 3, Verdict.PRESENT),
        WRITES_MARKER(PAGE_BYTES - RecordDescriptor.HEADER_LENGTH_MIN, PAGE_BYTES, Verdict.PRESENT);

        final int from;
        final int to;
        final Verdict verdict;

        Region(int from, int to, Verdict verdict) {
            this.from = from;
            this.to = to;
            this.verdict = verdict;
        }

        boolean isIn(Engine engine) {
            return switch (this) {
                case QUEUE_WORD -> engine == Engine.CHRONICLE;
                case WRITES_MARKER -> engine == Engine.DIRECT;
                default -> true;
            };
        }

        /** Any byte of a header may be what tells it from another: all are tried once; else a sample is enough. */
        int step(Age age) {
            return this == PAYLOAD ? 97 : age == Age.SEALED ? 1 : 5;
        }
    }

    @TempDir(factory = InMemoryFolder.class)
    Path directory;

    private List<Long> positions = List.of();

    private WalConfig config() {
        return WalConfig.of(directory, 42)
                .withSegmentBytes(64 << 10)
                .withRecordBytesMax(32 << 10)
                .withReserveBytes(0);
    }

    /** Each record in a write of its own, over several segments. */
    private void write(Engine engine, Age age) throws IOException {
        List<Long> written = new ArrayList<>();
        try (Wal wal = engine.open(config())) {
            scan(wal);
            for (int slot = 0; slot < RECORDS; slot++) {
                written.add(append(wal, GROUP, slot, PAYLOAD_BYTES, DEP));
                wal.submit();
            }
        }
        positions = written;
        assertThat(RecordDescriptor.segmentId(written.get(RECORDS - 1)))
                .isGreaterThan(RecordDescriptor.segmentId(written.get(0)) + 1);
        if (age != Age.SEALED) {
            unseal();
        }
    }

    private void unseal() {
        SegmentManifest manifest = SegmentManifest.load(directory, 42);
        assertThat(manifest).isNotNull();
        for (SegmentManifest.Entry entry : manifest.entries()) {
            try {
                manifest.seal(entry.segmentId(), SegmentManifest.UNSEALED);
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }
    }

    private Recorder inspect() {
        Recorder found = new Recorder();
        try (LogInspection inspection = LogInspection.open(directory)) {
            inspection.scan(new SegmentVisitor() {
                @Override
                public void onSegment(ListedSegment segment) {}

                @Override
                public void onRecord(long position, WalRecord record, ByteBuffer payload) {
                    found.onRecord(position, record, payload);
                }

                @Override
                public void onDamaged(long position, DamagedRecord what) {
                    found.onDamaged(position, what);
                }
            });
        }
        return found;
    }

    private static Verdict verdictOn(long slot, Recorder found) {
        if (found.slots(GROUP).contains(slot)) {
            return Verdict.PRESENT;
        }
        for (DamagedRecord each : found.damaged()) {
            if (each.identified() && each.slot() == slot) {
                return each.torn() ? Verdict.ABSENT : Verdict.LOST_PAYLOAD;
            }
        }
        boolean nameless = found.damaged().stream().anyMatch(each -> !each.identified() && !each.torn());
        return nameless ? Verdict.UNKNOWN : Verdict.ABSENT;
    }

    /** A restart comes to the same verdicts, keeps them for the next one, and goes on writing. */
    private void requireTheSameOfARestart(Engine engine, Recorder found) {
        for (int restart = 0; restart < 2; restart++) {
            try (Wal wal = engine.open(config())) {
                Recorder again = scan(wal);
                assertThat(again.slots(GROUP).stream().filter(slot -> slot < RECORDS))
                        .isEqualTo(found.slots(GROUP));
                assertThat(again.damaged()).isEqualTo(found.damaged());
                append(wal, GROUP, RECORDS + restart, PAYLOAD_BYTES, DEP);
                wal.submit();
            }
        }
    }

    private void requireOnly(Recorder found, Set<Long> hit, Verdict verdict, boolean belowDurable) {
        for (long slot = 0; slot < RECORDS; slot++) {
            assertThat(verdictOn(slot, found))
                    .as("slot %d: %s", slot, found.damaged())
                    .isEqualTo(hit.contains(slot) ? verdict : Verdict.PRESENT);
        }
        assertThat(found.slots(GROUP)).isSorted().doesNotHaveDuplicates();
        assertThat(found.damaged()).allMatch(each -> each.belowDurable() == belowDurable);
        if (verdict == Verdict.PRESENT) {
            assertThat(found.damaged()).isEmpty();
        } else if (verdict == Verdict.LOST_PAYLOAD) {
            assertThat(found.damaged()).hasSameSizeAs(hit).allMatch(each -> each.origin() == 7);
        }
    }

    private Path fileOf(int segmentId) throws IOException {
        return segmentFiles().get(segmentId);
    }

    private NavigableMap<Integer, Path> segmentFiles() throws IOException {
        return WalDirectory.listSegmentFiles(directory);
    }

    private Set<Long> slotsIn(int segmentId) {
        return slots(slot -> RecordDescriptor.segmentId(positions.get((int) slot)) == segmentId);
    }

    private static Set<Long> slots(LongPredicate which) {
        return LongStream.range(0, RECORDS).filter(which).boxed().collect(Collectors.toCollection(TreeSet::new));
    }

    static Stream<Arguments> regions() {
        List<Arguments> all = new ArrayList<>();
        for (Engine engine : Engine.values()) {
            for (Age age : Age.values()) {
                for (Region region : Region.values()) {
                    if (region.isIn(engine)) {
                        all.add(Arguments.of(engine, age, region));
                    }
                }
            }
        }
        return all.stream();
    }

    @ParameterizedTest
    @MethodSource("regions")
    void shouldJudgeADamagedByte(Engine engine, Age age, Region region) throws IOException {
        write(engine, age);
        long position = positions.get(age.victim);
        Path file = fileOf(RecordDescriptor.segmentId(position));
        byte[] sound = Files.readAllBytes(file);
        Recorder found = new Recorder();
        for (int at = region.from; at < region.to; at += region.step(age)) {
            byte[] bytes = sound.clone();
            bytes[(int) RecordDescriptor.offsetBytes(position) + at] ^= 0x40;
            Files.write(file, bytes);
            found = inspect();
            requireOnly(found, Set.of((long) age.victim), region.verdict, age != Age.ABOVE_D);
        }
        requireTheSameOfARestart(engine, found);
    }

    /** Lengths lead nowhere: the scan does not follow one that its CRC does not vouch for. */
    @ParameterizedTest
    @MethodSource("lengths")
    void shouldReadOnBehindAWrongLength(Engine engine, Age age, int length) throws IOException {
        write(engine, age);
        long position = positions.get(age.victim);
        Path file = fileOf(RecordDescriptor.segmentId(position));
        int at = (int) RecordDescriptor.offsetBytes(position);
        byte[] bytes = Files.readAllBytes(file);
        ByteBuffer all = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        if (engine == Engine.CHRONICLE) {
            all.putInt(at - Integer.BYTES, length);
            Files.write(file, bytes);
            requireOnly(inspect(), Set.of(), Verdict.PRESENT, true);
        }
        all.putInt(at + RecordDescriptor.PAYLOAD_LENGTH_OFFSET, length);
        Files.write(file, bytes);
        Recorder found = inspect();
        requireOnly(found, Set.of((long) age.victim), Verdict.UNKNOWN, age != Age.ABOVE_D);
        requireTheSameOfARestart(engine, found);
    }

    static Stream<Arguments> lengths() {
        List<Arguments> all = new ArrayList<>();
        for (Engine engine : Engine.values()) {
            for (Age age : Age.values()) {
                for (int length : new int[] {0, PAYLOAD_BYTES + 4096, Integer.MAX_VALUE, -1}) {
                    all.add(Arguments.of(engine, age, length));
                }
            }
        }
        return all.stream();
    }

    /** What is below D is never taken for torn, whatever it looks like. */
    @ParameterizedTest
    @MethodSource("pages")
    void shouldReportAPageThatIsGone(Engine engine, Age age, boolean filled) throws IOException {
        write(engine, age);
        long position = positions.get(age.victim);
        int id = RecordDescriptor.segmentId(position);
        int from = (int) RecordDescriptor.offsetBytes(position) / PAGE_BYTES * PAGE_BYTES;
        Path file = fileOf(id);
        byte[] bytes = Files.readAllBytes(file);
        overwrite(bytes, from, from + PAGE_BYTES, filled ? fillWord(id, file) : 0);
        Files.write(file, bytes);
        Set<Long> hit = slots(slot -> overlaps(slot, id, from, from + PAGE_BYTES));
        assertThat(hit).contains((long) age.victim);
        Recorder found = inspect();
        for (long slot = 0; slot < RECORDS; slot++) {
            Verdict verdict = verdictOn(slot, found);
            if (hit.contains(slot)) {
                assertThat(verdict)
                        .as("slot %d: %s", slot, found.damaged())
                        .isIn(Verdict.LOST_PAYLOAD, Verdict.UNKNOWN);
            } else {
                assertThat(verdict).isEqualTo(Verdict.PRESENT);
            }
        }
        assertThat(found.damaged()).allMatch(DamagedRecord::belowDurable).noneMatch(DamagedRecord::torn);
        requireTheSameOfARestart(engine, found);
    }

    static Stream<Arguments> pages() {
        return Stream.of(Engine.values())
                .flatMap(engine -> Stream.of(Age.SEALED, Age.BELOW_D)
                        .flatMap(age -> Stream.of(false, true).map(filled -> Arguments.of(engine, age, filled))));
    }

    /** The newest write of a killed process with sectors that never reached the disk: nobody was told of it. */
    @ParameterizedTest
    @EnumSource
    void shouldCallAbsentWhatNeverReachedTheDisk(Engine engine) throws IOException {
        write(engine, Age.ABOVE_D);
        long position = positions.get(Age.ABOVE_D.victim);
        int id = RecordDescriptor.segmentId(position);
        int at = (int) RecordDescriptor.offsetBytes(position);
        int end = at + HEADER_BYTES + PAYLOAD_BYTES;
        Path file = fileOf(id);
        byte[] sound = Files.readAllBytes(file);
        long fillWord = fillWord(id, file);
        int sector = (at + HEADER_BYTES + SECTOR_BYTES - 1) / SECTOR_BYTES * SECTOR_BYTES;
        int[][] unwritten = {{sector, sector + SECTOR_BYTES}, {at, end}};
        Recorder found = new Recorder();
        for (int[] range : unwritten) {
            byte[] bytes = sound.clone();
            int wordBytes = engine == Engine.CHRONICLE ? 4 : 8;
            overwrite(bytes, range[0], (range[1] + wordBytes - 1) / wordBytes * wordBytes, fillWord);
            Files.write(file, bytes);
            found = inspect();
            assertThat(verdictOn(Age.ABOVE_D.victim, found)).isEqualTo(Verdict.ABSENT);
            assertThat(found.slots(GROUP)).hasSize(RECORDS - 1);
        }
        requireTheSameOfARestart(engine, found);
    }

    private boolean overlaps(long slot, int segmentId, int from, int to) {
        long position = positions.get((int) slot);
        long at = RecordDescriptor.offsetBytes(position);
        return RecordDescriptor.segmentId(position) == segmentId && at < to && at + HEADER_BYTES + PAYLOAD_BYTES > from;
    }

    private long fillWord(int segmentId, Path file) {
        return SegmentManifest.load(directory).entries().stream()
                .filter(entry -> entry.segmentId() == segmentId)
                .mapToLong(entry -> SegmentLayout.require(file).fillWord(entry.nonce()))
                .findFirst()
                .orElseThrow();
    }

    private static void overwrite(byte[] bytes, int from, int to, long word) {
        ByteBuffer piece = ByteBuffer.allocate(to - from + Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        while (piece.remaining() >= Long.BYTES) {
            piece.putLong(word);
        }
        System.arraycopy(piece.array(), 0, bytes, from, to - from);
    }

    /** What happens to whole files. */
    enum FileDamage {
        SWAPPED,
        DUPLICATED,
        TRUNCATED,
        MISSING,
        NEWEST_MISSING,
        MANIFEST_DAMAGED,
        MANIFEST_MISSING,
        UNLISTED_COPY,
        START_RECORD
    }

    static Stream<Arguments> files() {
        return Stream.of(Engine.values())
                .flatMap(engine -> Stream.of(Age.SEALED, Age.BELOW_D)
                        .flatMap(age -> Stream.of(FileDamage.values()).map(how -> Arguments.of(engine, age, how))));
    }

    @ParameterizedTest
    @MethodSource("files")
    void shouldReportFilesThatAreNotAsTheyWere(Engine engine, Age age, FileDamage how) throws IOException {
        write(engine, age);
        int second = RecordDescriptor.segmentId(positions.get(age.victim));
        int first = second - 1;
        assertThat(slotsIn(first)).isNotEmpty();
        Set<Long> hit = new TreeSet<>();
        switch (how) {
            case SWAPPED -> {
                byte[] bytes = Files.readAllBytes(fileOf(first));
                Files.write(fileOf(first), Files.readAllBytes(fileOf(second)));
                Files.write(fileOf(second), bytes);
                hit.addAll(slotsIn(first));
                hit.addAll(slotsIn(second));
            }
            case DUPLICATED -> {
                Files.write(fileOf(second), Files.readAllBytes(fileOf(first)));
                hit.addAll(slotsIn(second));
            }
            case TRUNCATED -> hit.addAll(truncate(age.victim));
            case MISSING -> {
                Files.delete(fileOf(second));
                hit.addAll(slotsIn(second));
            }
            case NEWEST_MISSING -> {
                int newest = RecordDescriptor.segmentId(positions.get(RECORDS - 1));
                Files.delete(fileOf(newest));
                hit.addAll(slotsIn(newest));
            }
            case MANIFEST_DAMAGED -> flip(directory.resolve(SegmentManifest.FILE_NAME), 40);
            case MANIFEST_MISSING -> Files.delete(directory.resolve(SegmentManifest.FILE_NAME));
            case UNLISTED_COPY -> {
                Path file = fileOf(second);
                Files.copy(file, file.resolveSibling(SegmentLayout.require(file).fileName(1000)));
            }
            case START_RECORD -> flip(fileOf(second), startRecordAt(fileOf(second)) + RecordDescriptor.SESSION_OFFSET);
        }
        Recorder found = inspect();
        requireOnly(found, hit, hit.isEmpty() ? Verdict.PRESENT : Verdict.UNKNOWN, true);
        requireTheSameOfARestart(engine, found);
    }

    /** Cuts a file in front of a record; the slots that were behind. */
    private Set<Long> truncate(long slot) throws IOException {
        long position = positions.get((int) slot);
        Path file = fileOf(RecordDescriptor.segmentId(position));
        Files.write(file, Arrays.copyOf(Files.readAllBytes(file), (int) RecordDescriptor.offsetBytes(position)));
        Set<Long> behind = slotsIn(RecordDescriptor.segmentId(position));
        behind.removeIf(each -> each < slot);
        return behind;
    }

    private static int startRecordAt(Path file) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        for (int at = 0; ; at += Integer.BYTES) {
            if (bytes.getInt(at) == RecordDescriptor.MAGIC
                    && bytes.get(at + RecordDescriptor.KIND_OFFSET) == RecordDescriptor.KIND_SEGMENT_START) {
                return at;
            }
        }
    }

    private static void flip(Path file, int at) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        bytes[at] ^= 0x40;
        Files.write(file, bytes);
    }
}
