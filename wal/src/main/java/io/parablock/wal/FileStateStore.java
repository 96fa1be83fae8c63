package io.parablock.wal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Durable small state in files: meta.0 and meta.1 (two copies with the same sequence number, one after the other), syncrec
 * and ckpt (each with a .prev that it replaces atomically).
 *
 * <pre>
 *  0        4         8              16       20       24
 *  +--------+---------+--------------+--------+--------+----------
 *  | magic  | version | sequence     | length | CRC32C | bytes …
 *  +--------+---------+--------------+--------+--------+----------
 * </pre>
 */
public final class FileStateStore implements StateStore {
    private static final int MAGIC = 0x54_53_42_50; // "PBST"
    private static final int VERSION = 1;
    private static final int HEADER_BYTES = 24;
    /** Named limit of one state's size. */
    private static final int STATE_BYTES_MAX = 256 << 20;

    private record Read(long sequence, byte[] bytes) {}

    private final Path dir;
    private long metaSequence;

    private FileStateStore(Path dir) {
        this.dir = dir;
    }

    public static FileStateStore open(Path dir) {
        try {
            Files.createDirectories(dir);
            forceAll(dir);
        } catch (IOException e) {
            throw new WalException("cannot open " + dir + ": " + e.getMessage(), e);
        }
        return new FileStateStore(dir);
    }

    @Override
    public byte @Nullable [] loadMeta() {
        Path first = dir.resolve("meta.0");
        Path second = dir.resolve("meta.1");
        if (!Files.exists(first) && !Files.exists(second)) {
            return null;
        }
        Read a = read(first);
        Read b = read(second);
        Read best = a == null ? b : b == null || a.sequence >= b.sequence ? a : b;
        if (best == null) {
            throw new StateLostException(
                    "no readable copy of META in " + dir + ": this node must rejoin as a new member");
        }
        metaSequence = best.sequence;
        if (a == null || b == null || a.sequence != b.sequence) {
            // Killed between the copies: this META may be answered for from now on, so it must be in both (protocol.md
            // §12).
            replace("meta.0", metaSequence, best.bytes);
            replace("meta.1", metaSequence, best.bytes);
        }
        return best.bytes;
    }

    @Override
    public void saveMeta(byte[] meta) {
        metaSequence++;
        replace("meta.0", metaSequence, meta);
        replace("meta.1", metaSequence, meta);
    }

    @Override
    public byte @Nullable [] loadSyncRecord() {
        return loadSingle("syncrec");
    }

    @Override
    public void saveSyncRecord(byte[] bytes) {
        replace("syncrec", 0, bytes);
    }

    @Override
    public byte @Nullable [] loadCheckpoint() {
        return loadSingle("ckpt");
    }

    @Override
    public void saveCheckpoint(byte[] bytes) {
        replace("ckpt", 0, bytes);
    }

    private byte @Nullable [] loadSingle(String name) {
        Path file = dir.resolve(name);
        if (!Files.exists(file)) {
            return null;
        }
        Read r = read(file);
        if (r == null) {
            throw new StateLostException(file + " is unreadable: this node must rejoin as a new member");
        }
        return r.bytes;
    }

    private static @Nullable Read read(Path file) {
        try {
            if (!Files.exists(file) || Files.size(file) > STATE_BYTES_MAX) {
                return null;
            }
            ByteBuffer b = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
            if (b.remaining() < HEADER_BYTES || b.getInt(0) != MAGIC) {
                return null;
            }
            if (b.getInt(4) > VERSION) {
                throw new WalException(
                        file + " was written by a newer version (format " + b.getInt(4) + ", this is " + VERSION + ")");
            }
            int length = b.getInt(16);
            if (length != b.remaining() - HEADER_BYTES || b.getInt(20) != crc(b)) {
                return null;
            }
            byte[] bytes = new byte[length];
            b.get(HEADER_BYTES, bytes);
            return new Read(b.getLong(8), bytes);
        } catch (IOException e) {
            return null;
        }
    }

    private static int crc(ByteBuffer b) {
        CRC32C crc = new CRC32C();
        ByteBuffer part = b.duplicate();
        part.position(0).limit(20);
        crc.update(part);
        part.limit(b.limit()).position(HEADER_BYTES);
        crc.update(part);
        return (int) crc.getValue();
    }

    /** Write beside, force, rename over, force the directory: the old or the new content, never a mixture. */
    private void replace(String name, long sequence, byte[] bytes) {
        ByteBuffer b = ByteBuffer.allocate(HEADER_BYTES + bytes.length).order(ByteOrder.LITTLE_ENDIAN);
        b.putInt(0, MAGIC).putInt(4, VERSION).putLong(8, sequence).putInt(16, bytes.length);
        b.put(HEADER_BYTES, bytes);
        b.putInt(20, crc(b));
        Path temp = dir.resolve(name + ".new");
        try {
            try (FileChannel ch = FileChannel.open(
                    temp, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
                while (b.hasRemaining()) {
                    ch.write(b);
                }
                ch.force(true);
            }
            Files.move(temp, dir.resolve(name), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            forceDirectory(dir);
        } catch (IOException e) {
            throw new WalException("cannot save " + dir.resolve(name) + ": " + e.getMessage(), e);
        }
    }

    /**
     * Makes a directory's files and names durable. What a start finds may be in the page cache only, written by a process
     * that was killed before its force: nothing may be said on the strength of it until it cannot be lost any more.
     */
    public static void forceAll(Path dir) throws IOException {
        try (var files = Files.newDirectoryStream(dir, Files::isRegularFile)) {
            for (Path file : files) {
                try (FileChannel ch = FileChannel.open(file, StandardOpenOption.WRITE)) {
                    ch.force(true);
                }
            }
        }
        forceDirectory(dir);
    }

    /** Makes the names in a directory durable. */
    public static void forceDirectory(Path dir) throws IOException {
        try (FileChannel ch = FileChannel.open(dir, StandardOpenOption.READ)) {
            ch.force(true);
        }
    }

    @Override
    public void close() {}
}
