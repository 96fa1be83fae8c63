package io.parablock.wal;

import org.jspecify.annotations.Nullable;

/** Durable small state in memory: what is saved survives the simulated crash of its user. */
public final class MemoryStateStore implements StateStore {
    private byte @Nullable [] meta;
    private byte @Nullable [] syncRecord;
    private byte @Nullable [] checkpoint;

    @Override
    public synchronized byte @Nullable [] loadMeta() {
        return meta;
    }

    @Override
    public synchronized void saveMeta(byte[] bytes) {
        meta = bytes.clone();
    }

    @Override
    public synchronized byte @Nullable [] loadSyncRecord() {
        return syncRecord;
    }

    @Override
    public synchronized void saveSyncRecord(byte[] bytes) {
        syncRecord = bytes.clone();
    }

    @Override
    public synchronized byte @Nullable [] loadCheckpoint() {
        return checkpoint;
    }

    @Override
    public synchronized void saveCheckpoint(byte[] bytes) {
        checkpoint = bytes.clone();
    }

    @Override
    public void close() {}
}
