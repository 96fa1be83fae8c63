package io.parablock.blockdev.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads a file past the page cache (O_DIRECT): what is on the disk, whatever is in memory. What was written to the page cache
 * before goes to the disk first; nothing enters the cache, and nothing leaves it. Any thread, one at a time.
 */
final class DiskReader implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DiskReader.class);
    private static final AtomicBoolean REPORTED = new AtomicBoolean();

    /** Reads begin and end at a multiple of it; a bad sector takes all of it. */
    private static final int PAGE_BYTES = 4096;

    /** One read. A write to the file waits for a direct read under way (ext4's and XFS's lock of the inode): a short one. */
    private static final int ROOM_BYTES = 32 << 10;

    private final FileChannel channel;
    private final ByteBuffer room = ByteBuffer.allocateDirect(ROOM_BYTES + PAGE_BYTES)
            .alignedSlice(PAGE_BYTES)
            .limit(ROOM_BYTES)
            .slice();

    private DiskReader(FileChannel channel) {
        this.channel = channel;
    }

    /** Null, with one line in the log, where that cannot be. */
    static @Nullable DiskReader open(Path file) {
        // A file of another file system (a test's) has no such thing.
        if (file.getFileSystem() != FileSystems.getDefault()) {
            return null;
        }
        FileChannel opened = null;
        try {
            OpenOption direct = directOption();
            if (direct == null) {
                report("this JDK has no direct I/O");
                return null;
            }
            opened = FileChannel.open(file, StandardOpenOption.READ, direct);
            long block = Files.getFileStore(file).getBlockSize();
            if (PAGE_BYTES % block == 0) {
                DiskReader reader = new DiskReader(opened);
                opened = null;
                return reader;
            }
            report("its blocks have " + block + " bytes");
        } catch (IOException | UnsupportedOperationException e) {
            report(String.valueOf(e.getMessage()));
        } finally {
            closeUnused(opened);
        }
        return null;
    }

    private static void closeUnused(@Nullable FileChannel opened) {
        try {
            if (opened != null) {
                opened.close();
            }
        } catch (IOException e) {
            LOG.debug("cannot close", e);
        }
    }

    private static void report(String why) {
        if (REPORTED.compareAndSet(false, true)) {
            LOG.info("no direct I/O for the blocks ({}): the scrub reads what the page cache has of them", why);
        }
    }

    /** {@code ExtendedOpenOption.DIRECT}, by name: newer compilers warn of its package whatever one says; null without. */
    private static @Nullable OpenOption directOption() {
        try {
            Class<?> options = Class.forName("com.sun.nio.file.ExtendedOpenOption");
            for (Object option : options.getEnumConstants()) {
                if (option.toString().equals("DIRECT")) {
                    return (OpenOption) option;
                }
            }
        } catch (ClassNotFoundException e) {
            LOG.debug("this JDK has no direct I/O", e);
        }
        return null;
    }

    /**
     * Fills the buffer, with zeros for what cannot be read. The range lies inside of the file.
     *
     * @throws ClosedChannelException as nothing can be said about the file then
     */
    synchronized void readAround(long positionBytes, ByteBuffer into, PageReader.Unreadable unreadable)
            throws ClosedChannelException {
        int start = into.position();
        while (into.hasRemaining()) {
            long at = positionBytes + into.position() - start;
            int skip = (int) (at % PAGE_BYTES);
            int bytes = Math.min(into.remaining(), ROOM_BYTES - skip);
            if (isRead(at - skip, skip + bytes)) {
                into.put(room.slice(skip, bytes));
            } else {
                readPages(at, bytes, into, start, unreadable);
            }
        }
    }

    private void readPages(long positionBytes, int bytes, ByteBuffer into, int start, PageReader.Unreadable unreadable)
            throws ClosedChannelException {
        int end = into.position() + bytes;
        for (long at = positionBytes; into.position() < end; ) {
            int skip = (int) (at % PAGE_BYTES);
            int part = Math.min(PAGE_BYTES - skip, end - into.position());
            if (isRead(at - skip, skip + part)) {
                into.put(room.slice(skip, part));
            } else {
                unreadable.range(into.position() - start, into.position() - start + part);
                into.put(new byte[part]);
            }
            at += part;
        }
    }

    /** The first bytes from a page on, into the room. */
    private boolean isRead(long firstBytes, int bytes) throws ClosedChannelException {
        room.clear().limit((bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES);
        try {
            while (room.position() < bytes) {
                int n = channel.read(room, firstBytes + room.position());
                // Only the end of the file ends within a page.
                if (n < 0 || (room.position() < bytes && room.position() % PAGE_BYTES != 0)) {
                    return false;
                }
            }
            return true;
        } catch (ClosedChannelException ended) {
            throw ended;
        } catch (IOException unreadable) {
            return false;
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
