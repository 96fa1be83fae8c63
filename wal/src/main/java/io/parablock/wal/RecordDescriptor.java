package io.parablock.wal;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * The bytes of one record, little-endian. The payload follows the header directly.
 *
 * <pre>
 *   0        4        6        8                16               24       28       32
 *   +--------+--------+--------+----------------+----------------+--------+--------+
 *   | magic  |version |hdr len | cluster id     | position       |rec num |group id|
 *   +--------+--------+--------+----------------+----------------+--------+--------+
 *  32               40               48   49   50       52       56               64
 *   +----------------+----------------+----+----+--------+--------+----------------+
 *   | slot           | origin         |kind|deps|behind  |pay len | extent offset  |
 *   +----------------+----------------+----+----+--------+--------+----------------+
 *  64               72               80               88               96
 *   +----------------+----------------+----------------+----------------+
 *   | extent length  | session        | seq            | lowest outst.  |
 *   +----------------+----------------+----------------+----------------+
 *  96              104      108      112      116      120              128
 *   +----------------+--------+--------+--------+--------+----------------+
 *   | durable up to  |pay CRC |hdr CRC |wr start|wr end  | earlier starts |
 *   +----------------+--------+--------+--------+--------+----------------+
 *  128                           header length
 *   +-----------------------------+----------
 *   | dep: 0 to 64 words          | payload
 *   +-----------------------------+----------
 * </pre>
 *
 * Position is segment id (high 32 bits) and offset in the segment file (low 32 bits): recycled and misdirected bytes
 * do not carry their own position. The record number counts from 0 in each segment, so a lost record leaves a gap. The
 * header CRC32C covers the segment's random nonce, then the header without the CRC field: payload bytes cannot pose as
 * a record. <em>Write start</em> and <em>write end</em> are the offsets in the segment file of the write that the record
 * went out with, and <em>behind</em> counts the records behind it in that write. Bit i of <em>earlier starts</em> is set
 * when a write began i + 1 blocks of 4096 bytes before write start. All are 0 in a mapped file, which knows no writes.
 */
public final class RecordDescriptor {
    public static final int MAGIC = 0x4C41_5750;
    public static final short VERSION = 1;

    public static final int MAGIC_OFFSET = 0;
    public static final int VERSION_OFFSET = 4;
    public static final int HEADER_LENGTH_OFFSET = 6;
    public static final int CLUSTER_ID_OFFSET = 8;
    public static final int POSITION_OFFSET = 16;
    public static final int RECORD_NUMBER_OFFSET = 24;
    public static final int GROUP_ID_OFFSET = 28;
    public static final int SLOT_OFFSET = 32;
    public static final int ORIGIN_OFFSET = 40;
    public static final int KIND_OFFSET = 48;
    public static final int DEP_WORDS_OFFSET = 49;
    public static final int BEHIND_OFFSET = 50;
    public static final int PAYLOAD_LENGTH_OFFSET = 52;
    public static final int EXTENT_OFFSET_OFFSET = 56;
    public static final int EXTENT_LENGTH_OFFSET = 64;
    public static final int SESSION_OFFSET = 72;
    public static final int SEQ_OFFSET = 80;
    public static final int LOWEST_OUTSTANDING_OFFSET = 88;
    public static final int DURABLE_UP_TO_OFFSET = 96;
    public static final int PAYLOAD_CRC_OFFSET = 104;
    public static final int HEADER_CRC_OFFSET = 108;
    public static final int WRITE_START_OFFSET = 112;
    public static final int WRITE_END_OFFSET = 116;
    public static final int EARLIER_STARTS_OFFSET = 120;
    public static final int DEP_OFFSET = 128;

    public static final int HEADER_LENGTH_MIN = DEP_OFFSET;
    public static final int HEADER_LENGTH_MAX = DEP_OFFSET + Long.BYTES * WalRecord.DEP_WORDS_MAX;

    /** Kinds of the log itself: entries use 0 to 99. The first record of a segment carries its nonce as the session. */
    public static final byte KIND_SEGMENT_START = 100;

    /** Carries nothing but durable-up-to; the last record of each write of the direct engine. */
    public static final byte KIND_MARKER = 101;

    /** More records than {@link #BEHIND_OFFSET} can count are not put into one write. */
    public static final int WRITE_RECORDS_MAX = 0x7FFF;

    private RecordDescriptor() {}

    public static int headerLength(int depWords) {
        return DEP_OFFSET + Long.BYTES * depWords;
    }

    public static long position(int segmentId, long offsetBytes) {
        return ((long) segmentId << 32) | offsetBytes;
    }

    public static int segmentId(long position) {
        return (int) (position >>> 32);
    }

    public static long offsetBytes(long position) {
        return position & 0xFFFF_FFFFL;
    }

