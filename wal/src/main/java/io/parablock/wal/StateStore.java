package io.parablock.wal;

import org.jspecify.annotations.Nullable;

/**
 * The small durable state of one group (protocol.md §1): META, SYNCREC, CKPT, as opaque bytes. Every save is durable when it
 * returns, and all or nothing. Saves of one kind come from one thread at a time.
 */
public interface StateStore extends AutoCloseable {
    /** @throws StateLostException when META was written once and no copy of it is readable */
    byte @Nullable [] loadMeta();

    void saveMeta(byte[] meta);

    byte @Nullable [] loadSyncRecord();

    void saveSyncRecord(byte[] bytes);

    byte @Nullable [] loadCheckpoint();

    void saveCheckpoint(byte[] bytes);

    @Override
    void close();
}
