package io.parablock.blockdev.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;

/** Reads of a file of which some pages may not be readable. */
final class PageReader {
    /** The page cache reads no less, so no less can be found bad. */
    private static final int PAGE_BYTES = 4096;

    /** Told of bytes that cannot be read; from and to are counted from the first byte of the read. */
    interface Unreadable {
        void range(int from, int to);
    }

    private PageReader() {}

    /** Fills the buffer. */
    static void read(FileChannel channel, long positionBytes, ByteBuffer into) throws IOException {
        long at = positionBytes;
        while (into.hasRemaining()) {
            int n = channel.read(into, at);
            if (n < 0) {
                throw new IOException("it ends at " + channel.size() + ", before " + at);
            }
            at += n;
        }
    }

    /**
     * Fills the buffer, with zeros for what cannot be read.
     *
     * @throws ClosedChannelException as nothing can be said about the file then
     */
    static void readAround(FileChannel channel, long positionBytes, ByteBuffer into, Unreadable unreadable)
            throws ClosedChannelException {
        int start = into.position();
        int end = into.limit();
        if (isRead(channel, positionBytes, into)) {
            return;
        }
        for (int index = start; index < end; ) {
            long at = positionBytes + index - start;
            int next = (int) Math.min(end, index + PAGE_BYTES - at % PAGE_BYTES);
            into.limit(next).position(index);
            if (!isRead(channel, at, into)) {
                unreadable.range(index - start, next - start);
                for (int i = index; i < next; i++) {
                    into.put(i, (byte) 0);
                }
            }
            index = next;
        }
        into.limit(end).position(end);
    }

    private static boolean isRead(FileChannel channel, long positionBytes, ByteBuffer into)
            throws ClosedChannelException {
        try {
            read(channel, positionBytes, into);
            return true;
        } catch (ClosedChannelException ended) {
            throw ended;
        } catch (IOException unreadable) {
            return false;
        }
    }
}
