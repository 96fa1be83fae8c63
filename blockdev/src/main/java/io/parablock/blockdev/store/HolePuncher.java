package io.parablock.blockdev.store;

import java.io.IOException;

/** What a file system can do for one open file and the JDK has no call for. */
public interface HolePuncher extends AutoCloseable {
    /** Returns false if the file system cannot: the caller writes zeros. */
    boolean punch(long offsetBytes, long lengthBytes);

    /** Space that the file takes; holes take none. */
    long allocatedBytes() throws IOException;

    /**
     * The first byte at or after this one that may not be in a hole, or anything past the end of the file; the given one if
     * the file system does not tell.
     */
    default long nextAllocated(long offsetBytes) {
        return offsetBytes;
    }

    @Override
    void close();
}
