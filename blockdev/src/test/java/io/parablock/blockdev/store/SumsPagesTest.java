package io.parablock.blockdev.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which pages wait in memory, and when they are written. */
class SumsPagesTest {
    private static final int PAGE = BlockSumsDescriptor.PAGE_BYTES;
    private static final int PAGES = 40;
    /** The last page is none. */
    private static final long END = (long) PAGES * PAGE - 1000;

    @TempDir
    Path dir;

    private final SumsMemory memory = new SumsMemory(32L * PAGE);
    private FaultyChannel channel;
    private SumsPages pages;

    @BeforeEach
    void openIt() throws IOException {
        Files.write(file(), new byte[(int) END]);
        channel = new FaultyChannel(file());
        pages = new SumsPages(channel, memory, END);
    }

    @AfterEach
    void closeIt() throws IOException {
        channel.close();
    }

    private Path file() {
        return dir.resolve("sums");
    }

    private void put(SumsPages to, long position, int length, int fill) throws IOException {
        byte[] content = new byte[length];
        Arrays.fill(content, (byte) fill);
        ByteBuffer buffer = ByteBuffer.wrap(content);
        to.put(position, buffer);
        assertThat(buffer.remaining()).isZero();
    }

    private void put(long position, int length, int fill) throws IOException {
        put(pages, position, length, fill);
    }

    private byte[] read(long position, int length) throws IOException {
        ByteBuffer into = ByteBuffer.allocate(length);
        pages.read(position, into, (at, gap) -> PageReader.read(channel, at, gap));
        return into.array();
    }

    private byte[] inFile(long position, int length) throws IOException {
        return Arrays.copyOfRange(Files.readAllBytes(file()), (int) position, (int) position + length);
    }

    @Test
    void shouldWriteNothingForSmallPutsToOnePageUntilTheFlush() throws IOException {
        for (int i = 0; i < 100; i++) {
            put(2 * PAGE + 32L * i, 32, i + 1);
        }
        assertThat(channel.writes).isEmpty();
        assertThat(channel.reads).isEqualTo(1);
        assertThat(inFile(2 * PAGE, PAGE)).containsOnly(0);
        assertThat(read(2 * PAGE + 64, 32)).containsOnly(3);
        pages.flush();
        assertThat(channel.writes).containsExactly(PAGE);
        assertThat(inFile(2 * PAGE, 3200))
                .isEqualTo(read(2 * PAGE, 3200))
                .contains(100)
                .doesNotContain(0);
        pages.flush();
        assertThat(channel.writes).as("nothing was put since").hasSize(1);
    }

    /** A checksum in memory outlives the one on the disk, and takes its place when its page is written again. */
    @Test
    void shouldMendWhatRotsInTheFile() throws IOException {
        put(2 * PAGE, 32, 1);
        pages.flush();
        byte[] rotten = Files.readAllBytes(file());
        rotten[2 * PAGE + 5] ^= 4;
        Files.write(file(), rotten);
        assertThat(read(2 * PAGE, 32)).containsOnly(1);
        put(2 * PAGE + 64, 32, 2);
        pages.flush();
        assertThat(inFile(2 * PAGE, 32)).containsOnly(1);
    }

    @Test
    void shouldWriteAtOnceWhatFindsNoMemory() throws IOException {
        SumsPages without = new SumsPages(channel, new SumsMemory(PAGE - 1), END);
        put(without, 3 * PAGE - 16, 32, 5);
        assertThat(channel.writes).as("of both pages in one").containsExactly(32);
        assertThat(channel.reads).isZero();
        assertThat(inFile(3 * PAGE - 16, 32)).containsOnly(5);
        SumsPages withOne = new SumsPages(channel, new SumsMemory(PAGE), END);
        put(withOne, 5 * PAGE - 16, 48, 6);
        assertThat(inFile(5 * PAGE - 16, 16)).containsOnly(0);
        assertThat(inFile(5 * PAGE, 32)).containsOnly(6);
    }

    @Test
    void shouldNeitherReadNorKeepWhatIsPutWhole() throws IOException {
        channel.readsFail = true;
        put(4 * PAGE, 2 * PAGE, 7);
        assertThat(channel.writes).containsExactly(2 * PAGE);
        assertThat(memory.usedBytes()).isZero();
        channel.readsFail = false;
        put(4 * PAGE + 32, 32, 8);
        put(4 * PAGE, PAGE, 9);
        assertThat(inFile(4 * PAGE, PAGE)).as("it is in memory now").containsOnly(7);
        assertThat(read(4 * PAGE, PAGE)).containsOnly(9);
    }

