package io.parablock.wal;

import org.jspecify.annotations.Nullable;

/**
 * The small durable state of one group. Each save is on stable storage when it returns, and is all or nothing. Each
 * load returns null when nothing was ever saved, and throws {@link StateLostException} when what was saved cannot be
 * read from any copy.
 */
public interface StateStore extends AutoCloseable {
    /** What is kept here, each as a whole. */
    enum Part {
        META(2),
        SYNC_RECORD(1),
        CHECKPOINT(1);

        private final int copies;

        Part(int copies) {
            this.copies = copies;
        }

        /** How many of it there are on the disk. */
        public int copies() {
            return copies;
        }
    }

    byte @Nullable [] loadMeta();

    /** Written twice, one copy after the other, so that rot in one copy cannot bring an older vote back. */
    void saveMeta(byte[] meta);

    byte @Nullable [] loadSyncRecord();

    void saveSyncRecord(byte[] bytes);

    byte @Nullable [] loadCheckpoint();

    void saveCheckpoint(byte[] bytes);

    /**
     * How many copies of a part are not on the disk any more as this process last saved or loaded them: they cannot be read, are
     * not there, or are older. Past the page cache where the file system has that. Nothing is changed: a save writes all copies
     * anew. Reads the disk; any thread.
     *
     * @return 0 also while the part is being saved, if it was never saved, and if its load has failed
     */
    int damagedCopies(Part part);

    @Override
    void close();
}
