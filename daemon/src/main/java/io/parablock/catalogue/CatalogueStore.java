package io.parablock.catalogue;

import io.parablock.blockdev.store.BlockStore;
import io.parablock.blockdev.store.BlockStoreException;
import io.parablock.blockdev.store.DamagedRange;
import io.parablock.wal.AtomicFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * The block store of the catalogue's group: one record, which a write replaces only if it is the next version.
 *
 * <p>All proposals write the same first block, so that every replica applies them in the order of their slots (protocol.md §6):
 * of several next versions the first one is taken everywhere, and the others are ignored everywhere. Whoever proposes version n
 * has read version n-1 through the group, so that its slot comes behind that of n-1; and versions only grow. So a log that is
 * replayed over a store which is ahead of it, after a crash or an install, changes nothing that was decided.
 *
 * <p>An install replaces all of the store, and what it brings is taken as it is. The leader may have read it before a slot that
 * this replica has applied already; that slot is applied again after the install (protocol.md §7).
 *
 * <p>The record is in memory, and in two files that {@link #fsync} replaces as a whole: a crash leaves the record of a
 * checkpoint, never a part of one. Thread-safe.
 */
public final class CatalogueStore implements BlockStore {
    /** How large it is, in bytes: as the largest piece of an install. */
    public static final int SIZE_BYTES = CatalogueDescriptor.STORE_BYTES;

    private static final int MAGIC = 0x53564250; // "PBVS"
    private static final int COPIES = 2;

    private final AtomicFile[] files;
    /** Replaced, never changed. */
    private byte[] image;

    /** Of the one who writes the files. */
    private long sequence;

    private boolean dirty;
    private Runnable onTaken = () -> {};

    private CatalogueStore(AtomicFile[] files, byte[] image, long sequence) {
        this.files = files;
        this.image = image;
        this.sequence = sequence;
    }

    /**
     * Opens the files {@code catalogue.0} and {@code catalogue.1}, or creates them.
     *
     * @throws BlockStoreException if they are there and neither is readable
     */
    public static CatalogueStore open(Path directory) {
        AtomicFile[] files = new AtomicFile[COPIES];
        boolean any = false;
        AtomicFile.Content newest = null;
        for (int i = 0; i < COPIES; i++) {
            files[i] = new AtomicFile(directory.resolve("catalogue." + i), MAGIC);
            any |= files[i].exists();
            AtomicFile.Content found = files[i].read();
            if (found != null
                    && found.bytes().length <= SIZE_BYTES
                    && (newest == null || found.sequence() > newest.sequence())) {
                newest = found;
            }
        }
        if (any && newest == null) {
            throw new BlockStoreException(
                    "the catalogue of volumes is unreadable in both copies (" + directory
                            + "/catalogue.*): restore all of the data directory",
                    new IOException("damaged"));
        }
        CatalogueStore store = new CatalogueStore(
                files,
                newest == null ? new byte[SIZE_BYTES] : Arrays.copyOf(newest.bytes(), SIZE_BYTES),
                newest == null ? 0 : newest.sequence());
        store.dirty = true;
        store.fsync();
        return store;
    }

    /** Whether the files are there. */
    public static boolean exists(Path directory) {
        return new AtomicFile(directory.resolve("catalogue.0"), MAGIC).exists()
                || new AtomicFile(directory.resolve("catalogue.1"), MAGIC).exists();
    }

    /** @param listener runs after the record was replaced, on the thread that did it; must not wait */
    public synchronized void onTaken(Runnable listener) {
        onTaken = listener;
    }

    /** The record as this replica has it: whatever is in it was decided. */
    public Catalogue catalogue() throws IOException {
        byte[] now;
        synchronized (this) {
            now = image;
        }
        return Catalogue.decode(now);
    }

    @Override
    public long sizeBytes() {
        return SIZE_BYTES;
    }

    @Override
    public void write(long offsetBytes, ByteBuffer content) {
        BlockStore.checkRange(offsetBytes, content.remaining(), SIZE_BYTES);
        byte[] bytes = new byte[content.remaining()];
        content.get(bytes);
        Runnable listener = null;
        synchronized (this) {
            boolean installed = bytes.length == SIZE_BYTES;
            long version = CatalogueDescriptor.version(bytes);
            boolean next = offsetBytes == 0 && version > 0 && version == CatalogueDescriptor.version(image) + 1;
            if (installed || next) {
                image = Arrays.copyOf(bytes, SIZE_BYTES);
                dirty = true;
                listener = onTaken;
            }
        }
        if (listener != null) {
            listener.run();
        }
    }

    /** Only an install writes zeros: before the first change of its source. */
    @Override
    public void zero(long offsetBytes, long lengthBytes) {
        BlockStore.checkRange(offsetBytes, lengthBytes, SIZE_BYTES);
        if (lengthBytes == SIZE_BYTES) {
            write(0, ByteBuffer.allocate(SIZE_BYTES));
        }
    }

    @Override
    public void trim(long offsetBytes, long lengthBytes) {
        zero(offsetBytes, lengthBytes);
    }

    @Override
    public void read(long offsetBytes, ByteBuffer into) {
        BlockStore.checkRange(offsetBytes, into.remaining(), SIZE_BYTES);
        byte[] now;
        synchronized (this) {
            now = image;
        }
        into.put(now, (int) offsetBytes, into.remaining());
    }

    /** Memory is trusted; the files are read at the start only, and their checksums then. */
    @Override
    public List<DamagedRange> verify(long offsetBytes, long lengthBytes) {
        BlockStore.checkRange(offsetBytes, lengthBytes, SIZE_BYTES);
        return List.of();
    }

    /** Writes and reads do not wait for it. */
    @Override
    public void fsync() {
        synchronized (files) {
            byte[] now;
            synchronized (this) {
                if (!dirty) {
                    return;
                }
                dirty = false;
                now = image;
            }
            int used = Math.max(0, CatalogueDescriptor.bytes(now));
            sequence++;
            try {
                for (AtomicFile file : files) {
                    file.write(sequence, Arrays.copyOf(now, used));
                }
            } catch (IOException e) {
                throw new BlockStoreException("cannot write the catalogue of volumes: " + e.getMessage(), e);
            }
        }
    }

    @Override
    public synchronized long allocatedBytes() {
        return Math.max(0, CatalogueDescriptor.bytes(image));
    }

    @Override
    public void close() {}
}
