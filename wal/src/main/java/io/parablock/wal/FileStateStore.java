package io.parablock.wal;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A state store of four small files: meta.0, meta.1, syncrec and ckpt. One writer thread. */
public final class FileStateStore implements StateStore {
    private static final int META_MAGIC = 0x4154_454D;
    private static final int SYNC_RECORD_MAGIC = 0x434E_5953;
    private static final int CHECKPOINT_MAGIC = 0x5450_4B43;
    /** No META has been read or written yet. */
    private static final long UNKNOWN = -1;

    private final Path directory;
    private final AtomicFile[] metaCopies;
    private final AtomicFile syncRecord;
    private final AtomicFile checkpoint;
    private @Nullable IOException failure;
    private long metaSequence = UNKNOWN;

    private FileStateStore(Path directory) {
        this.directory = directory;
        metaCopies = new AtomicFile[] {
            new AtomicFile(directory.resolve("meta.0"), META_MAGIC),
            new AtomicFile(directory.resolve("meta.1"), META_MAGIC)
        };
        syncRecord = new AtomicFile(directory.resolve("syncrec"), SYNC_RECORD_MAGIC);
        checkpoint = new AtomicFile(directory.resolve("ckpt"), CHECKPOINT_MAGIC);
    }

    public static FileStateStore open(Path directory) {
        // Also forces a rename that a killed process left in the cache: what a load tells is acted upon.
        AtomicFile.createDirectories(directory);
        return new FileStateStore(directory);
    }

    @Override
    public byte @Nullable [] loadMeta() {
        AtomicFile.Content newest = newestMeta();
        if (newest == null) {
            return null;
        }
        metaSequence = newest.sequence();
        // A half-finished or rotten copy must not outlive this load: the node acts on the newest from now on, and the
        // older copy alone would let it vote again.
        for (AtomicFile copy : metaCopies) {
            AtomicFile.Content content = copy.read();
            if (content == null || content.sequence() != newest.sequence()) {
                write(copy, newest.sequence(), newest.bytes());
            }
        }
        return newest.bytes();
    }

    @Override
    public void saveMeta(byte[] meta) {
        if (metaSequence == UNKNOWN) {
            AtomicFile.Content newest = newestMeta();
            metaSequence = newest == null ? 0 : newest.sequence();
        }
        // Not read again: its writer knows what it was, even if both copies have rotted since.
        metaSequence++;
        for (AtomicFile copy : metaCopies) {
            write(copy, metaSequence, meta);
        }
    }

    @Override
    public byte @Nullable [] loadSyncRecord() {
        return load(syncRecord, "syncrec");
    }

    @Override
    public void saveSyncRecord(byte[] bytes) {
        write(syncRecord, 1, bytes);
    }

    @Override
    public byte @Nullable [] loadCheckpoint() {
        return load(checkpoint, "ckpt");
    }

    @Override
    public void saveCheckpoint(byte[] bytes) {
        write(checkpoint, 1, bytes);
    }

    @Override
    public void close() {}

    private AtomicFile.@Nullable Content newestMeta() {
        AtomicFile.Content newest = null;
        boolean existed = false;
        for (AtomicFile copy : metaCopies) {
            AtomicFile.Content content = copy.read();
            existed |= copy.exists();
            if (content != null && (newest == null || content.sequence() > newest.sequence())) {
                newest = content;
            }
        }
        if (newest == null && existed) {
            throw new StateLostException("meta in " + directory + " is unreadable in all copies");
        }
        return newest;
    }

    private byte @Nullable [] load(AtomicFile file, String name) {
        AtomicFile.Content content = file.read();
        if (content == null && file.exists()) {
            throw new StateLostException(name + " in " + directory + " is unreadable");
        }
        return content == null ? null : content.bytes();
    }

    private void write(AtomicFile file, long sequence, byte[] bytes) {
        if (failure != null) {
            throw new WalFailedException("an earlier write of state in " + directory + " failed", failure);
        }
        try {
            file.write(sequence, bytes);
        } catch (IOException e) {
            failure = e;
            throw new WalFailedException("cannot write state in " + directory + ": " + e.getMessage(), e);
        }
    }
}
