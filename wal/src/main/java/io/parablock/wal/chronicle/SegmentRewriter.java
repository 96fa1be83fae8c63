package io.parablock.wal.chronicle;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/**
 * Writes a file's content over itself. After a force that failed, the kernel shows bytes that never reached the disk and
 * holds them for written: another force would say so without doing anything.
 */
final class SegmentRewriter {
    private static final int PAGE_BYTES = 4096;
    private static final int PIECE_BYTES = 64 * PAGE_BYTES;

    private SegmentRewriter() {}

    /** Pages that cannot be read, and blank ones, are left alone. The caller forces the file. */
    static void rewrite(FileChannel channel) throws IOException {
        long sizeBytes = channel.size();
        ByteBuffer piece = ByteBuffer.allocateDirect((int) Math.min(PIECE_BYTES, sizeBytes));
        for (long at = 0; at < sizeBytes; at += PIECE_BYTES) {
            int length = (int) Math.min(PIECE_BYTES, sizeBytes - at);
            try {
                rewrite(channel, at, piece.clear().limit(length));
            } catch (IOException somePageIsBad) {
                for (int page = 0; page < length; page += PAGE_BYTES) {
                    rewritePage(channel, at + page, piece.clear().limit(Math.min(PAGE_BYTES, length - page)));
                }
            }
        }
    }

    private static void rewritePage(FileChannel channel, long at, ByteBuffer page) throws IOException {
        try {
            read(channel, at, page);
        } catch (IOException unreadable) {
            return; // the scan reports it
        }
        write(channel, at, page);
    }

    private static void rewrite(FileChannel channel, long at, ByteBuffer piece) throws IOException {
        read(channel, at, piece);
        write(channel, at, piece);
    }

    private static void read(FileChannel channel, long at, ByteBuffer into) throws IOException {
        while (into.hasRemaining() && channel.read(into, at + into.position()) >= 0) {}
        into.flip();
    }

    private static void write(FileChannel channel, long at, ByteBuffer from) throws IOException {
        if (isBlank(from)) {
            return;
        }
        while (from.hasRemaining()) {
            channel.write(from, at + from.position());
        }
    }

    private static boolean isBlank(ByteBuffer bytes) {
        int at = 0;
        while (at <= bytes.limit() - Long.BYTES && bytes.getLong(at) == 0) {
            at += Long.BYTES;
        }
        while (at < bytes.limit() && bytes.get(at) == 0) {
            at++;
        }
        return at == bytes.limit();
    }
}
