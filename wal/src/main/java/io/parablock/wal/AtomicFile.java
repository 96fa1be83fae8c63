package io.parablock.wal;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * A small file that is replaced as a whole: write a temporary file, force it, rename it, force the directory. A reader
 * sees the old bytes or the new ones. Little-endian:
 *
 * <pre>
 *   0        4        6        8                16       20       24       28
 *   +--------+--------+--------+----------------+--------+--------+--------+---------
 *   | magic  |version | unused | sequence       | length | unused | CRC32C | bytes
 *   +--------+--------+--------+----------------+--------+--------+--------+---------
 * </pre>
 *
 * The CRC covers everything but itself. A version above ours is refused, not guessed at.
 */
public final class AtomicFile {
    public static final short VERSION = 1;
    static final int HEADER_LENGTH = 28;
    static final int CRC_OFFSET = 24;

    /** State files are small; this bounds what a damaged length could make us allocate. */
    public static final int LENGTH_MAX = 256 << 20;

    private final Path path;
    private final int magic;

    public AtomicFile(Path path, int magic) {
        this.path = path;
        this.magic = magic;
    }

    /** What a file held: its sequence number and its bytes. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    public record Content(long sequence, byte[] bytes) {}

    public boolean exists() {
        return Files.exists(path);
    }

    /** Returns null when the file is missing or damaged; tell them apart with {@link #exists}. */
    public @Nullable Content read() {
        try {
            return isReadable() ? contentOf(ByteBuffer.wrap(Files.readAllBytes(path))) : null;
        } catch (IOException unreadable) {
            return null; // a bad sector is damage like any other: the caller has other copies, or stops
        }
    }

    /** The same past the page cache, where there is a way: what a restart of the machine would find. */
    public @Nullable Content readFromDisk() {
        try {
            return isReadable() ? contentOf(PastPageCache.read(path, LENGTH_MAX)) : null;
        } catch (IOException unreadable) {
            return null;
        }
    }

    private boolean isReadable() throws IOException {
        return Files.exists(path) && Files.size(path) <= LENGTH_MAX;
    }

    private @Nullable Content contentOf(ByteBuffer found) {
        ByteBuffer file = found.order(ByteOrder.LITTLE_ENDIAN);
        if (file.limit() < HEADER_LENGTH || file.getInt(0) != magic) {
            return null;
        }
        if (file.getInt(CRC_OFFSET) != crcOf(file)) {
            return null;
        }
        int version = file.getShort(4);
        if (version > VERSION) {
            throw new UnsupportedFormatException(
                    path + " has format version " + version + "; this program reads up to " + VERSION);
        }
        int length = file.getInt(16);
        if (length != file.limit() - HEADER_LENGTH) {
            return null;
        }
        byte[] bytes = new byte[length];
        file.get(HEADER_LENGTH, bytes);
        return new Content(file.getLong(8), bytes);
    }

    /** Durable when this returns. */
    public void write(long sequence, byte[] bytes) throws IOException {
        ByteBuffer file = ByteBuffer.allocate(HEADER_LENGTH + bytes.length).order(ByteOrder.LITTLE_ENDIAN);
        file.putInt(0, magic).putShort(4, VERSION).putLong(8, sequence).putInt(16, bytes.length);
        file.put(HEADER_LENGTH, bytes);
        file.putInt(CRC_OFFSET, crcOf(file));
        moveTo(path, writeBeside(path, file));
    }

    static Path temporary(Path path) {
        return path.resolveSibling(path.getFileName() + ".tmp");
    }

    /** Writes what is to take the place of a file; its bytes are durable when this returns. */
    static Path writeBeside(Path path, ByteBuffer file) throws IOException {
        Path temporary = temporary(path);
        try (FileChannel channel = FileChannel.open(
                temporary, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
            while (file.hasRemaining()) {
                channel.write(file);
            }
            channel.force(true);
        }
        return temporary;
    }

    /** Durable when this returns. */
    static void moveTo(Path path, Path temporary) throws IOException {
        Files.move(temporary, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        forceDirectory(directoryOf(path));
    }

    /** Makes creations, renames and deletions in a directory durable. */
    public static void forceDirectory(Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    /**
     * Creates a directory, and its missing parents, durably. Those that are there count as created by a process that
     * died before it could force them.
     */
    public static void createDirectories(Path directory) {
        try {
            Files.createDirectories(directory);
            forceNames(directory.toAbsolutePath());
        } catch (IOException e) {
            throw new UncheckedIOException("cannot create directory " + directory + ": " + e.getMessage(), e);
        }
    }

    /** Makes the names in a directory and its own name durable, as far up as it may be read. */
    private static void forceNames(Path directory) throws IOException {
        for (Path each = directory; each != null; each = each.getParent()) {
            try {
                forceDirectory(each);
            } catch (AccessDeniedException notOurs) {
                return; // what we may not even read we have not created
            }
        }
    }

    static Path directoryOf(Path path) {
        Path parent = path.toAbsolutePath().getParent();
        if (parent == null) {
            throw new IllegalArgumentException(path + " has no parent directory");
        }
        return parent;
    }

    /** Of a whole file but for its CRC field. */
    static int crcOf(ByteBuffer file) {
        CRC32C crc = new CRC32C();
        crc.update(file.duplicate().position(0).limit(CRC_OFFSET));
        crc.update(file.duplicate().position(HEADER_LENGTH));
        return (int) crc.getValue();
    }
}
