package io.parablock.blockdev.store;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * The blocks of one chunk. Offsets and lengths are bytes, multiples of 512. Writes come from one thread; reads and
 * {@link #fsync} may come from others. Every method throws {@link BlockStoreException} on an I/O error and
 * IllegalArgumentException on a range outside the chunk.
 */
public interface BlockStore extends AutoCloseable {
    long sizeBytes();

    /** Into the page cache only. */
    void write(long offsetBytes, ByteBuffer content);

    /** Reads as zeros afterwards; may release space. */
    void zero(long offsetBytes, long lengthBytes);

    /** Reads as zeros afterwards; releases space where that is supported. */
    void trim(long offsetBytes, long lengthBytes);

    /** Fills the buffer's remaining bytes. */
    void read(long offsetBytes, ByteBuffer into);

    /** Everything applied before the call is on stable storage when it returns. */
    void fsync();

    long allocatedBytes();

    /**
     * The run of bytes at {@code offsetBytes} that all take space or all do not; it may end before it must. Any thread.
     *
     * @return at most {@code lengthBytes} long, which is positive
     */
    default AllocationRun runAt(long offsetBytes, long lengthBytes) {
        checkRange(offsetBytes, lengthBytes, sizeBytes());
        return new AllocationRun(lengthBytes, false);
    }

    /**
     * What takes space in a range, from its beginning on.
     *
     * @param runsMax named limit: the answer ends where the next run would begin
     * @param into the runs are added to the end of it
     */
    default void allocation(long offsetBytes, long lengthBytes, int runsMax, List<AllocationRun> into) {
        long at = 0;
        while (at < lengthBytes) {
            AllocationRun run = runAt(offsetBytes + at, lengthBytes - at);
            boolean joins = !into.isEmpty() && into.get(into.size() - 1).hole() == run.hole();
            if (!joins && into.size() >= runsMax) {
                return;
            }
            run.addTo(into);
            at += run.lengthBytes();
        }
    }

    /** A hint: the range will be read soon. Does not wait. Any thread. */
    default void prefetch(long offsetBytes, long lengthBytes) {
        checkRange(offsetBytes, lengthBytes, sizeBytes());
    }

    @Override
    void close();

    /** @throws IllegalArgumentException if the range is not whole sectors inside {@code sizeBytes} */
    static void checkRange(long offsetBytes, long lengthBytes, long sizeBytes) {
        if (offsetBytes < 0
                || lengthBytes < 0
                || offsetBytes > sizeBytes - lengthBytes
                || ((offsetBytes | lengthBytes) & 511) != 0) {
            throw new IllegalArgumentException(
                    "range " + offsetBytes + "+" + lengthBytes + " is not whole sectors inside " + sizeBytes);
        }
    }
}
