package io.parablock.blockdev.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A chunk in one sparse file: thin, through the page cache, with the checksums of its sectors in a second file.
 *
 * <pre>
 *   write, zero, trim ──[lock: blocks, then sums]──► page cache; SumsPages ──fsync: both──► disk
 *   read              ── blocks, sums, compare ──► good
 *                          └─ differ ──[lock: the same again]──► good, or damaged
 * </pre>
 *
 * <p>A process that dies, and a power loss, leave sectors that do not fit, all of them written since the last checkpoint:
 * entries above the checkpoint write them again. So nothing here reads before it writes.
 */
public final class FileBlockStore implements BlockStore {
    private static final String SUMS_SUFFIX = ".sums";
    private static final int ZERO_BYTES = 1 << 20;
    private static final int VERIFY_BYTES = 128 << 10;
    private static final int PAGE_BYTES = 4096;

    private final Path file;
    private final FileChannel channel;
    private final HolePuncher puncher;
    private final BlockSums sums;
    private final LinuxFileRanges ranges;
    /** Null where the page cache cannot be passed. */
    private final @Nullable DiskCheck disk;

    private final long sizeBytes;
    /** Whoever holds it sees no blocks whose sums are not there yet. */
    private final ReentrantLock writing = new ReentrantLock();

    private FileBlockStore(
            Path file,
            FileChannel channel,
            HolePuncher puncher,
            LinuxFileRanges ranges,
            BlockSums sums,
            @Nullable DiskCheck disk,
            long sizeBytes) {
        this.disk = disk;
        this.file = file;
        this.channel = channel;
        this.puncher = puncher;
        this.ranges = ranges;
        this.sums = sums;
        this.sizeBytes = sizeBytes;
    }

    /**
     * Creates the files, durably, if they are not there; existing ones must not be larger than {@code sizeBytes}, and no file
     * with blocks may be without its checksums.
     */
    public static FileBlockStore open(Path file, long sizeBytes) {
        return open(file, sizeBytes, SumsMemory.ofOneStore());
    }

    /** The same, with memory for checksums that it shares with others. */
    public static FileBlockStore open(Path file, long sizeBytes, SumsMemory memory) {
        return open(file, sizeBytes, LinuxHolePuncher::new, memory);
    }

    /** The same over a file system that gives space back in a way of its own. */
    public static FileBlockStore open(Path file, long sizeBytes, Function<Path, HolePuncher> punchers) {
        return open(file, sizeBytes, punchers, SumsMemory.ofOneStore());
    }

