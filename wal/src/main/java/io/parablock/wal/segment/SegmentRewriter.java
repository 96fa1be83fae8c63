package io.parablock.wal.segment;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;

/**
 * Writes a file's content over itself. After a force that failed, the kernel shows bytes that never reached the disk and
 * holds them for written: another force would say so without doing anything.
 */
final class SegmentRewriter {
    private static final int PAGE_BYTES = 4096;
    private static final int PIECE_BYTES = 64 * PAGE_BYTES;

    private SegmentRewriter() {}

    /** Pages that cannot be read, and ones never written, are left alone. The caller forces the file. */
    static void rewrite(Segment segment) throws IOException {
        FileChannel channel = segment.forceChannel();
        long fill = segment.fillWord();
        long sizeBytes = channel.size();
        ByteBuffer piece = ByteBuffer.allocateDirect((int) Math.min(PIECE_BYTES, sizeBytes))
                .order(ByteOrder.LITTLE_ENDIAN);
        for (long at = 0; at < sizeBytes; at += PIECE_BYTES) {
            int length = (int) Math.min(PIECE_BYTES, sizeBytes - at);
            try {
                rewrite(channel, at, piece.clear().limit(length), fill);
            } catch (IOException somePageIsBad) {
                for (int page = 0; page < length; page += PAGE_BYTES) {
                    rewritePage(channel, at + page, piece.clear().limit(Math.min(PAGE_BYTES, length - page)), fill);
                }
            }
        }
    }

    private static void rewritePage(FileChannel channel, long at, ByteBuffer page, long fill) throws IOException {
        try {
            read(channel, at, page);
        } catch (IOException unreadable) {
            return; // the scan reports it
        }
        write(channel, at, page, fill);
    }

    private static void rewrite(FileChannel channel, long at, ByteBuffer piece, long fill) throws IOException {
        read(channel, at, piece);
        write(channel, at, piece, fill);
    }

    private static void read(FileChannel channel, long at, ByteBuffer into) throws IOException {
        while (into.hasRemaining() && channel.read(into, at + into.position()) >= 0) {}
        into.flip();
    }

    private static void write(FileChannel channel, long at, ByteBuffer from, long fill) throws IOException {
        if (isBlank(from, fill)) {
            return;
        }
        while (from.hasRemaining()) {
            channel.write(from, at + from.position());
        }
    }

    private static boolean isBlank(ByteBuffer bytes, long fill) {
        int at = 0;
        while (at <= bytes.limit() - Long.BYTES && bytes.getLong(at) == fill) {
            at += Long.BYTES;
        }
        if (bytes.limit() - at >= Long.BYTES) {
            return false;
        }
        while (at < bytes.limit() && bytes.get(at) == 0) {
            at++;
        }
        return at == bytes.limit();
    }
}
