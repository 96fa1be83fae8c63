package io.parablock.wal;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of one copy of META: a block of 4096 bytes. Little-endian:
 *
 * <pre>
 *   0        4        6        8                16       20       24       28              4096
 *   +--------+--------+--------+----------------+--------+--------+--------+-------+-------+
 *   | magic  |version | unused | sequence       | length | unused | CRC32C | bytes | zeros |
 *   +--------+--------+--------+----------------+--------+--------+--------+-------+-------+
 * </pre>
 *
 * The CRC covers everything but itself, the zeros too. The header is that of an {@link AtomicFile}, which META was in version 1 (no
 * zeros, a file as long as its bytes): a program that knows no other sees by the number that this is not for it.
 */
final class MetaDescriptor {
    static final int MAGIC = 0x4154_454D;
    static final short VERSION = 2;
    /** In bytes; what O_DIRECT asks for on any disk of today. */
    static final int BLOCK_LENGTH = 4096;
    /** Of META itself, in bytes. */
    static final int LENGTH_MAX = BLOCK_LENGTH - AtomicFile.HEADER_LENGTH;

    private static final int VERSION_OFFSET = 4;
    private static final int SEQUENCE_OFFSET = 8;
    private static final int LENGTH_OFFSET = 16;

    private MetaDescriptor() {}

    /** A block, aligned in memory as O_DIRECT wants it. */
    static ByteBuffer encode(AtomicFile.Content content) {
        byte[] bytes = content.bytes();
        ByteBuffer block = ByteBuffer.allocateDirect(2 * BLOCK_LENGTH)
                .alignedSlice(BLOCK_LENGTH)
                .limit(BLOCK_LENGTH)
                .slice()
                .order(ByteOrder.LITTLE_ENDIAN);
        block.putInt(0, MAGIC).putShort(VERSION_OFFSET, VERSION).putLong(SEQUENCE_OFFSET, content.sequence());
        block.putInt(LENGTH_OFFSET, bytes.length).put(AtomicFile.HEADER_LENGTH, bytes);
        return block.putInt(AtomicFile.CRC_OFFSET, AtomicFile.crcOf(block));
    }

    /**
     * Of this version or version 1.
     *
     * @param from for the message
     * @return null if it is damaged
     * @throws UnsupportedFormatException if a newer program wrote it
     */
    static AtomicFile.@Nullable Content decode(ByteBuffer found, Path from) {
        ByteBuffer file = found.order(ByteOrder.LITTLE_ENDIAN);
        if (file.limit() < AtomicFile.HEADER_LENGTH
                || file.getInt(0) != MAGIC
                || file.getInt(AtomicFile.CRC_OFFSET) != AtomicFile.crcOf(file)) {
            return null;
        }
        int version = file.getShort(VERSION_OFFSET);
        if (version > VERSION) {
            throw new UnsupportedFormatException(
                    from + " has format version " + version + "; this program reads up to " + VERSION);
        }
        int room = file.limit() - AtomicFile.HEADER_LENGTH;
        int length = file.getInt(LENGTH_OFFSET);
        boolean fits =
                version == VERSION ? file.limit() == BLOCK_LENGTH && length >= 0 && length <= room : length == room;
        if (!fits) {
            return null;
        }
        byte[] bytes = new byte[length];
        file.get(AtomicFile.HEADER_LENGTH, bytes);
        return new AtomicFile.Content(file.getLong(SEQUENCE_OFFSET), bytes);
    }
}
