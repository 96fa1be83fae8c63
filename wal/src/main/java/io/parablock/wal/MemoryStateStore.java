package io.parablock.wal;

import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A state store for simulation and tests: it outlives the node that uses it, and parts of it can be lost on purpose. */
public final class MemoryStateStore implements StateStore {
    private final Map<Part, byte[]> parts = new EnumMap<>(Part.class);
    private final Set<Part> lost = EnumSet.noneOf(Part.class);

    /** From now on this part is unreadable in all copies, until it is saved again. */
    public void lose(Part part) {
        if (parts.containsKey(part)) {
            lost.add(part);
        }
    }

    @Override
    public byte @Nullable [] loadMeta() {
        return load(Part.META);
    }

    @Override
    public void saveMeta(byte[] meta) {
        save(Part.META, meta);
    }

    @Override
    public byte @Nullable [] loadSyncRecord() {
        return load(Part.SYNC_RECORD);
    }

    @Override
    public void saveSyncRecord(byte[] bytes) {
        save(Part.SYNC_RECORD, bytes);
    }

    @Override
    public byte @Nullable [] loadCheckpoint() {
        return load(Part.CHECKPOINT);
    }

    @Override
    public void saveCheckpoint(byte[] bytes) {
        save(Part.CHECKPOINT, bytes);
    }

    @Override
    public int damagedCopies(Part part) {
        return lost.contains(part) ? part.copies() : 0;
    }

    @Override
    public void close() {}

    private byte @Nullable [] load(Part part) {
        if (lost.contains(part)) {
            throw new StateLostException(part + " is unreadable in all copies");
        }
        byte[] bytes = parts.get(part);
        return bytes == null ? null : bytes.clone();
    }

    private void save(Part part, byte[] bytes) {
        parts.put(part, bytes.clone());
        lost.remove(part);
    }
}
