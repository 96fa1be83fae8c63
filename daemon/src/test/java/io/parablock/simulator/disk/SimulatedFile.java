package io.parablock.simulator.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.BitSet;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of one file, twice: what is on the platter and what the page cache shows. A clean sector shares its array;
 * a null sector is a hole. Callers hold the disk's lock.
 */
final class SimulatedFile implements Inode {
    /** Hears when a sector's stored content is replaced or dropped, which may end damage to it. */
    interface Rewritten {
        void onRewritten(SimulatedFile file, int sector, byte @Nullable [] before, byte @Nullable [] after);
    }

    private static final int NONE = -1;
    private static final byte[] SMALL_ZEROS = new byte[512];
    private static final byte[] LARGE_ZEROS = new byte[4096];

    private final int sectorBytes;
    private final byte[] zeros;
    private final Rewritten rewritten;
    private byte @Nullable [][] cached = {};
    private byte @Nullable [][] durable = {};
    private final BitSet dirty = new BitSet();
    private final BitSet unreadable = new BitSet();
    private long sizeBytes;
    private long durableSizeBytes;
    private int allocatedSectors;
    /** It is written and read past the page cache. */
    private boolean direct;

    SimulatedFile(int sectorBytes, Rewritten rewritten) {
        this.sectorBytes = sectorBytes;
        this.zeros = sectorBytes == SMALL_ZEROS.length ? SMALL_ZEROS : LARGE_ZEROS;
        this.rewritten = rewritten;
    }

    long sizeBytes() {
        return sizeBytes;
    }

    long allocatedBytes() {
        return (long) allocatedSectors * sectorBytes;
    }

    int sectors() {
        return (int) ((sizeBytes + sectorBytes - 1) / sectorBytes);
    }

    boolean isDirty(int sector) {
        return dirty.get(sector);
    }

    boolean isDirty() {
        return !dirty.isEmpty() || sizeBytes != durableSizeBytes;
    }

    BitSet dirtySectors() {
        return (BitSet) dirty.clone();
    }

    /** How many sectors a write would have to allocate. */
    int newSectors(long offsetBytes, int lengthBytes) {
        int missing = 0;
        for (int i = sectorOf(offsetBytes); lengthBytes > 0 && i <= sectorOf(offsetBytes + lengthBytes - 1); i++) {
            missing += i >= cached.length || cached[i] == null ? 1 : 0;
        }
        return missing;
    }

    /** Reads up to the end of the file; returns the number of bytes, or -1 at or past the end. */
    int read(long offsetBytes, ByteBuffer into) throws IOException {
        if (offsetBytes >= sizeBytes) {
            return NONE;
        }
        int length = (int) Math.min(into.remaining(), sizeBytes - offsetBytes);
        for (int i = sectorOf(offsetBytes); length > 0 && i <= sectorOf(offsetBytes + length - 1); i++) {
            checkReadable(i);
        }
        int left = length;
        for (long at = offsetBytes; left > 0; ) {
            int sector = sectorOf(at);
            int from = (int) (at % sectorBytes);
            int n = Math.min(left, sectorBytes - from);
            byte[] content = sector < cached.length ? cached[sector] : null;
            if (content == null) {
                into.put(new byte[n]);
            } else {
                into.put(content, from, n);
            }
            at += n;
            left -= n;
        }
        return length;
    }

    int write(long offsetBytes, ByteBuffer from) throws IOException {
        int length = from.remaining();
        for (long at = offsetBytes; from.hasRemaining(); ) {
            int sector = sectorOf(at);
            int start = (int) (at % sectorBytes);
            int n = Math.min(from.remaining(), sectorBytes - start);
            if (n < sectorBytes) {
                checkReadable(sector);
            }
            if (n == sectorBytes && isHole(sector) && isBlank(from)) {
                from.position(from.position() + n);
                reserve(sector);
                setCached(sector, zeros);
                dirty.set(sector);
            } else {
                from.get(own(sector), start, n);
            }
            at += n;
        }
        sizeBytes = Math.max(sizeBytes, offsetBytes + length);
        return length;
    }

    /** One whole sector of a file of this size, past the page cache. */
    void writeThrough(int sector, byte[] content) {
        direct = true;
        byte[] before = durable[sector];
        durable[sector] = content;
        setCached(sector, content);
        dirty.clear(sector);
        unreadable.clear(sector);
        rewritten.onRewritten(this, sector, before, content);
    }

    /** Reads as zeros afterwards; whole sectors give their space back. The size stays. */
    void punch(long offsetBytes, long lengthBytes) throws IOException {
        long end = Math.min(offsetBytes + lengthBytes, sizeBytes);
        for (long at = offsetBytes; at < end; ) {
            int sector = sectorOf(at);
            int start = (int) (at % sectorBytes);
            int n = (int) Math.min(end - at, sectorBytes - start);
            if (n == sectorBytes) {
                drop(sector);
            } else if (sector < cached.length && cached[sector] != null) {
                checkReadable(sector);
                Arrays.fill(own(sector), start, start + n, (byte) 0);
            }
            at += n;
        }
    }

    void truncate(long newSizeBytes) throws IOException {
        if (newSizeBytes < sizeBytes) {
            long oldSizeBytes = sizeBytes;
            long wholeEnd = (oldSizeBytes + sectorBytes - 1) / sectorBytes * sectorBytes;
            sizeBytes = wholeEnd;
            punch(newSizeBytes, wholeEnd - newSizeBytes);
            sizeBytes = newSizeBytes;
        }
    }