    private static FileBlockStore open(
            Path file, long sizeBytes, Function<Path, HolePuncher> punchers, SumsMemory memory) {
        try {
            Path dir = file.toAbsolutePath().getParent();
            if (dir != null) {
                Files.createDirectories(dir);
            }
            boolean fresh = !Files.exists(file) || Files.size(file) == 0;
            if (!fresh && Files.size(file) > sizeBytes) {
                throw new IOException(
                        "it has " + Files.size(file) + " bytes, the chunk is configured with " + sizeBytes);
            }
            Path sumsFile = file.resolveSibling(file.getFileName() + SUMS_SUFFIX);
            BlockSums sums = BlockSums.open(sumsFile, sizeBytes, fresh, punchers, memory);
            if (fresh) {
                // Blocks without sums are refused: the sums' name must be there first, and stay.
                DurableNames.force(dir);
            }
            FileChannel ch = FileChannel.open(
                    file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
            if (ch.size() < sizeBytes) {
                ch.write(ByteBuffer.allocate(1), sizeBytes - 1);
            }
            DurableNames.force(dir);
            LinuxFileRanges ranges = LinuxFileRanges.open(file);
            DiskCheck disk = DiskCheck.open(file, sums);
            return new FileBlockStore(file, ch, punchers.apply(file), ranges, sums, disk, sizeBytes);
        } catch (IOException e) {
            throw new BlockStoreException("cannot open " + file + ": " + e.getMessage(), e);
        }
    }

    @Override
    public long sizeBytes() {
        return sizeBytes;
    }

    @Override
    public void write(long offsetBytes, ByteBuffer content) {
        BlockStore.checkRange(offsetBytes, content.remaining(), sizeBytes);
        int start = content.position();
        writing.lock();
        try {
            writeOverLostPages(offsetBytes, content);
            int end = content.position();
            writeSums(offsetBytes, end - start, () -> sums.write(offsetBytes, content.position(start)));
            content.position(end);
        } catch (IOException e) {
            throw new BlockStoreException("cannot write " + file + ": " + e.getMessage(), e);
        } finally {
            writing.unlock();
        }
    }

    /** A part of a page that cannot be read cannot be written: what is left of such a page goes out with the write. */
    private void writeOverLostPages(long offsetBytes, ByteBuffer content) throws IOException {
        int start = content.position();
        long lastByte = offsetBytes + content.remaining() - 1;
        try {
            SumsPages.writeAll(channel, offsetBytes, content);
        } catch (ClosedChannelException closed) {
            throw closed;
        } catch (IOException lostPage) {
            rewriteIfLost(offsetBytes - offsetBytes % PAGE_BYTES);
            rewriteIfLost(lastByte - lastByte % PAGE_BYTES);
            content.position(start);
            SumsPages.writeAll(channel, offsetBytes, content);
        }
    }

    /** Writes a whole page of blocks, with zeros that are marked damaged where it cannot be read. */
    private void rewriteIfLost(long firstBytes) throws IOException {
        ByteBuffer page = ByteBuffer.allocate((int) Math.min(PAGE_BYTES, sizeBytes - firstBytes));
        BitSet unreadable = unreadableSectors(firstBytes, page);
        if (unreadable.isEmpty()) {
            return;
        }
        List<DamagedRange> lost = DamagedRange.ofSectors(firstBytes, unreadable);
        for (DamagedRange r : lost) {
            page.put((int) (r.offsetBytes() - firstBytes), new byte[(int) r.lengthBytes()]);
        }
        SumsPages.writeAll(channel, firstBytes, page.clear());
        for (DamagedRange r : lost) {
            writeSums(r.offsetBytes(), r.lengthBytes(), () -> sums.spoil(r.offsetBytes(), r.lengthBytes()));
        }
    }

    @Override
    public void zero(long offsetBytes, long lengthBytes) {
        BlockStore.checkRange(offsetBytes, lengthBytes, sizeBytes);
        if (lengthBytes == 0) {
            return;
        }
        writing.lock();
        try {
            if (!puncher.punch(offsetBytes, lengthBytes)) {
                writeZeros(offsetBytes, lengthBytes);
            }
            writeSums(offsetBytes, lengthBytes, () -> sums.clear(offsetBytes, lengthBytes));
        } catch (IOException e) {
            throw new BlockStoreException("cannot write zeros to " + file + ": " + e.getMessage(), e);
        } finally {
            writing.unlock();
        }
    }

    private void writeZeros(long offsetBytes, long lengthBytes) throws IOException {
        ByteBuffer zeros = ByteBuffer.allocateDirect((int) Math.min(ZERO_BYTES, lengthBytes));
        long at = offsetBytes;
        long end = offsetBytes + lengthBytes;
        while (at < end) {
            zeros.clear().limit((int) Math.min(zeros.capacity(), end - at));
            int n = zeros.remaining();
            writeOverLostPages(at, zeros);
            at += n;
        }
    }

    @Override
    public void trim(long offsetBytes, long lengthBytes) {
        zero(offsetBytes, lengthBytes);
    }

    @Override
    public void read(long offsetBytes, ByteBuffer into) {
        BlockStore.checkRange(offsetBytes, into.remaining(), sizeBytes);
        List<DamagedRange> damaged = readAndCheck(offsetBytes, into);
        if (!damaged.isEmpty()) {
            throw new DamagedBlocksException(file.toString(), damaged);
        }
    }

    /** Fills the buffer's remaining bytes; what of it is damaged. */
    private List<DamagedRange> readAndCheck(long offsetBytes, ByteBuffer into) {
        int start = into.position();
        try {
            if (isGood(offsetBytes, into)) {
                return List.of();
            }
            // A write may have been between its blocks and its sums: now there is none.
            writing.lock();
            try {
                into.position(start);
                BitSet damaged = damagedSectors(offsetBytes, into);
                if (!damaged.isEmpty() && isAdopting()) {
                    damaged = adoptReadable(offsetBytes, into, start, damaged);
                }
                return DamagedRange.ofSectors(offsetBytes, damaged);
            } finally {
                writing.unlock();
            }
        } catch (ClosedChannelException e) {
            throw new BlockStoreException("cannot read " + file + ": it is closed", e);
        }
    }

    private boolean isGood(long offsetBytes, ByteBuffer into) throws ClosedChannelException {
        int start = into.position();
        BitSet differing = new BitSet();
        try {
            ByteBuffer stored = BlockSums.room(into.remaining());
            PageReader.read(channel, offsetBytes, into);
            sums.read(offsetBytes, stored);
            BlockSums.differing(into, start, stored, differing);
            return differing.isEmpty();
        } catch (ClosedChannelException ended) {
            throw ended;
        } catch (IOException unreadable) {
            return false;
        }
    }

    /** Counted from the offset; holds the lock. */
    private BitSet damagedSectors(long offsetBytes, ByteBuffer into) throws ClosedChannelException {
        int start = into.position();
        ByteBuffer stored = BlockSums.room(into.remaining());
        BitSet damaged = unreadableSectors(offsetBytes, into);
        sums.readAround(offsetBytes, stored, damaged);
        BlockSums.differing(into, start, stored, damaged);
        return damaged;
    }

    /** A write of sums, or of their zeros. */
    private interface SumsWrite {
        void run() throws IOException;
    }

    /**
     * A part of a page that cannot be read cannot be written either. So where a write of sums fails, each page of them that is
     * lost is written whole, with sums that fit nothing, and the write is tried once more: the other sectors of such a page are
     * damaged until they are written. Reads leave such a page alone: it may be readable again.
     */
    private void writeSums(long offsetBytes, long lengthBytes, SumsWrite write) throws IOException {
        try {
            write.run();
        } catch (ClosedChannelException closed) {
            throw closed;
        } catch (IOException lostPage) {
            long page = BlockSumsDescriptor.PAGE_COVERS_BYTES;
            for (long first = offsetBytes - offsetBytes % page; first < offsetBytes + lengthBytes; first += page) {
                long end = Math.min(sizeBytes, first + page);
                BitSet unknown = new BitSet();
                sums.readAround(first, BlockSums.room((int) (end - first)), unknown);
                if (!unknown.isEmpty()) {
                    condemnPage(first, end);
                }
            }
            write.run();
        }
    }

    private void condemnPage(long firstBytes, long endBytes) throws IOException {
        ByteBuffer page = ByteBuffer.allocate(BlockSumsDescriptor.PAGE_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer piece = ByteBuffer.allocate(VERIFY_BYTES);
        for (long at = firstBytes; at < endBytes; at += VERIFY_BYTES) {
            piece.clear().limit((int) Math.min(VERIFY_BYTES, endBytes - at));
            PageReader.readAround(channel, at, piece, (from, to) -> {});
            BlockSums.putUnfit(piece, page);
        }
        sums.writePage(firstBytes, page.position(0));
    }

    private BitSet unreadableSectors(long offsetBytes, ByteBuffer into) throws ClosedChannelException {
        BitSet unreadable = new BitSet();
        PageReader.readAround(
                channel,
                offsetBytes,
                into,
                (from, to) ->
                        unreadable.set(from / BlockSumsDescriptor.SECTOR_BYTES, to / BlockSumsDescriptor.SECTOR_BYTES));
        return unreadable;
    }

    @Override
    public List<DamagedRange> verify(long offsetBytes, long lengthBytes) {
        BlockStore.checkRange(offsetBytes, lengthBytes, sizeBytes);
        List<DamagedRange> damaged = new ArrayList<>();
        ByteBuffer piece = ByteBuffer.allocate((int) Math.min(VERIFY_BYTES, lengthBytes));
        for (long at = offsetBytes; at < offsetBytes + lengthBytes; ) {
            piece.clear().limit((int) Math.min(piece.capacity(), offsetBytes + lengthBytes - at));
            int bytes = piece.remaining();
            if (!isHole(at, bytes)) {
                DamagedRange.addAll(damaged, checkOnDisk(at, piece));
            }
            at += bytes;
        }
        return damaged;
    }

    /** What of it is damaged on the disk. What the page cache has instead is good until it is dropped. */
    private List<DamagedRange> checkOnDisk(long offsetBytes, ByteBuffer piece) {
        DiskCheck check = disk;
        if (check == null || isAdopting()) {
            return readAndCheck(offsetBytes, piece);
        }
        try {
            if (check.damaged(offsetBytes, piece).isEmpty()) {
                return List.of();
            }
            writing.lock();
            try {
                return DamagedRange.ofSectors(offsetBytes, check.damaged(offsetBytes, piece.rewind()));
            } finally {
                writing.unlock();
            }
        } catch (ClosedChannelException e) {
            throw new BlockStoreException("cannot read " + file + ": it is closed", e);
        }
    }

    /** Neither blocks nor sums have ever been written, or all are gone. Reads no block: those of a hole would fill the cache. */
    private boolean isHole(long offsetBytes, int lengthBytes) {
        return puncher.nextAllocated(offsetBytes) >= offsetBytes + lengthBytes
                && sums.areOfZeros(offsetBytes, lengthBytes);
    }

    @Override
    public void markDamaged(long offsetBytes, long lengthBytes) {
        BlockStore.checkRange(offsetBytes, lengthBytes, sizeBytes);
        if (lengthBytes == 0) {
            return;
        }
        writing.lock();
        try {
            writeZeros(offsetBytes, lengthBytes);
            writeSums(offsetBytes, lengthBytes, () -> sums.spoil(offsetBytes, lengthBytes));
        } catch (IOException e) {
            throw new BlockStoreException("cannot write " + file + ": " + e.getMessage(), e);
        } finally {
            writing.unlock();
        }
    }

    @Override
    public void beginAdopting() {
        state(BlockSumsDescriptor.ADOPTING, true);
    }

    @Override
    public boolean isAdopting() {
        return sums.is(BlockSumsDescriptor.ADOPTING);
    }

    @Override
    public void endAdopting() {
        fsync();
        state(BlockSumsDescriptor.ADOPTING, false);
    }

    @Override
    public void beginRepair() {
        state(BlockSumsDescriptor.UNDER_REPAIR, true);
    }

    @Override
    public boolean isUnderRepair() {
        return sums.is(BlockSumsDescriptor.UNDER_REPAIR);
    }

    @Override
    public void endRepair() {
        state(BlockSumsDescriptor.UNDER_REPAIR, false);
    }

    private void state(int bit, boolean on) {
        try {
            sums.state(bit, on);
        } catch (IOException e) {
            throw new BlockStoreException("cannot write the checksums of " + file + ": " + e.getMessage(), e);
        }
    }

    /**
     * Gives the readable ones of these sectors checksums that fit; the others stay damaged, and so do those that were marked:
     * their content is nobody's. Holds the lock.
     */
    private BitSet adoptReadable(long offsetBytes, ByteBuffer into, int start, BitSet damaged)
            throws ClosedChannelException {
        int end = into.limit();
        into.position(start);
        BitSet unreadable = unreadableSectors(offsetBytes, into);
        ByteBuffer stored = BlockSums.room(end - start);
        sums.readAround(offsetBytes, stored, new BitSet());
        BlockSums.spoilt(into, start, stored, unreadable);
        try {
            for (int i = damaged.nextSetBit(0); i >= 0; i = damaged.nextSetBit(i + 1)) {
                if (!unreadable.get(i)) {
                    int at = i * BlockSumsDescriptor.SECTOR_BYTES;
                    into.limit(start + at + BlockSumsDescriptor.SECTOR_BYTES).position(start + at);
                    int limit = into.limit();
                    writeSums(
                            offsetBytes + at,
                            BlockSumsDescriptor.SECTOR_BYTES,
                            () -> sums.write(offsetBytes + at, into.limit(limit).position(start + at)));
                }
            }
        } catch (IOException e) {
            throw new BlockStoreException("cannot write the checksums of " + file + ": " + e.getMessage(), e);
        } finally {
            into.limit(end).position(end);
        }
        return unreadable;
    }

    @Override
    public void fsync() {
        try {
            channel.force(false);
            sums.force();
        } catch (IOException e) {
            throw new BlockStoreException("cannot fsync " + file + ": " + e.getMessage(), e);
        }
    }

    /** Of the blocks; their checksums take 1/128 more. */
    @Override
    public long allocatedBytes() {
        try {
            return puncher.allocatedBytes();
        } catch (IOException e) {
            throw new BlockStoreException("cannot stat " + file + ": " + e.getMessage(), e);
        }
    }

    @Override
    public AllocationRun runAt(long offsetBytes, long lengthBytes) {
        BlockStore.checkRange(offsetBytes, lengthBytes, sizeBytes);
        AllocationRun run = ranges.runAt(offsetBytes, lengthBytes);
        // A hole whose sums are those of content is damage: an extent that was lost, which no reader may take for
        // zeros.
        return run.hole() ? sums.runOfHole(offsetBytes, run.lengthBytes()) : run;
    }

    @Override
    public void prefetch(long offsetBytes, long lengthBytes) {
        BlockStore.checkRange(offsetBytes, lengthBytes, sizeBytes);
        ranges.prefetch(offsetBytes, lengthBytes);
    }

    @Override
    public void close() {
        try {
            if (disk != null) {
                disk.close();
            }
            ranges.close();
            puncher.close();
            channel.close();
            sums.close();
        } catch (IOException e) {
            throw new BlockStoreException("cannot close " + file + ": " + e.getMessage(), e);
        }
    }
}