    @Test
    void shouldWriteNeighboursTogetherInTheOrderOfTheFile() throws IOException {
        for (int page : new int[] {9, 3, 4, 8, 5}) {
            put((long) page * PAGE + 12, 4, page);
        }
        pages.flush();
        assertThat(channel.writes).containsExactly(3 * PAGE, 2 * PAGE);
        for (int page = 10; page < PAGES; page++) {
            put((long) page * PAGE + 12, 4, page);
        }
        pages.flush();
        // 27 pages had memory, the last three had none.
        assertThat(channel.writes).containsExactly(3 * PAGE, 2 * PAGE, 4, 4, 4, 16 * PAGE, 11 * PAGE);
        for (int page = 10; page < PAGES; page++) {
            assertThat(inFile((long) page * PAGE + 12, 4)).containsOnly(page);
        }
    }

    @Test
    void shouldGiveBackPagesThatWereNotPutBetweenTwoFlushes() throws IOException {
        put(2 * PAGE, 4, 1);
        put(3 * PAGE, 4, 1);
        assertThat(memory.usedBytes()).isEqualTo(2 * PAGE);
        pages.flush();
        assertThat(memory.usedBytes()).as("put since the flush before").isEqualTo(2 * PAGE);
        put(3 * PAGE, 4, 2);
        pages.flush();
        assertThat(memory.usedBytes()).isEqualTo(PAGE);
        assertThat(pages.nextFramed(2 * PAGE)).isEqualTo(3 * PAGE);
        pages.flush();
        assertThat(memory.usedBytes()).isZero();
        assertThat(pages.nextFramed(0)).isEqualTo(Long.MAX_VALUE);
        assertThat(read(3 * PAGE, 4)).containsOnly(2);
    }

    @Test
    void shouldTellOfAPageThatCannotBeRead() throws IOException {
        channel.readsFail = true;
        assertThatThrownBy(() -> put(2 * PAGE, 4, 1)).isInstanceOf(IOException.class);
        assertThat(memory.usedBytes()).isZero();
        assertThat(pages.nextFramed(0)).isEqualTo(Long.MAX_VALUE);
        put(2 * PAGE, PAGE, 3);
        channel.readsFail = false;
        put(2 * PAGE, 4, 1);
        assertThat(read(2 * PAGE, 8)).containsExactly(1, 1, 1, 1, 3, 3, 3, 3);
    }

    @Test
    void shouldFillTheLastPageWithZeros() throws IOException {
        put(END - 4, 4, 1);
        pages.flush();
        assertThat(inFile(END - 4, 4)).containsOnly(1);
        assertThat(inFile(END, 1000)).containsOnly(0);
    }

    @Test
    void shouldWriteAgainWhatAFlushCouldNotWrite() throws IOException {
        put(2 * PAGE, 4, 1);
        put(8 * PAGE, 4, 2);
        channel.beforeWrite = () -> {
            throw new IOException("injected: No space left on device");
        };
        assertThatThrownBy(() -> pages.flush()).isInstanceOf(IOException.class);
        assertThat(read(2 * PAGE, 4)).containsOnly(1);
        pages.flush();
        assertThat(channel.writes).containsExactly(PAGE, PAGE);
        assertThat(inFile(2 * PAGE, 4)).containsOnly(1);
        assertThat(inFile(8 * PAGE, 4)).containsOnly(2);
    }

    @Test
    void shouldWriteInTheNextFlushWhatIsPutDuringOne() throws IOException {
        put(2 * PAGE, 4, 1);
        channel.beforeWrite = () -> put(2 * PAGE, 4, 2);
        pages.flush();
        assertThat(inFile(2 * PAGE, 4)).containsOnly(1);
        assertThat(read(2 * PAGE, 4)).containsOnly(2);
        pages.flush();
        assertThat(inFile(2 * PAGE, 4)).containsOnly(2);
    }

    @Test
    void shouldFlushARangeAlone() throws IOException {
        for (int page = 2; page < 6; page++) {
            put((long) page * PAGE, 4, page);
        }
        pages.flush(4 * PAGE - 4, 8);
        assertThat(channel.writes).containsExactly(2 * PAGE);
        pages.flush(3 * PAGE, 2 * PAGE);
        assertThat(channel.writes).as("they are clean").hasSize(1);
        assertThat(memory.usedBytes()).isEqualTo(4 * PAGE);
        pages.flush();
        assertThat(channel.writes).containsExactly(2 * PAGE, PAGE, PAGE);
        assertThat(memory.usedBytes()).as("put since the flush before").isEqualTo(4 * PAGE);
    }

