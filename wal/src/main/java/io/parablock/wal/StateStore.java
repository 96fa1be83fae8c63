package io.parablock.wal;

import org.jspecify.annotations.Nullable;

/**
 * The small durable state of one group. Each save is on stable storage when it returns, and is all or nothing. Each
 * load returns null when nothing was ever saved, and throws {@link StateLostException} when what was saved cannot be
 * read from any copy.
 */
public interface StateStore extends AutoCloseable {
    byte @Nullable [] loadMeta();

    /** Written twice, one copy after the other, so that rot in one copy cannot bring an older vote back. */
    void saveMeta(byte[] meta);

    byte @Nullable [] loadSyncRecord();

    void saveSyncRecord(byte[] bytes);

    byte @Nullable [] loadCheckpoint();

    void saveCheckpoint(byte[] bytes);

    @Override
    void close();
}
