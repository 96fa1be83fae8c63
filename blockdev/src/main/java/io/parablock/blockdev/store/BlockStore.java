package io.parablock.blockdev.store;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * The blocks of one chunk. Offsets and lengths are bytes, multiples of 512. Writes come from one thread; reads and
 * {@link #fsync} may come from others. Every method throws {@link BlockStoreException} on an I/O error, except
 * that a failed read is damage to the sectors it could not read, and IllegalArgumentException on a range outside the chunk.
 */
public interface BlockStore extends AutoCloseable {
    long sizeBytes();

    /** Into the page cache only. */
    void write(long offsetBytes, ByteBuffer content);

    /** Reads as zeros afterwards; may release space. */
    void zero(long offsetBytes, long lengthBytes);

    /** Reads as zeros afterwards; releases space where that is supported. */
    void trim(long offsetBytes, long lengthBytes);

    /**
     * Fills the buffer's remaining bytes.
     *
     * @throws DamagedBlocksException if sectors cannot be read or are not what was written. The buffer is full then too: the
     *     sectors that the exception does not name are good
     */
    void read(long offsetBytes, ByteBuffer into);

    /**
     * Reads a range and tells what is damaged, in the order of the chunk and merged; empty if all is good. Reads the disk where
     * that can be had past the page cache, and leaves no more in memory than was there. From any thread, with bounded memory.
     */
    List<DamagedRange> verify(long offsetBytes, long lengthBytes);

    /**
     * The sectors count as damaged until they are written: whoever should have said what they hold could not. Their content
     * is of no use any more. The writer's, or while nobody writes there. By default zeros: a store without checksums cannot tell
     * damage.
     */
    default void markDamaged(long offsetBytes, long lengthBytes) {
        zero(offsetBytes, lengthBytes);
    }

    /**
     * Takes every readable sector as it is, also after a restart, until {@link #endAdopting}: for a store whose log above the
     * checkpoint is lost (protocol.md §11, a merge over every voter). Whoever reads or verifies a sector that does not fit its
     * checksum gives it one that does. Durable when it returns. By default nothing: a store without checksums takes everything as
     * it is at any time.
     */
    default void beginAdopting() {}

    /** True from {@link #beginAdopting} to {@link #endAdopting}. */
    default boolean isAdopting() {
        return false;
    }

    /** Everything has been verified once: from now on what does not fit is damaged. Durable when it returns. */
    default void endAdopting() {}

    /**
     * Notes that blocks of the store are damaged, also for the next process, until {@link #endRepair}. Of one thread, as is the
     * end. Durable when it returns, and forces nothing else. By default nothing: a store that no process outlives has no next one
     * to tell.
     */
    default void beginRepair() {}

    /** True from {@link #beginRepair} to {@link #endRepair}: damage that an earlier process knew of may be anywhere. */
    default boolean isUnderRepair() {
        return false;
    }

    /** No damage is known, and none unknown is left of an earlier process. Call {@link #fsync} first. Durable when it returns. */
    default void endRepair() {}

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
     * @param runsMax named limit: the answer ends where the next run would begin, and no more are looked up, joined or not
     * @param into the runs are added to the end of it
     */
    default void allocation(long offsetBytes, long lengthBytes, int runsMax, List<AllocationRun> into) {
        long at = 0;
        for (int runs = 0; runs < runsMax && at < lengthBytes; runs++) {
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