    /** Writes zeros, as a hole reads. */
    private final class Zeros implements HolePuncher {
        @Override
        public boolean punch(long offsetBytes, long lengthBytes) {
            try {
                SumsPages.writeAll(channel, offsetBytes, ByteBuffer.allocate((int) lengthBytes));
                return true;
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }

        @Override
        public long allocatedBytes() {
            throw new UnsupportedOperationException();
        }

        @Override
        public void close() {}
    }

    @Test
    void shouldDropWhatIsPunchedAndZeroTheRest() throws IOException {
        for (int page = 2; page < 7; page++) {
            put((long) page * PAGE, 200, 1);
        }
        assertThat(pages.punch(2 * PAGE + 100, 4 * PAGE, new Zeros())).isTrue();
        assertThat(memory.usedBytes()).isEqualTo(2 * PAGE);
        channel.writes.clear();
        byte[] expected = new byte[5 * PAGE];
        Arrays.fill(expected, 0, 100, (byte) 1);
        Arrays.fill(expected, 4 * PAGE + 100, 4 * PAGE + 200, (byte) 1);
        assertThat(read(2 * PAGE, 5 * PAGE)).isEqualTo(expected);
        pages.flush();
        assertThat(channel.writes).containsExactly(PAGE, PAGE);
        assertThat(inFile(2 * PAGE, 5 * PAGE)).isEqualTo(expected);
    }

    /** The flush has copied the page when the hole is wanted. */
    @Test
    void shouldNotWriteAnOldCopyIntoAHole() throws Exception {
        put(2 * PAGE, 4, 1);
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread writer = new Thread(() -> pages.punch(2 * PAGE, PAGE, new Zeros()));
        writer.setUncaughtExceptionHandler((t, e) -> failure.set(e));
        channel.beforeWrite = () -> {
            writer.start();
            while (writer.getState() != Thread.State.WAITING && writer.getState() != Thread.State.TERMINATED) {
                Thread.onSpinWait();
            }
        };
        pages.flush();
        writer.join();
        assertThat(failure).hasNullValue();
        assertThat(inFile(2 * PAGE, 4)).containsOnly(0);
        assertThat(read(2 * PAGE, 4)).containsOnly(0);
        pages.flush();
        assertThat(inFile(2 * PAGE, 4)).containsOnly(0);
    }

    /** Else a second checkpoint would be taken for done while the first one still writes. */
    @Test
    void shouldNotEndAFlushBeforeTheOneUnderWay() throws Exception {
        put(2 * PAGE, 4, 1);
        AtomicReference<Object> seen = new AtomicReference<>();
        Thread second = new Thread(() -> {
            try {
                pages.flush();
                seen.set(inFile(2 * PAGE, 4)[0]);
            } catch (IOException e) {
                seen.set(e);
            }
        });
        channel.beforeWrite = () -> {
            second.start();
            while (second.getState() != Thread.State.WAITING && second.getState() != Thread.State.TERMINATED) {
                Thread.onSpinWait();
            }
        };
        pages.flush();
        second.join();
        assertThat(seen).hasValue((byte) 1);
    }

    @Test
    void shouldWriteAtItsEndAndGiveTheMemoryBack() throws IOException {
        put(2 * PAGE, 4, 1);
        pages.close();
        assertThat(inFile(2 * PAGE, 4)).containsOnly(1);
        assertThat(memory.usedBytes()).isZero();
        assertThatThrownBy(() -> put(2 * PAGE, 4, 2)).isInstanceOf(ClosedChannelException.class);
        assertThat(memory.usedBytes()).isZero();
        pages.close();
    }

    @Test
    void shouldTellOfAnEndThatCannotWriteAndGiveTheMemoryBack() throws IOException {
        put(2 * PAGE, 4, 1);
        channel.beforeWrite = () -> {
            throw new IOException("injected: Input/output error");
        };
        assertThatThrownBy(() -> pages.close()).isInstanceOf(IOException.class);
        assertThat(memory.usedBytes()).isZero();
    }

    @Test
    void shouldUseMemoryAgain() {
        SumsMemory two = new SumsMemory(2L * PAGE + 1);
        ByteBuffer first = two.acquire();
        assertThat(first).isNotNull();
        assertThat(two.acquire()).isNotNull().isNotSameAs(first);
        assertThat(two.acquire()).isNull();
        assertThat(two.usedBytes()).isEqualTo(2 * PAGE);
        two.release(first);
        assertThat(two.acquire()).isSameAs(first);
    }
}
