package io.parablock.blockdev.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the checksums of a store find, and what they must not find. */
@Tag("one-jdk")
class BlockChecksumTest {
    /** Neither whole pages of sums nor whole pages of blocks. */
    private static final long SIZE = (3L << 20) + 512 * 5;

    @TempDir
    Path dir;

    private FileBlockStore store;

    @BeforeEach
    void openIt() {
        store = FileBlockStore.open(blocks(), SIZE);
    }

    @AfterEach
    void closeIt() {
        store.close();
    }

    private Path blocks() {
        return dir.resolve("chunk");
    }

    private Path sums() {
        return dir.resolve("chunk.sums");
    }

    private void reopen(long sizeBytes) {
        store.close();
        store = FileBlockStore.open(blocks(), sizeBytes);
    }

    private void write(long offset, int length, int fill) {
        byte[] content = new byte[length];
        Arrays.fill(content, (byte) fill);
        store.write(offset, ByteBuffer.wrap(content));
    }

    private byte[] read(long offset, int length) {
        ByteBuffer into = ByteBuffer.allocate(length);
        store.read(offset, into);
        return into.array();
    }

    private static void flip(Path file, long offset) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            ByteBuffer one = ByteBuffer.allocate(1);
            channel.read(one, offset);
            channel.write(ByteBuffer.wrap(new byte[] {(byte) (one.get(0) ^ 4)}), offset);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void overwrite(Path file, long offset, ByteBuffer content) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.write(content, offset);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private List<DamagedRange> damagedIn(long offset, int length) {
        DamagedBlocksException found = catchThrowableOfType(
                DamagedBlocksException.class, () -> store.read(offset, ByteBuffer.allocate(length)));
        return found == null ? List.of() : found.ranges();
    }

    @Test
    void shouldNameTheSectorWhoseByteFlippedAndLeaveTheOthersInTheBuffer() {
        write(8192, 4096, 7);
        flip(blocks(), 8192 + 512 * 3 + 100);
        ByteBuffer into = ByteBuffer.allocateDirect(8192);
        assertThatThrownBy(() -> store.read(4096, into))
                .isInstanceOf(DamagedBlocksException.class)
                .hasMessage(blocks() + " has 512 damaged bytes, at 9728+512");
        assertThat(damagedIn(4096, 8192)).containsExactly(new DamagedRange(9728, 512));
        for (int at = 4096; at < 8192; at++) {
            assertThat(at / 512 == 11 || into.get(at) == 7).isTrue();
        }
        assertThat(read(8192, 512 * 3)).containsOnly(7);
        write(9728, 512, 9);
        assertThat(read(9728, 512)).containsOnly(9);
    }

    @Test
    void shouldMergeNeighbouringSectorsAndKeepOthersApart() {
        write(0, 1 << 20, 3);
        for (int sector : new int[] {0, 255, 256, 257, 700}) {
            flip(blocks(), sector * 512L);
        }
        List<DamagedRange> all = List.of(
                new DamagedRange(0, 512), new DamagedRange(255 * 512, 3 * 512), new DamagedRange(700 * 512, 512));
        assertThat(store.verify(0, SIZE)).isEqualTo(all);
        assertThat(damagedIn(0, 1 << 20)).isEqualTo(all);
        assertThat(store.verify(512, 254 * 512)).isEmpty();
    }

    @Test
    void shouldFindChecksumsThatRotAndBlocksThatTurnedUpInAHole() {
        write(0, 4096, 1);
        reopen(SIZE); // what is in memory would be written over them
        flip(sums(), BlockSumsDescriptor.positionOf(512) + 2);
        flip(blocks(), 1 << 20);
        flip(sums(), BlockSumsDescriptor.positionOf(2 << 20));
        assertThat(store.verify(0, SIZE))
                .containsExactly(
                        new DamagedRange(512, 512), new DamagedRange(1 << 20, 512), new DamagedRange(2 << 20, 512));
    }

    @Test
    void shouldFindBlocksThatWereLostToZeros() {
        write(65536, 65536, 5);
        store.fsync();
        try (HolePuncher elsewhere = new LinuxHolePuncher(blocks())) {
            assertThat(elsewhere.punch(65536, 65536)).isTrue();
        }
        assertThat(store.verify(0, SIZE)).containsExactly(new DamagedRange(65536, 65536));
        assertThat(damagedIn(65536, 4096)).containsExactly(new DamagedRange(65536, 4096));
    }

