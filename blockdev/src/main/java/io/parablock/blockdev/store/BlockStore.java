package io.parablock.blockdev.store;

import java.nio.ByteBuffer;

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