    /** One dirty sector, or the new size with the last one, becomes durable. */
    void flush(int sector) {
        byte[] before = durable[sector];
        durable[sector] = cached[sector];
        dirty.clear(sector);
        unreadable.clear(sector);
        rewritten.onRewritten(this, sector, before, durable[sector]);
    }

    void flushSize() {
        durableSizeBytes = sizeBytes;
    }

    void flushAll() {
        for (int i = dirty.nextSetBit(0); i >= 0; i = dirty.nextSetBit(i + 1)) {
            flush(i);
        }
        flushSize();
    }

    /** What fsync leaves after an error: pages are clean in the cache, and nobody knows which reached the platter. */
    void forgetDirty(RandomGenerator random) {
        for (int i = dirty.nextSetBit(0); i >= 0; i = dirty.nextSetBit(i + 1)) {
            if (random.nextBoolean()) {
                flush(i);
            } else {
                dirty.clear(i);
            }
        }
        flushSize();
    }

    /** The cache gives clean sectors back: reads see the platter. */
    void evict() {
        evict(0, cached.length);
    }

    /** The same of what a read past the page cache is about to read: its own writes are on the platter, or on their way there. */
    void evictRange(long offsetBytes, int lengthBytes) {
        if (lengthBytes > 0) {
            evict(sectorOf(offsetBytes), Math.min(cached.length, sectorOf(offsetBytes + lengthBytes - 1) + 1));
        }
    }

    private void evict(int from, int to) {
        for (int i = from; i < to; i++) {
            if (!dirty.get(i)) {
                setCached(i, durable[i]);
            }
        }
    }

    /** Returns how many unforced sectors were kept and lost. */
    int[] powerLoss(RandomGenerator random) {
        int keepInThree = random.nextInt(4);
        int kept = 0;
        int lost = 0;
        for (int i = dirty.nextSetBit(0); i >= 0; i = dirty.nextSetBit(i + 1)) {
            if (random.nextInt(3) < keepInThree) {
                flush(i);
                kept++;
            } else {
                dirty.clear(i);
                lost++;
            }
        }
        if (random.nextInt(3) < keepInThree) {
            flushSize();
        }
        sizeBytes = durableSizeBytes;
        evict();
        return new int[] {kept, lost};
    }

    /** The sector on the platter, null for a hole. Not to be changed. */
    byte @Nullable [] stored(int sector) {
        return sector < durable.length ? durable[sector] : null;
    }

    /** Changes what is on the platter; the cache goes on showing what was written until it gives the sector back. */
    void damageStored(int sector, byte @Nullable [] content) {
        durable[sector] = content;
        if (direct && !dirty.get(sector)) {
            setCached(sector, content);
        }
    }

    /** Changes a bit on the platter, and has it seen. */
    void flip(int sector, int bit) {
        byte[] content = stored(sector);
        byte[] changed = content == null ? new byte[sectorBytes] : content.clone();
        changed[bit / 8] ^= (byte) (1 << (bit % 8));
        durable[sector] = changed;
        if (!dirty.get(sector)) {
            setCached(sector, changed);
        }
    }

    void makeUnreadable(int sector) {
        if (!dirty.get(sector)) {
            unreadable.set(sector);
        }
    }

    boolean isUnreadable(int sector) {
        return unreadable.get(sector);
    }

    int sectorOf(long offsetBytes) {
        return Math.toIntExact(offsetBytes / sectorBytes);
    }

    private void checkReadable(int sector) throws IOException {
        if (unreadable.get(sector)) {
            throw new IOException("injected: Input/output error");
        }
    }

    private void drop(int sector) {
        if (sector < cached.length && (cached[sector] != null || durable[sector] != null)) {
            setCached(sector, null);
            dirty.set(sector);
        }
        unreadable.clear(sector);
    }

    private boolean isHole(int sector) {
        return !unreadable.get(sector)
                && (sector >= cached.length || (cached[sector] == null && durable[sector] == null));
    }

    /** Whether a whole sector of zeros comes next: preallocation writes many, and they share one array. */
    private boolean isBlank(ByteBuffer from) {
        for (int i = from.position(); i < from.position() + sectorBytes; i += Long.BYTES) {
            if (from.getLong(i) != 0) {
                return false;
            }
        }
        return true;
    }

    private void reserve(int sector) {
        if (sector >= cached.length) {
            int length = Math.max(sector + 1, cached.length + cached.length / 2);
            cached = Arrays.copyOf(cached, length);
            durable = Arrays.copyOf(durable, length);
        }
    }

    /** The cached sector, not shared with the durable image. */
    private byte[] own(int sector) {
        reserve(sector);
        byte[] content = cached[sector];
        if (content == null) {
            content = new byte[sectorBytes];
            setCached(sector, content);
        } else if (content == durable[sector] || content == zeros) {
            content = content.clone();
            cached[sector] = content;
        }
        dirty.set(sector);
        unreadable.clear(sector);
        return content;
    }

    private void setCached(int sector, byte @Nullable [] content) {
        allocatedSectors += (content == null ? 0 : 1) - (cached[sector] == null ? 0 : 1);
        cached[sector] = content;
    }
}