    /** Writes everything but the header CRC; returns the header's length. */
    public static int encode(
            MutableDirectBuffer buffer,
            int at,
            WalRecord record,
            long clusterId,
            long position,
            int recordNumber,
            long durableUpTo) {
        long[] dep = record.dep();
        int headerLength = headerLength(dep.length);
        buffer.putInt(at + MAGIC_OFFSET, MAGIC, LITTLE_ENDIAN);
        buffer.putShort(at + VERSION_OFFSET, VERSION, LITTLE_ENDIAN);
        buffer.putShort(at + HEADER_LENGTH_OFFSET, (short) headerLength, LITTLE_ENDIAN);
        buffer.putLong(at + CLUSTER_ID_OFFSET, clusterId, LITTLE_ENDIAN);
        buffer.putLong(at + POSITION_OFFSET, position, LITTLE_ENDIAN);
        buffer.putInt(at + RECORD_NUMBER_OFFSET, recordNumber, LITTLE_ENDIAN);
        buffer.putInt(at + GROUP_ID_OFFSET, record.groupId(), LITTLE_ENDIAN);
        buffer.putLong(at + SLOT_OFFSET, record.slot(), LITTLE_ENDIAN);
        buffer.putLong(at + ORIGIN_OFFSET, record.origin(), LITTLE_ENDIAN);
        buffer.putByte(at + KIND_OFFSET, record.kind());
        buffer.putByte(at + DEP_WORDS_OFFSET, (byte) dep.length);
        buffer.putShort(at + BEHIND_OFFSET, (short) 0, LITTLE_ENDIAN);
        buffer.putInt(at + PAYLOAD_LENGTH_OFFSET, record.payloadLength(), LITTLE_ENDIAN);
        buffer.putLong(at + EXTENT_OFFSET_OFFSET, record.offsetBytes(), LITTLE_ENDIAN);
        buffer.putLong(at + EXTENT_LENGTH_OFFSET, record.lengthBytes(), LITTLE_ENDIAN);
        buffer.putLong(at + SESSION_OFFSET, record.session(), LITTLE_ENDIAN);
        buffer.putLong(at + SEQ_OFFSET, record.seq(), LITTLE_ENDIAN);
        buffer.putLong(at + LOWEST_OUTSTANDING_OFFSET, record.lowestOutstanding(), LITTLE_ENDIAN);
        buffer.putLong(at + DURABLE_UP_TO_OFFSET, durableUpTo, LITTLE_ENDIAN);
        buffer.putInt(at + PAYLOAD_CRC_OFFSET, record.payloadCrc(), LITTLE_ENDIAN);
        buffer.putLong(at + WRITE_START_OFFSET, 0, LITTLE_ENDIAN);
        buffer.putLong(at + EARLIER_STARTS_OFFSET, 0, LITTLE_ENDIAN);
        for (int i = 0; i < dep.length; i++) {
            buffer.putLong(at + DEP_OFFSET + i * Long.BYTES, dep[i], LITTLE_ENDIAN);
        }
        return headerLength;
    }

    /** Completes a header of a write whose extent is now known, all but its CRC. */
    public static void encodeWrite(
            MutableDirectBuffer buffer,
            int at,
            int writeStart,
            int writeEnd,
            int behind,
            long earlierStarts,
            long durableUpTo) {
        buffer.putLong(at + EARLIER_STARTS_OFFSET, earlierStarts, LITTLE_ENDIAN);
        buffer.putInt(at + WRITE_START_OFFSET, writeStart, LITTLE_ENDIAN);
        buffer.putInt(at + WRITE_END_OFFSET, writeEnd, LITTLE_ENDIAN);
        buffer.putShort(at + BEHIND_OFFSET, (short) behind, LITTLE_ENDIAN);
        buffer.putLong(at + DURABLE_UP_TO_OFFSET, durableUpTo, LITTLE_ENDIAN);
    }

    /** Reads a header whose CRC has been checked. */
    public static WalRecord decode(DirectBuffer buffer, int at) {
        int depWords = buffer.getByte(at + DEP_WORDS_OFFSET);
        long[] dep = depWords == 0 ? WalRecord.NO_DEP : new long[depWords];
        for (int i = 0; i < depWords; i++) {
            dep[i] = buffer.getLong(at + DEP_OFFSET + i * Long.BYTES, LITTLE_ENDIAN);
        }
        return new WalRecord(
                buffer.getInt(at + GROUP_ID_OFFSET, LITTLE_ENDIAN),
                buffer.getLong(at + SLOT_OFFSET, LITTLE_ENDIAN),
                buffer.getLong(at + ORIGIN_OFFSET, LITTLE_ENDIAN),
                buffer.getByte(at + KIND_OFFSET),
                buffer.getLong(at + EXTENT_OFFSET_OFFSET, LITTLE_ENDIAN),
                buffer.getLong(at + EXTENT_LENGTH_OFFSET, LITTLE_ENDIAN),
                buffer.getLong(at + SESSION_OFFSET, LITTLE_ENDIAN),
                buffer.getLong(at + SEQ_OFFSET, LITTLE_ENDIAN),
                buffer.getLong(at + LOWEST_OUTSTANDING_OFFSET, LITTLE_ENDIAN),
                buffer.getInt(at + PAYLOAD_CRC_OFFSET, LITTLE_ENDIAN),
                buffer.getInt(at + PAYLOAD_LENGTH_OFFSET, LITTLE_ENDIAN),
                dep);
    }

    /** The length a header claims, or -1 when magic, version, length or the number of dep words cannot be right. */
    public static int plausibleHeaderLength(DirectBuffer buffer, int at) {
        int length = buffer.getShort(at + HEADER_LENGTH_OFFSET, LITTLE_ENDIAN);
        int depWords = buffer.getByte(at + DEP_WORDS_OFFSET);
        boolean plausible = buffer.getInt(at + MAGIC_OFFSET, LITTLE_ENDIAN) == MAGIC
                && buffer.getShort(at + VERSION_OFFSET, LITTLE_ENDIAN) == VERSION
                && depWords >= 0
                && depWords <= WalRecord.DEP_WORDS_MAX
                && length == headerLength(depWords);
        return plausible ? length : -1;
    }
}
