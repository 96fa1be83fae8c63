package io.parablock.catalogue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The record in the catalogue's store, from its first byte on, little-endian; zeros follow up to a whole block:
 *
 * <pre>
 *   0        4        8                16       20       24
 *   +--------+--------+----------------+--------+--------+---------
 *   | magic  | format | version        | length | CRC32C | JSON
 *   +--------+--------+----------------+--------+--------+---------
 * </pre>
 *
 * The CRC covers everything else of the record. Which of two records is taken is decided by these fields alone, never by the
 * content: programs of different versions must decide alike.
 */
final class CatalogueDescriptor {
    /** The store is as large as one piece of an install, so that it is always replaced as a whole. */
    static final int STORE_BYTES = 128 << 10;

    /** A proposal is shorter than the store: that tells it from a piece of an install. */
    static final int RECORD_BYTES_MAX = STORE_BYTES - (int) Catalogue.BLOCK_BYTES;

    static final int HEADER_BYTES = 24;

    private static final int MAGIC = 0x43564250; // "PBVC"
    static final int FORMAT = 1;

    /**
     * Of a record that says whose disks count in groups when they begin. A program that knows {@link #FORMAT} only would begin them
     * with other ones: it refuses the record.
     */
    static final int FORMAT_WITH_MEMBERS = 2;

    private static final int FORMAT_OFFSET = 4;
    private static final int VERSION_OFFSET = 8;
    private static final int LENGTH_OFFSET = 16;
    private static final int CRC_OFFSET = 20;

    private CatalogueDescriptor() {}

    /** Whole blocks. */
    static byte[] encode(int format, long version, byte[] content) {
        int bytes = HEADER_BYTES + content.length;
        int block = (int) Catalogue.BLOCK_BYTES;
        ByteBuffer out =
                ByteBuffer.allocate((bytes + block - 1) / block * block).order(ByteOrder.LITTLE_ENDIAN);
        out.putInt(0, MAGIC)
                .putInt(FORMAT_OFFSET, format)
                .putLong(VERSION_OFFSET, version)
                .putInt(LENGTH_OFFSET, content.length)
                .put(HEADER_BYTES, content);
        out.putInt(CRC_OFFSET, crc(out, content.length));
        return out.array();
    }

    /** The version of the record that begins here; 0 for blank bytes, -1 if there is none that is whole. */
    static long version(byte[] image) {
        if (isBlank(image)) {
            return 0;
        }
        return isWhole(image) ? buffer(image).getLong(VERSION_OFFSET) : -1;
    }

    /** How long the record is, by its header; -1 if there is none. */
    static int bytes(byte[] image) {
        if (image.length < HEADER_BYTES || buffer(image).getInt(0) != MAGIC) {
            return -1;
        }
        int length = buffer(image).getInt(LENGTH_OFFSET);
        return length < 0 || length > STORE_BYTES - HEADER_BYTES ? -1 : HEADER_BYTES + length;
    }

    /** The record's content; null if it is not whole, or of another format. */
    static byte @Nullable [] content(byte[] image) {
        int format = isWhole(image) ? buffer(image).getInt(FORMAT_OFFSET) : 0;
        if (format != FORMAT && format != FORMAT_WITH_MEMBERS) {
            return null;
        }
        return Arrays.copyOfRange(image, HEADER_BYTES, bytes(image));
    }

    static boolean isBlank(byte[] image) {
        for (byte b : image) {
            if (b != 0) {
                return false;
            }
        }
        return true;
    }

    private static boolean isWhole(byte[] image) {
        int bytes = bytes(image);
        return bytes >= HEADER_BYTES
                && bytes <= image.length
                && buffer(image).getInt(CRC_OFFSET) == crc(buffer(image), bytes - HEADER_BYTES);
    }

    private static ByteBuffer buffer(byte[] image) {
        return ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static int crc(ByteBuffer record, int length) {
        CRC32C crc = new CRC32C();
        crc.update(record.duplicate().position(0).limit(CRC_OFFSET));
        crc.update(record.duplicate().limit(HEADER_BYTES + length).position(HEADER_BYTES));
        return (int) crc.getValue();
    }
}
