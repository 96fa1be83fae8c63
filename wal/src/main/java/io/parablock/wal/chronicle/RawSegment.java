package io.parablock.wal.chronicle;

import io.parablock.wal.RecordDescriptor;
import io.parablock.wal.WalCorruptException;
import io.parablock.wal.WalException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/** Reads a cycle file by our own headers, where Chronicle's framing is damaged. Positions have a mark of their own. */
final class RawSegment {
    private static final long RAW = 1L << 60;
    private static final int SEGMENT_SHIFT = 36;
    /** Chronicle starts each document on a multiple of this. */
    private static final int ALIGNMENT = 4;

    private static final int CHUNK_BYTES = 1 << 20;

    private RawSegment() {}

    static boolean isRaw(long position) {
        return (position & RAW) != 0;
    }

    static long segment(long position) {
        return (position & ~RAW) >>> SEGMENT_SHIFT;
    }

    private static long fileOffset(long position) {
        return position & ((1L << SEGMENT_SHIFT) - 1);
    }

    /** Positions of the records whose header is sound and whose number is at least {@code fromNumber}, in file order. */
    static List<Long> find(Path file, long segment, long clusterId, long fromNumber) {
        List<Long> found = new ArrayList<>();
        try (FileChannel ch = FileChannel.open(file, StandardOpenOption.READ)) {
            ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
            for (long at = 0; at < ch.size(); at += CHUNK_BYTES) {
                chunk.clear();
                readFully(ch, chunk, at);
                for (int i = 0; i + Integer.BYTES <= chunk.position(); i += ALIGNMENT) {
                    if (chunk.getInt(i) == RecordDescriptor.MAGIC
                            && isRecord(ch, at + i, segment, clusterId, fromNumber)) {
                        found.add(RAW | segment << SEGMENT_SHIFT | (at + i));
                    }
                }
            }
            return found;
        } catch (IOException e) {
            throw new WalException("cannot read " + file + ": " + e.getMessage(), e);
        }
    }

    private static boolean isRecord(FileChannel ch, long offset, long segment, long clusterId, long fromNumber)
            throws IOException {
        ByteBuffer head = ByteBuffer.allocate(RecordDescriptor.payloadOffset(RecordDescriptor.DEP_WORDS_MAX))
                .order(ByteOrder.LITTLE_ENDIAN);
        readFully(ch, head, offset);
        head.flip();
        return RecordDescriptor.headerFault(head, clusterId) == null
                && RecordDescriptor.segment(head) == segment
                && RecordDescriptor.number(head) >= fromNumber;
    }

    /** The bytes of a record from its header on, as many as its header says. */
    static ByteBuffer read(Path file, long position) {
        try (FileChannel ch = FileChannel.open(file, StandardOpenOption.READ)) {
            ByteBuffer head = ByteBuffer.allocate(RecordDescriptor.HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
            readFully(ch, head, fileOffset(position));
            int length = RecordDescriptor.recordLength(head);
            if (head.hasRemaining() || length < 0 || length > ch.size() - fileOffset(position)) {
                throw new WalCorruptException("no record at position " + position);
            }
            ByteBuffer b = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
            readFully(ch, b, fileOffset(position));
            b.flip();
            return b;
        } catch (IOException e) {
            throw new WalException("cannot read " + file + ": " + e.getMessage(), e);
        }
    }

    private static void readFully(FileChannel ch, ByteBuffer into, long offset) throws IOException {
        long at = offset;
        while (into.hasRemaining()) {
            int n = ch.read(into, at);
            if (n < 0) {
                return;
            }
            at += n;
        }
    }
}
