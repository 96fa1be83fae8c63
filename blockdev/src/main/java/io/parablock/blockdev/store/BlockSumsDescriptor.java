package io.parablock.blockdev.store;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * The file of a chunk's checksums, NAME.sums beside NAME. All fields are little endian.
 *
 * <pre>
 *        0        8        12        16           24         28         32
 *        +--------+--------+---------+------------+----------+----------+- - - -+
 *      0 | magic  | version| sector  | chunk      | state    | CRC32C   | zeros |  first copy of the header
 *        |        |        | bytes   | bytes      | bits     | of 0..28 |       |
 *        +--------+--------+---------+------------+----------+----------+- - - -+
 *   4096 | the same                                                             |  second copy
 *        +--------+--------+- - - - - - - - - - - - - - - - - - - - - - - - - -+
 *   8192 | sum 0  | sum 1  | ...    4 bytes for each 512 bytes of the chunk
 *        +--------+--------+- - - - -
 *
 *   sum i = CRC32C(bytes i * 512 .. i * 512 + 511) XOR CRC32C(512 zeros)
 * </pre>
 *
 * <p>So a sector of zeros has the sum 0, and a hole of the chunk is a hole of this file. The copies of the header are in
 * different pages: a bad sector takes one of them. Version 1 knew no other state than {@link #ADOPTING}.
 */
final class BlockSumsDescriptor {
    static final int SECTOR_BYTES = 512;
    static final int SUM_BYTES = Integer.BYTES;
    /** Any but 0 does not fit a sector of zeros. */
    static final int SPOILT_SUM = -1;

    /** A bit of the state: {@link BlockStore#isAdopting}. */
    static final int ADOPTING = 1;
    /** A bit of the state: {@link BlockStore#isUnderRepair}. */
    static final int UNDER_REPAIR = 2;

    static final int VERSION = 2;
    static final int HEADER_BYTES = 32;
    static final int HEADER_COPIES = 2;
    static final int HEADER_COPY_STRIDE_BYTES = 4096;
    static final int SUMS_OFFSET_BYTES = HEADER_COPIES * HEADER_COPY_STRIDE_BYTES;

    /** What the disk reads and writes as one: so many bytes of sums, and of the chunk. */
    static final int PAGE_BYTES = 4096;

    static final int PAGE_COVERS_BYTES = PAGE_BYTES / SUM_BYTES * SECTOR_BYTES;

    private static final long MAGIC = 0x736d_7573_6b62_6170L; // "pabksums"
    private static final int MAGIC_AT = 0;
    private static final int VERSION_AT = 8;
    private static final int SECTOR_BYTES_AT = 12;
    private static final int CHUNK_BYTES_AT = 16;
    private static final int STATE_AT = 24;
    private static final int CRC_AT = 28;
    private static final int ZEROS_CRC = crcOfZeros();

    private BlockSumsDescriptor() {}

    private static int crcOfZeros() {
        CRC32C crc = new CRC32C();
        crc.update(new byte[SECTOR_BYTES]);
        return (int) crc.getValue();
    }

    /**
     * @param chunkBytes a multiple of 512
     * @param state bits
     */
    static ByteBuffer header(long chunkBytes, int state) {
        ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        header.putLong(MAGIC_AT, MAGIC)
                .putInt(VERSION_AT, VERSION)
                .putInt(SECTOR_BYTES_AT, SECTOR_BYTES)
                .putLong(CHUNK_BYTES_AT, chunkBytes)
                .putInt(STATE_AT, state);
        header.putInt(CRC_AT, headerCrc(header));
        return header;
    }

    private static int headerCrc(ByteBuffer header) {
        CRC32C crc = new CRC32C();
        crc.update(header.duplicate().position(0).limit(CRC_AT));
        return (int) crc.getValue();
    }

    /** Whether this is a header, of whichever version; {@code header} is little endian. */
    static boolean isHeader(ByteBuffer header) {
        return header.getLong(MAGIC_AT) == MAGIC && header.getInt(CRC_AT) == headerCrc(header);
    }

    static int version(ByteBuffer header) {
        return header.getInt(VERSION_AT);
    }

    static int sectorBytes(ByteBuffer header) {
        return header.getInt(SECTOR_BYTES_AT);
    }

    static int state(ByteBuffer header) {
        return header.getInt(STATE_AT);
    }

    static long chunkBytes(ByteBuffer header) {
        return header.getLong(CHUNK_BYTES_AT);
    }

    /** Where the sum of the sector at this offset of the chunk is. */
    static long positionOf(long offsetBytes) {
        return SUMS_OFFSET_BYTES + offsetBytes / SECTOR_BYTES * SUM_BYTES;
    }

    /** How much room the sums of so many bytes take. */
    static long sumsBytes(long lengthBytes) {
        return lengthBytes / SECTOR_BYTES * SUM_BYTES;
    }

    /** The sum of the sector at an index of the buffer, which comes back with position and limit around that sector. */
    static int sumOf(CRC32C crc, ByteBuffer content, int index) {
        crc.reset();
        crc.update(content.limit(index + SECTOR_BYTES).position(index));
        return (int) crc.getValue() ^ ZEROS_CRC;
    }
}
