package io.parablock.blockdev.store;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Direct memory in which the block stores of a process keep pages of checksums between two checkpoints. It grows to its limit
 * as it is used, and is used again. Thread-safe.
 */
public final class SumsMemory {
    /** Of a store that was given none: the checksums of 512 MiB. */
    private static final long DEFAULT_BYTES = 4L << 20;

    private final long framesMax;
    /** Of no store, and of whatever content. */
    private final ArrayDeque<ByteBuffer> free = new ArrayDeque<>();

    private long used;

    /** @param bytesMax named limit; less than a page, 4 KiB: none, all checksums are written at once */
    public SumsMemory(long bytesMax) {
        framesMax = bytesMax / BlockSumsDescriptor.PAGE_BYTES;
    }

    static SumsMemory ofOneStore() {
        return new SumsMemory(DEFAULT_BYTES);
    }

    /** Room for one page, with whatever is in it; null if all is in use. */
    synchronized @Nullable ByteBuffer acquire() {
        if (used >= framesMax) {
            return null;
        }
        used++;
        ByteBuffer frame = free.poll();
        return frame == null ? ByteBuffer.allocateDirect(BlockSumsDescriptor.PAGE_BYTES) : frame;
    }

    /** Of {@link #acquire}, once; nobody uses it any more. */
    synchronized void release(ByteBuffer frame) {
        assert used > 0 : "more is released than was acquired";
        used--;
        free.push(frame);
    }

    /** What stores hold now. */
    public synchronized long usedBytes() {
        return used * BlockSumsDescriptor.PAGE_BYTES;
    }
}