    @Test
    void shouldReadAsZerosWithoutDamageWhereverItWasTrimmed() {
        write(0, (int) SIZE, 5);
        store.trim(512, 4096);
        store.zero(1 << 20, 2 << 20);
        assertThat(store.verify(0, SIZE)).isEmpty();
        assertThat(read(512, 4096)).containsOnly(0);
        assertThat(read(1 << 20, 2 << 20)).containsOnly(0);
        assertThat(read(3 << 20, 5 * 512)).containsOnly(5);
    }

    @Test
    void shouldPunchTheChecksumsOfLargeRanges() throws IOException {
        long size = 64L << 20;
        store.close();
        Files.delete(blocks());
        store = FileBlockStore.open(blocks(), size);
        write(0, (int) size, 5);
        store.fsync();
        try (HolePuncher stat = new LinuxHolePuncher(sums())) {
            long full = stat.allocatedBytes();
            store.trim(0, size);
            store.fsync();
            assertThat(stat.allocatedBytes()).isLessThan(full - (400 << 10));
        }
        assertThat(store.verify(0, size)).isEmpty();
    }

    @Test
    void shouldNotReadAHoleToVerifyIt() {
        long size = 1L << 40;
        reopen(size);
        write(1L << 39, 4096, 5);
        flip(blocks(), (1L << 39) + 512);
        assertThat(store.verify((1L << 39) - (4L << 30), 8L << 30))
                .containsExactly(new DamagedRange((1L << 39) + 512, 512));
    }

    @Test
    void shouldKeepItsChecksumsOverAReopenAndAGrowth() {
        write(SIZE - 4096, 4096, 5);
        reopen(SIZE);
        assertThat(read(SIZE - 4096, 4096)).containsOnly(5);
        reopen(SIZE + 8192);
        write(SIZE, 8192, 6);
        reopen(SIZE + 8192);
        assertThat(store.verify(0, SIZE + 8192)).isEmpty();
        flip(blocks(), SIZE + 8191);
        assertThat(store.verify(0, SIZE + 8192)).containsExactly(new DamagedRange(SIZE + 8192 - 512, 512));
    }

    @Test
    void shouldAdoptWhatItHas() {
        write(0, 1 << 20, 5);
        flip(blocks(), 1000);
        flip(blocks(), 1 << 19);
        flip(sums(), BlockSumsDescriptor.positionOf(3 << 20));
        store.beginAdopting();
        assertThat(store.isAdopting()).isTrue();
        assertThat(read(512, 512)[1000 - 512]).as("by a read").isEqualTo((byte) (5 ^ 4));
        assertThat(store.verify(0, SIZE)).isEmpty();
        store.endAdopting();
        assertThat(store.isAdopting()).isFalse();
        assertThat(store.verify(0, SIZE)).isEmpty();
        flip(blocks(), 1000);
        assertThat(store.verify(0, SIZE)).containsExactly(new DamagedRange(512, 512));
    }

    /** Nobody could say what was there: zeros are not an answer. */
    @Test
    void shouldNotAdoptWhatWasMarkedDamaged() {
        write(0, 1 << 20, 5);
        store.markDamaged(8192, 1024);
        flip(blocks(), 1000);
        store.beginAdopting();
        assertThat(store.verify(0, SIZE)).containsExactly(new DamagedRange(8192, 1024));
        store.endAdopting();
        assertThat(store.verify(0, SIZE)).containsExactly(new DamagedRange(8192, 1024));
    }

    @Test
    void shouldGoOnAdoptingAfterARestart() {
        write(0, 1 << 20, 5);
        flip(blocks(), 1000);
        store.beginAdopting();
        reopen(SIZE);
        assertThat(store.isAdopting()).isTrue();
        assertThat(store.verify(0, SIZE)).isEmpty();
        store.endAdopting();
        reopen(SIZE);
        assertThat(store.isAdopting()).isFalse();
        assertThat(store.verify(0, SIZE)).isEmpty();
    }

    /** A crash between the copies of the header. */
    @Test
    void shouldAdoptIfOneCopyOfTheHeaderSaysSo() {
        write(0, 4096, 5);
        store.beginAdopting();
        ByteBuffer settled = BlockSumsDescriptor.header(SIZE, 0);
        overwrite(sums(), 0, settled);
        reopen(SIZE);
        assertThat(store.isAdopting()).isTrue();
        flip(sums(), BlockSumsDescriptor.HEADER_COPY_STRIDE_BYTES);
        reopen(SIZE);
        assertThat(store.isAdopting()).as("both copies say so now").isTrue();
    }

