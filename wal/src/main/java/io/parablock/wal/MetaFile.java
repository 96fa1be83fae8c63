package io.parablock.wal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One copy of META: a file of one block that is written over where it is, past the page cache (O_DIRECT, O_DSYNC). That changes
 * nothing of the file but its bytes, so the file system's journal has no part in it.
 *
 * <pre>
 *   write ──► in place ──► read past the page cache ──the same──► done
 *     │                            └─────other─────┐
 *     └─missing, of another length, no O_DIRECT,   ▼
 *       the other copy is not whole ───────► a new file: force, read, rename, force
 * </pre>
 */
final class MetaFile {
    private static final Logger LOG = LoggerFactory.getLogger(MetaFile.class);

    /** Tries, if the disk has none of them afterwards. */
    private static final int NEW_FILES_MAX = 2;
    /** Once in a process. */
    private static final AtomicBoolean REPORTED = new AtomicBoolean();

    private final Path path;
    /** It can be: the file system has O_DIRECT, and in blocks as large as ours. */
    private volatile boolean wasReadPastPageCache;

    MetaFile(Path path) {
        this.path = path;
    }

    boolean exists() {
        return Files.exists(path);
    }

    /** What is on the disk; null if the file is missing or damaged. */
    AtomicFile.@Nullable Content read() {
        try {
            return exists() && Files.size(path) <= AtomicFile.LENGTH_MAX ? MetaDescriptor.decode(bytes(), path) : null;
        } catch (IOException unreadable) {
            return null; // a bad sector is damage like any other: there is the other copy
        }
    }

    boolean holds(AtomicFile.Content wanted) {
        AtomicFile.Content found = read();
        return found != null && isSame(found, wanted);
    }

    static boolean isSame(AtomicFile.Content one, AtomicFile.Content other) {
        return one.sequence() == other.sequence() && Arrays.equals(one.bytes(), other.bytes());
    }

    private ByteBuffer bytes() throws IOException {
        FileChannel opened = openPastPageCache(StandardOpenOption.READ);
        if (opened != null) {
            try (FileChannel channel = opened) {
                ByteBuffer found = bytes(channel);
                wasReadPastPageCache = true;
                return found;
            } catch (IOException failed) {
                if (wasReadPastPageCache) {
                    throw failed; // the page cache would hide it
                }
            }
        }
        return ByteBuffer.wrap(Files.readAllBytes(path));
    }

    private static ByteBuffer bytes(FileChannel channel) throws IOException {
        int length = (int) Math.min(channel.size(), AtomicFile.LENGTH_MAX);
        return PastPageCache.readAll(channel, MetaDescriptor.BLOCK_LENGTH, length);
    }

    /**
     * Durable when this returns, and read back.
     *
     * @param inPlace the other copy is whole, and may be all there is of META if a crash tears this one
     */
    void write(AtomicFile.Content content, boolean inPlace) throws IOException {
        ByteBuffer block = MetaDescriptor.encode(content);
        if (inPlace && wasReadPastPageCache && overwrite(block)) {
            return;
        }
        replace(content, block);
        if (!holds(content)) {
            throw notHeld();
        }
    }

    /** It may be the only good copy: it gives way to what was read back, and to nothing else. */
    private void replace(AtomicFile.Content content, ByteBuffer block) throws IOException {
        for (int i = 0; i < NEW_FILES_MAX; i++) {
            MetaFile next = new MetaFile(AtomicFile.writeBeside(path, block.rewind()));
            next.wasReadPastPageCache = wasReadPastPageCache;
            if (next.holds(content)) {
                AtomicFile.moveTo(path, next.path);
                return;
            }
        }
        throw notHeld();
    }

    private IOException notHeld() {
        return new IOException(path + " does not hold what was written to it");
    }

    /** What a crash has left of a new file. */
    void deleteLeftOver() throws IOException {
        if (Files.deleteIfExists(AtomicFile.temporary(path))) {
            AtomicFile.forceDirectory(AtomicFile.directoryOf(path));
        }
    }

    /** Returns false if there is no block to write over, or the disk does not have it afterwards. */
    private boolean overwrite(ByteBuffer block) throws IOException {
        FileChannel opened =
                openPastPageCache(StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.DSYNC);
        if (opened == null) {
            return false;
        }
        try (FileChannel channel = opened) {
            if (channel.size() != MetaDescriptor.BLOCK_LENGTH) {
                return false;
            }
            if (channel.write(block, 0) != MetaDescriptor.BLOCK_LENGTH) {
                throw new IOException(path + " took a part of a block");
            }
            if (isThere(channel, block.rewind())) {
                return true;
            }
        }
        LOG.warn("{} did not hold what was written to it: a new file takes its place. Watch this disk", path);
        return false;
    }

    private static boolean isThere(FileChannel channel, ByteBuffer block) {
        try {
            return bytes(channel).equals(block);
        } catch (IOException unreadable) {
            return false;
        }
    }

    private @Nullable FileChannel openPastPageCache(OpenOption... options) {
        if (!PastPageCache.isKnown()) {
            return null;
        }
        try {
            return PastPageCache.open(path, options);
        } catch (NoSuchFileException gone) {
            return null;
        } catch (IOException | UnsupportedOperationException refused) {
            if (REPORTED.compareAndSet(false, true)) {
                LOG.info("no direct I/O for {} ({}): each write of META makes a new file", path, refused.getMessage());
            }
            return null;
        }
    }
}
