package io.parablock.wal.segment;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** How segment files that nothing needs any more leave the disk. Used by one thread. */
public interface SegmentRemoval extends AutoCloseable {
    /** Gone when {@link #remove} returns. */
    SegmentRemoval AT_ONCE = new SegmentRemoval() {
        @Override
        public void remove(Path file, Then then) throws IOException {
            Files.deleteIfExists(file);
            then.run();
        }

        @Override
        public void finish() {
            // Nothing waits.
        }

        @Override
        public void close() {
            // Nothing waits.
        }
    };

    /** What is to be done after it; on the thread that removes. */
    @FunctionalInterface
    interface Then {
        void run() throws IOException;
    }

    /**
     * Begins to remove a file that nobody has open, or maps.
     *
     * @throws IOException also if an earlier file could not be removed
     */
    void remove(Path file, Then then) throws IOException;

    /** Returns when all of them are gone. */
    void finish() throws IOException;

    /** The same, for good. */
    @Override
    void close() throws IOException;
}
