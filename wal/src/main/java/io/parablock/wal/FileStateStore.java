package io.parablock.wal;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReference;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** A state store of four small files: meta.0, meta.1, syncrec and ckpt. One writer thread for each part at a time. */
public final class FileStateStore implements StateStore {
    private static final int SYNC_RECORD_MAGIC = 0x434E_5953;
    private static final int CHECKPOINT_MAGIC = 0x5450_4B43;
    /** Nothing of it has been read or written yet. */
    private static final long UNKNOWN = -1;

    private final Path directory;
    private final MetaCopies meta;
    private final AtomicFile syncRecord;
    private final AtomicFile checkpoint;
    private volatile @Nullable IOException failure;
    /** By part: CRC32C of the bytes that were last saved or loaded. META knows its own. */
    private final AtomicLongArray sums = new AtomicLongArray(new long[] {UNKNOWN, UNKNOWN, UNKNOWN});
    /** By part: saves begun and ended. */
    private final AtomicIntegerArray saves = new AtomicIntegerArray(Part.values().length);

    private FileStateStore(Path directory) {
        this.directory = directory;
        meta = new MetaCopies(directory);
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
        // A half-finished or rotten copy must not outlive this load: the node acts on the newest from now on, and the
        // older copy alone would let it vote again.
        AtomicReference<byte @Nullable []> found = new AtomicReference<>();
        save(Part.META, () -> found.set(meta.load()));
        return found.get();
    }

    @Override
    public void saveMeta(byte[] bytes) {
        save(Part.META, () -> meta.save(bytes));
    }

    private interface Writes {
        void run() throws IOException;
    }

    /** Whoever looks at the copies meanwhile knows that they differ for a reason. */
    private void save(Part part, Writes writes) {
        if (failure != null) {
            throw new WalFailedException("an earlier write of state in " + directory + " failed", failure);
        }
        saves.incrementAndGet(part.ordinal());
        try {
            writes.run();
        } catch (IOException e) {
            failure = e;
            throw new WalFailedException("cannot write state in " + directory + ": " + e.getMessage(), e);
        } finally {
            saves.incrementAndGet(part.ordinal());
        }
    }

    private void saveSingle(Part part, AtomicFile file, byte[] bytes) {
        save(part, () -> {
            sums.set(part.ordinal(), sumOf(bytes));
            file.write(1, bytes);
        });
    }

    private static long sumOf(byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return crc.getValue();
    }

    @Override
    public byte @Nullable [] loadSyncRecord() {
        return load(Part.SYNC_RECORD, syncRecord, "syncrec");
    }

    @Override
    public void saveSyncRecord(byte[] bytes) {
        saveSingle(Part.SYNC_RECORD, syncRecord, bytes);
    }

    @Override
    public byte @Nullable [] loadCheckpoint() {
        return load(Part.CHECKPOINT, checkpoint, "ckpt");
    }

    @Override
    public void saveCheckpoint(byte[] bytes) {
        saveSingle(Part.CHECKPOINT, checkpoint, bytes);
    }

    @Override
    public int damagedCopies(Part part) {
        int before = saves.get(part.ordinal());
        int damaged = switch (part) {
            case META -> meta.damaged();
            case SYNC_RECORD -> isDamaged(syncRecord, sums.get(part.ordinal())) ? 1 : 0;
            case CHECKPOINT -> isDamaged(checkpoint, sums.get(part.ordinal())) ? 1 : 0;
        };
        boolean quiet = before % 2 == 0 && before == saves.get(part.ordinal());
        return quiet ? damaged : 0;
    }

    private static boolean isDamaged(AtomicFile file, long wanted) {
        if (wanted == UNKNOWN) {
            return false;
        }
        AtomicFile.Content content = file.readFromDisk();
        return content == null || sumOf(content.bytes()) != wanted;
    }

    @Override
    public void close() {}

    private byte @Nullable [] load(Part part, AtomicFile file, String name) {
        AtomicFile.Content content = file.read();
        if (content == null && file.exists()) {
            throw new StateLostException(name + " in " + directory + " is unreadable");
        }
        if (content == null) {
            return null;
        }
        sums.set(part.ordinal(), sumOf(content.bytes()));
        return content.bytes();
    }
}