    @Test
    void shouldFailReadsOfWhatIsMarkedDamagedUntilItIsWritten() {
        write(0, 1 << 20, 5);
        store.markDamaged(8192, 4096);
        store.markDamaged(64 << 10, 512);
        assertThat(store.verify(0, SIZE))
                .containsExactly(new DamagedRange(8192, 4096), new DamagedRange(64 << 10, 512));
        assertThatThrownBy(() -> read(8192 + 512, 512)).isInstanceOf(DamagedBlocksException.class);
        reopen(SIZE);
        assertThatThrownBy(() -> read(64 << 10, 512)).isInstanceOf(DamagedBlocksException.class);
        store.zero(8192, 4096);
        write(64 << 10, 512, 6);
        assertThat(store.verify(0, SIZE)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 9, 13, 20, 25})
    void shouldUseTheOtherHeaderAndRepairTheBadOne(int at) {
        write(0, 4096, 5);
        flip(sums(), at);
        reopen(SIZE);
        flip(sums(), BlockSumsDescriptor.HEADER_COPY_STRIDE_BYTES + at);
        reopen(SIZE);
        assertThat(read(0, 4096)).containsOnly(5);
    }

    private void refuses(String line) {
        assertThatThrownBy(() -> FileBlockStore.open(blocks(), SIZE))
                .isInstanceOf(BlockStoreException.class)
                .hasMessageStartingWith("cannot open " + blocks() + ": its checksums in " + sums())
                .hasMessageContaining(line)
                .message()
                .doesNotContain("\n");
    }

    @Test
    void shouldRefuseBlocksWithoutChecksums() throws IOException {
        write(0, 4096, 5);
        store.close();
        Files.delete(sums());
        refuses("missing");
        Files.write(sums(), new byte[100]);
        refuses("missing");
    }

    @Test
    void shouldRefuseBothHeadersBad() {
        store.close();
        flip(sums(), 3);
        flip(sums(), BlockSumsDescriptor.HEADER_COPY_STRIDE_BYTES + 26);
        refuses("damaged beyond use");
    }

    @Test
    void shouldRefuseANewerFormatAndAnotherChunks() throws IOException {
        store.close();
        putHeaders(ofVersion(3, 0));
        refuses("format version 3, this build knows 2");
        putHeaders(BlockSumsDescriptor.header(SIZE, 0));
        overwrite(sums(), BlockSumsDescriptor.HEADER_COPY_STRIDE_BYTES, ofVersion(3, 0));
        refuses("format version 3, this build knows 2");
        putHeaders(BlockSumsDescriptor.header(SIZE + 512, 0));
        refuses("are of " + (SIZE + 512) + " bytes in sectors of 512");
    }

    private static ByteBuffer ofVersion(int version, int state) {
        ByteBuffer header = BlockSumsDescriptor.header(SIZE, state);
        header.putInt(8, version);
        CRC32C crc = new CRC32C();
        crc.update(header.duplicate().position(0).limit(28));
        return header.putInt(28, (int) crc.getValue());
    }

    /** Version 1 said in the same place whether the store is adopting, and nothing else. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldTakeOverTheFormerVersion(boolean adopting) throws IOException {
        write(0, 4096, 5);
        store.close();
        putHeaders(ofVersion(1, adopting ? 1 : 0));
        reopen(SIZE);
        assertThat(store.isAdopting()).isEqualTo(adopting);
        assertThat(store.isUnderRepair()).isFalse();
        assertThat(read(0, 4096)).containsOnly(5);
        assertThat(headers())
                .containsOnly(BlockSumsDescriptor.header(SIZE, adopting ? BlockSumsDescriptor.ADOPTING : 0));
    }

    private List<ByteBuffer> headers() throws IOException {
        List<ByteBuffer> copies = new ArrayList<>();
        try (FileChannel channel = FileChannel.open(sums())) {
            for (int copy = 0; copy < BlockSumsDescriptor.HEADER_COPIES; copy++) {
                ByteBuffer header = ByteBuffer.allocate(BlockSumsDescriptor.HEADER_BYTES);
                channel.read(header, (long) copy * BlockSumsDescriptor.HEADER_COPY_STRIDE_BYTES);
                copies.add(header.flip());
            }
        }
        return copies;
    }

    @Test
    void shouldStayUnderRepairOverRestartsBesideAdopting() throws IOException {
        store.beginRepair();
        store.beginAdopting();
        reopen(SIZE);
        assertThat(store.isUnderRepair()).isTrue();
        assertThat(store.isAdopting()).isTrue();
        store.endAdopting();
        reopen(SIZE);
        assertThat(store.isUnderRepair()).isTrue();
        assertThat(store.isAdopting()).isFalse();
        store.endRepair();
        reopen(SIZE);
        assertThat(store.isUnderRepair()).isFalse();
        assertThat(headers()).containsOnly(BlockSumsDescriptor.header(SIZE, 0));
    }

    /** A crash between the copies of the header, of the begin or of the end: the damage may be there. */
    @ParameterizedTest
    @ValueSource(ints = {0, BlockSumsDescriptor.HEADER_COPY_STRIDE_BYTES})
    void shouldBeUnderRepairIfOneCopyOfTheHeaderSaysSo(int copyAt) {
        overwrite(sums(), copyAt, BlockSumsDescriptor.header(SIZE, BlockSumsDescriptor.UNDER_REPAIR));
        reopen(SIZE);
        assertThat(store.isUnderRepair()).isTrue();
        flip(sums(), copyAt);
        reopen(SIZE);
        assertThat(store.isUnderRepair()).as("both copies say so now").isTrue();
    }

