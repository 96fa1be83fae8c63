package io.parablock.replica;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * What the shell needs of a block store: one group's chunk behind the page cache. {@link #read} and {@link #fsync} may be
 * called from another thread while one thread applies.
 */
public interface GroupStore {
    long sizeBytes();

    /** The remaining bytes of {@code source}. */
    void write(long offsetBytes, ByteBuffer source) throws IOException;

    void zero(long offsetBytes, long lengthBytes) throws IOException;

    /** Reads as zeros afterwards. */
    void trim(long offsetBytes, long lengthBytes) throws IOException;

    /** Fills {@code target}. */
    void read(long offsetBytes, ByteBuffer target) throws IOException;

    /** Everything applied before is on stable storage. */
    void fsync() throws IOException;
}
