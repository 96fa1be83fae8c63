package io.parablock.blockdev.store;

import static io.parablock.blockdev.store.BlockSumsDescriptor.HEADER_BYTES;
import static io.parablock.blockdev.store.BlockSumsDescriptor.HEADER_COPIES;
import static io.parablock.blockdev.store.BlockSumsDescriptor.HEADER_COPY_STRIDE_BYTES;
import static io.parablock.blockdev.store.BlockSumsDescriptor.SECTOR_BYTES;
import static io.parablock.blockdev.store.BlockSumsDescriptor.SUM_BYTES;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.function.Function;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The checksums of a chunk's sectors in a file of their own ({@link BlockSumsDescriptor}), through {@link SumsPages} and the
 * page cache. One thread writes at a time; reads, {@link #flush} and {@link #force} may run beside it.
 */
final class BlockSums implements AutoCloseable {
    /** What goes out in one write: the sums of 1 MiB, the largest entry. */
    private static final int SCRATCH_BYTES = 8 << 10;

    /** Longer ranges are punched: the sums of 8 MiB of zeros. */
    private static final int ZERO_BYTES_MAX = 64 << 10;

    /** Named limit: so much is read to tell a hole from lost blocks, the sums of 8 MiB. */
    private static final int HOLE_CHECK_BYTES = 64 << 10;

    private static final ByteBuffer ZEROS =
            ByteBuffer.allocateDirect(ZERO_BYTES_MAX).asReadOnlyBuffer();

    private final Path file;
    private final FileChannel channel;
    /** Writes of it are durable when they return, they alone: the sums beside them need not be forced for the header. */
    private final FileChannel synced;

    private final HolePuncher puncher;
    private final SumsPages pages;
    private final ByteBuffer scratch = ByteBuffer.allocateDirect(SCRATCH_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private final ByteBuffer zeros = ZEROS.duplicate();
    private final CRC32C crc = new CRC32C();
    private final long chunkBytes;
    private volatile int state;

    private BlockSums(
            Path file,
            FileChannel channel,
            FileChannel synced,
            HolePuncher puncher,
            SumsPages pages,
            long chunkBytes,
            int state) {
        this.file = file;
        this.channel = channel;
        this.synced = synced;
        this.puncher = puncher;
        this.pages = pages;
        this.chunkBytes = chunkBytes;
        this.state = state;
    }

    /**
     * Opens the sums of a chunk, or begins them durably for one that was never written.
     *
     * @param fresh the chunk has no blocks yet: whatever the file holds is left over from a start that died
     */
    static BlockSums open(
            Path file, long chunkBytes, boolean fresh, Function<Path, HolePuncher> punchers, SumsMemory memory)
            throws IOException {
        FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        FileChannel synced = null;
        boolean good = false;
        try {
            int state = 0;
            if (fresh) {
                if (channel.size() > 0) {
                    channel.truncate(0);
                }
                writeHeaders(channel, chunkBytes, 0);
            } else {
                state = checkHeaders(channel, file, chunkBytes);
            }
            long endBytes = BlockSumsDescriptor.positionOf(chunkBytes);
            if (channel.size() < endBytes) {
                SumsPages.writeAll(channel, endBytes - 1, ByteBuffer.allocate(1));
            }
            synced = FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.DSYNC);
            SumsPages pages = new SumsPages(channel, memory, endBytes);
            BlockSums sums = new BlockSums(file, channel, synced, punchers.apply(file), pages, chunkBytes, state);
            good = true;
            return sums;
        } finally {
            if (!good) {
                if (synced != null) {
                    synced.close();
                }
                channel.close();
            }
        }
    }

    /** Whole: a page that cannot be read cannot be written in part. */
    private static ByteBuffer headerPage(long chunkBytes, int state) {
        return ByteBuffer.allocate(HEADER_COPY_STRIDE_BYTES)
                .put(BlockSumsDescriptor.header(chunkBytes, state))
                .rewind();
    }

    private static void writeHeaders(FileChannel channel, long chunkBytes, int state) throws IOException {
        for (int copy = 0; copy < HEADER_COPIES; copy++) {
            SumsPages.writeAll(channel, (long) copy * HEADER_COPY_STRIDE_BYTES, headerPage(chunkBytes, state));
            channel.force(true);
        }
    }

    /**
     * One good copy is enough; a bad one is written again, and so are both when the chunk has grown, when they are of an older
     * version, or when they differ. Returns the state: it has each bit that some copy has.
     */
    private static int checkHeaders(FileChannel channel, Path file, long chunkBytes) throws IOException {
        List<ByteBuffer> found = new ArrayList<>();
        for (int copy = 0; copy < HEADER_COPIES; copy++) {
            ByteBuffer header = readHeader(channel, (long) copy * HEADER_COPY_STRIDE_BYTES);
            if (header != null) {
                found.add(header.clear());
            }
        }
        if (found.isEmpty()) {
            throw new IOException("its checksums in " + file + " are missing or damaged beyond use:"
                    + " the node must join again with an empty data directory");
        }
        int state = 0;
        for (ByteBuffer header : found) {
            requireOurs(header, file, chunkBytes);
            state |= BlockSumsDescriptor.state(header);
        }
        ByteBuffer wanted = BlockSumsDescriptor.header(chunkBytes, state);
        if (found.size() < HEADER_COPIES || !found.stream().allMatch(wanted::equals)) {
            writeHeaders(channel, chunkBytes, state);
        }
        return state;
    }

    private static void requireOurs(ByteBuffer header, Path file, long chunkBytes) throws IOException {
        if (BlockSumsDescriptor.version(header) > BlockSumsDescriptor.VERSION) {
            throw new IOException("its checksums in " + file + " have format version "
                    + BlockSumsDescriptor.version(header) + ", this build knows " + BlockSumsDescriptor.VERSION);
        }
        if (BlockSumsDescriptor.sectorBytes(header) != SECTOR_BYTES
                || BlockSumsDescriptor.chunkBytes(header) > chunkBytes) {
            throw new IOException("its checksums in " + file + " are of " + BlockSumsDescriptor.chunkBytes(header)
                    + " bytes in sectors of " + BlockSumsDescriptor.sectorBytes(header)
                    + ", the chunk is configured with " + chunkBytes);
        }
    }

    private static @Nullable ByteBuffer readHeader(FileChannel channel, long positionBytes) throws IOException {
        ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        boolean[] bad = new boolean[1];
        PageReader.readAround(channel, positionBytes, header, (from, to) -> bad[0] = true);
        return !bad[0] && BlockSumsDescriptor.isHeader(header) ? header : null;
    }

    /** An empty buffer for the sums of so many bytes. */
    static ByteBuffer room(int lengthBytes) {
        return ByteBuffer.allocate((int) BlockSumsDescriptor.sumsBytes(lengthBytes))
                .order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Computes and writes the sums of a content's remaining bytes; leaves the content as it was. The writer's. */
    void write(long offsetBytes, ByteBuffer content) throws IOException {
        int start = content.position();
        int end = content.limit();
        long position = BlockSumsDescriptor.positionOf(offsetBytes);
        try {
            scratch.clear();
            for (int index = start; index < end; index += SECTOR_BYTES) {
                scratch.putInt(BlockSumsDescriptor.sumOf(crc, content, index));
                if (!scratch.hasRemaining() || index + SECTOR_BYTES == end) {
                    int bytes = scratch.position();
                    pages.put(position, scratch.flip());
                    position += bytes;
                    scratch.clear();
                }
            }
        } finally {
            content.limit(end).position(start);
        }
    }

    /** The sums of zeros. The writer's. */
    void clear(long offsetBytes, long lengthBytes) throws IOException {
        long at = BlockSumsDescriptor.positionOf(offsetBytes);
        long end = at + BlockSumsDescriptor.sumsBytes(lengthBytes);
        if (end - at > ZERO_BYTES_MAX && pages.punch(at, end - at, puncher)) {
            return;
        }
        while (at < end) {
            int bytes = (int) Math.min(ZERO_BYTES_MAX, end - at);
            pages.put(at, zeros.clear().limit(bytes));
            at += bytes;
        }
    }

    /** Reads into the remaining room; the position stays. */
    void read(long offsetBytes, ByteBuffer into) throws IOException {
        int start = into.position();
        readPages(BlockSumsDescriptor.positionOf(offsetBytes), into);
        into.position(start);
    }

    private void readPages(long positionBytes, ByteBuffer into) throws IOException {
        pages.read(positionBytes, into, (at, gap) -> PageReader.read(channel, at, gap));
    }

    /** Whether nothing but zeros fits; no, if they cannot be read. */
    boolean areOfZeros(long offsetBytes, int lengthBytes) {
        ByteBuffer stored = room(lengthBytes);
        try {
            read(offsetBytes, stored);
        } catch (IOException unreadable) {
            return false;
        }
        while (stored.hasRemaining()) {
            if (stored.getInt() != 0) {
                return false;
            }
        }
        return true;
    }

    /** As {@link #read}, as far as it can be; the sectors whose sum cannot be read go into {@code unknown}. */
    void readAround(long offsetBytes, ByteBuffer into, BitSet unknown) throws ClosedChannelException {
        int start = into.position();
        pages.<ClosedChannelException>read(BlockSumsDescriptor.positionOf(offsetBytes), into, (at, gap) -> {
            int before = gap.position() - start;
            PageReader.readAround(
                    channel,
                    at,
                    gap,
                    (from, to) -> unknown.set((before + from) / SUM_BYTES, (before + to) / SUM_BYTES));
        });
        into.position(start);
    }

    /**
     * What a hole of the chunk is: a hole as far as its sums are those of zeros too, else allocated. May be shorter than the
     * hole: the work is bounded. Sums that cannot be read are not those of zeros. Any thread.
     */
    AllocationRun runOfHole(long offsetBytes, long lengthBytes) {
        long position = BlockSumsDescriptor.positionOf(offsetBytes);
        long end = position + BlockSumsDescriptor.sumsBytes(lengthBytes);
        long framed = pages.nextFramed(position); // before the file is asked, as in SumsPages.read
        long written = Math.min(framed, puncher.nextAllocated(position)) & -SUM_BYTES;
        if (written > position) {
            return new AllocationRun((Math.min(written, end) - position) / SUM_BYTES * SECTOR_BYTES, true);
        }
        int bytes = (int) Math.min(HOLE_CHECK_BYTES, end - position);
        ByteBuffer stored = ByteBuffer.allocate(bytes);
        try {
            readPages(position, stored);
        } catch (IOException unreadable) {
            return new AllocationRun((long) bytes / SUM_BYTES * SECTOR_BYTES, false);
        }
        boolean hole = stored.getInt(0) == 0;
        int same = SUM_BYTES;
        while (same < bytes && (stored.getInt(same) == 0) == hole) {
            same += SUM_BYTES;
        }
        return new AllocationRun((long) same / SUM_BYTES * SECTOR_BYTES, hole);
    }

    /**
     * Adds the sectors of the content, from {@code start} to its limit, that do not fit their sums. Position and limit
     * of the content stay.
     */
    static void differing(ByteBuffer content, int start, ByteBuffer stored, BitSet into) {
        CRC32C crc = new CRC32C();
        int position = content.position();
        int end = content.limit();
        for (int i = 0; start + i * SECTOR_BYTES < end; i++) {
            if (stored.getInt(i * SUM_BYTES) != BlockSumsDescriptor.sumOf(crc, content, start + i * SECTOR_BYTES)) {
                into.set(i);
            }
        }
        content.limit(end).position(position);
    }

    /** Sets a bit of the state, or clears it. Durable when it returns, and no other write is. */
    synchronized void state(int bit, boolean on) throws IOException {
        int next = on ? state | bit : state & ~bit;
        if (next == state) {
            return;
        }
        for (int copy = 0; copy < HEADER_COPIES; copy++) {
            SumsPages.writeAll(synced, (long) copy * HEADER_COPY_STRIDE_BYTES, headerPage(chunkBytes, next));
        }
        state = next;
    }

    boolean is(int bit) {
        return (state & bit) != 0;
    }

    /** Sums that no sector of zeros has, over blocks that are zeros. The writer's. */
    void spoil(long offsetBytes, long lengthBytes) throws IOException {
        long at = BlockSumsDescriptor.positionOf(offsetBytes);
        long end = at + BlockSumsDescriptor.sumsBytes(lengthBytes);
        while (at < end) {
            int bytes = (int) Math.min(SCRATCH_BYTES, end - at);
            scratch.clear();
            for (int i = 0; i < bytes; i += SUM_BYTES) {
                scratch.putInt(BlockSumsDescriptor.SPOILT_SUM);
            }
            pages.put(at, scratch.flip());
            at += bytes;
        }
    }

    /**
     * Appends sums that none of the content's sectors, up to its limit, fits; its position and limit are lost.
     *
     * @param page little endian
     */
    static void putUnfit(ByteBuffer content, ByteBuffer page) {
        CRC32C crc = new CRC32C();
        int end = content.limit();
        for (int at = 0; at < end; at += SECTOR_BYTES) {
            page.putInt(~BlockSumsDescriptor.sumOf(crc, content, at));
        }
    }

    /** Writes a whole page of sums. The writer's. */
    void writePage(long offsetBytes, ByteBuffer page) throws IOException {
        pages.put(BlockSumsDescriptor.positionOf(offsetBytes), page);
    }

    /** Adds the sectors of the content, from {@code start} to its limit, that were marked damaged. The content stays as it was. */
    static void spoilt(ByteBuffer content, int start, ByteBuffer stored, BitSet into) {
        CRC32C crc = new CRC32C();
        int position = content.position();
        int end = content.limit();
        for (int i = 0; start + i * SECTOR_BYTES < end; i++) {
            if (stored.getInt(i * SUM_BYTES) == BlockSumsDescriptor.SPOILT_SUM
                    && BlockSumsDescriptor.sumOf(crc, content, start + i * SECTOR_BYTES) == 0) {
                into.set(i);
            }
        }
        content.limit(end).position(position);
    }

    /** What was written of a range before the call is in the page cache when it returns. */
    void flush(long offsetBytes, long lengthBytes) throws IOException {
        pages.flush(BlockSumsDescriptor.positionOf(offsetBytes), BlockSumsDescriptor.sumsBytes(lengthBytes));
    }

    /** What was written before the call is on stable storage when it returns. */
    void force() throws IOException {
        pages.flush();
        channel.force(false);
    }

    Path file() {
        return file;
    }

    @Override
    public void close() throws IOException {
        try {
            pages.close();
        } finally {
            puncher.close();
            synced.close();
            channel.close();
        }
    }

    @Override
    public String toString() {
        return file.toString();
    }
}