    private void putHeaders(ByteBuffer header) throws IOException {
        try (FileChannel channel = FileChannel.open(sums(), StandardOpenOption.WRITE)) {
            channel.write(header.duplicate().position(0), 0);
            channel.write(header.duplicate().position(0), BlockSumsDescriptor.HEADER_COPY_STRIDE_BYTES);
        }
    }

    @Test
    void shouldStartAfreshWhereAStartDiedBeforeTheBlocksWereThere() throws IOException {
        store.close();
        Files.delete(blocks());
        Files.write(sums(), new byte[] {1, 2, 3});
        reopen(SIZE);
        assertThat(store.verify(0, SIZE)).isEmpty();
        store.close();
        Files.write(blocks(), new byte[0]);
        Files.delete(sums());
        reopen(SIZE);
        assertThat(store.verify(0, SIZE)).isEmpty();
    }

    @Test
    void shouldFindTheSameAsAModelOfSectors() {
        Random random = new Random(11);
        int sectors = (int) (SIZE / 512);
        boolean[] damaged = new boolean[sectors];
        for (int i = 0; i < 2000; i++) {
            int sector = random.nextInt(sectors);
            int count = 1 + random.nextInt(Math.min(40, sectors - sector));
            switch (random.nextInt(6)) {
                case 0 -> {
                    if (!damaged[sector]) {
                        boolean ofBlocks = random.nextBoolean();
                        if (!ofBlocks) {
                            reopen(SIZE); // what is in memory does not rot
                        }
                        flip(
                                ofBlocks ? blocks() : sums(),
                                ofBlocks
                                        ? sector * 512L + random.nextInt(512)
                                        : BlockSumsDescriptor.positionOf(sector * 512L) + random.nextInt(4));
                        damaged[sector] = true;
                    }
                }
                case 1 -> {
                    store.trim(sector * 512L, count * 512L);
                    Arrays.fill(damaged, sector, sector + count, false);
                }
                case 2 -> {
                    write(sector * 512L, count * 512, random.nextInt());
                    Arrays.fill(damaged, sector, sector + count, false);
                }
                default -> {
                    boolean[] found = new boolean[sectors];
                    for (DamagedRange range : damagedIn(sector * 512L, count * 512)) {
                        Arrays.fill(found, (int) (range.offsetBytes() / 512), (int) (range.endBytes() / 512), true);
                    }
                    assertThat(Arrays.copyOfRange(found, sector, sector + count))
                            .isEqualTo(Arrays.copyOfRange(damaged, sector, sector + count));
                }
            }
        }
    }

    @Test
    void shouldNotTakeAWriteThatIsUnderWayForDamage() throws InterruptedException {
        AtomicBoolean stop = new AtomicBoolean();
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread writer = new Thread(() -> {
            ByteBuffer content = ByteBuffer.allocateDirect(64 << 10);
            for (int i = 0; !stop.get(); i++) {
                for (int at = 0; at < content.capacity(); at += 8) {
                    content.putLong(at, i);
                }
                if (i % 7 == 0) {
                    store.trim(0, 64 << 10);
                } else {
                    store.write(0, content.clear());
                }
            }
        });
        writer.setUncaughtExceptionHandler((t, e) -> failure.set(e));
        writer.start();
        long endNs = System.nanoTime() + 2_000_000_000L;
        long reads = 0;
        ByteBuffer into = ByteBuffer.allocateDirect(64 << 10);
        try {
            while (System.nanoTime() < endNs) {
                store.read(0, into.clear());
                assertThat(store.verify(4096, 16384)).isEmpty();
                reads++;
            }
        } finally {
            stop.set(true);
            writer.join();
        }
        assertThat(failure).hasNullValue();
        assertThat(reads).isGreaterThan(100);
    }

    @Test
    void shouldSayThatItIsClosedInsteadOfDamaged() {
        store.close();
        assertThatThrownBy(() -> store.read(0, ByteBuffer.allocate(512))).isInstanceOf(BlockStoreException.class);
    }
}
