package io.parablock.wal.direct;

import io.parablock.wal.segment.Segment;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** How whole writes reach the disk. All calls and all completions are on the log's writer thread. */
public interface SegmentIo {
    /** Hears of each write once, in any order, and possibly before {@link #write} returns. */
    @FunctionalInterface
    interface Completion {
        /** @param failure null when the bytes are on stable storage */
        void onWritten(SegmentWrite write, @Nullable Throwable failure);
    }

    /** For people. */
    String name();

    void write(SegmentWrite write, Completion completion);

    /**
     * The same bytes once more, by the caller; they are on stable storage when this returns. A write of them that is in
     * flight goes on, and is harmless.
     */
    void writeNow(SegmentWrite write) throws IOException;

    /** Nothing will be written to this segment any more. */
    void finish(Segment segment);

    /** With no write in flight: gives up what it holds of the files. */
    void close();
}
