package io.parablock.wal;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * The layout of a record, little-endian (protocol.md §12). All offsets in bytes.
 *
 * <pre>
 *   0                   4       6    7    8
 *  +-------------------+-------+----+----+---------------------------------------+
 *  | magic             |version|kind| 0  | cluster id                            |
 *  +-------------------+-------+----+----+---------------------------------------+ 16
 *  | group id          | payload length    | segment id                            |
 *  +-------------------+-------------------+---------------------------------------+ 32
 *  | record number in the segment          | slot                                  |
 *  +---------------------------------------+---------------------------------------+ 48
 *  | origin                                | extent offset                         |
 *  +---------------------------------------+---------------------------------------+ 64
 *  | extent length                         | session                               |
 *  +---------------------------------------+---------------------------------------+ 80
 *  | seq                                   | lowest outstanding                    |
 *  +---------------------------------------+-------------------+-------------------+ 96
 *  | durableUpTo (record number)           | payload CRC32C    | dep words         |
 *  +---------------------------------------+-------------------+-------------------+ 112
 *  | segment nonce                         | header CRC32C     | 0                 |
 *  +---------------------------------------+-------------------+-------------------+ 128
 *  | dep words × 8 bytes (in the header CRC) …             | payload …             |
 *  +-------------------------------------------------------+-----------------------+
 * </pre>
 */
public final class RecordDescriptor {
    public static final int MAGIC = 0x4c_57_42_50; // "PBWL"
    public static final short VERSION = 1;
    public static final int HEADER_BYTES = 128;
    /** Named limit: a span of 4096 slots. */
    public static final int DEP_WORDS_MAX = 64;

    private static final int KIND = 6;
    private static final int CLUSTER = 8;
    private static final int GROUP = 16;
    private static final int PAYLOAD_LENGTH = 20;
    private static final int SEGMENT = 24;
    private static final int NUMBER = 32;
    private static final int SLOT = 40;
    private static final int ORIGIN = 48;
    private static final int EXTENT_OFFSET = 56;
    private static final int EXTENT_LENGTH = 64;
    private static final int SESSION = 72;
    private static final int SEQ = 80;
    private static final int LOWEST = 88;
    private static final int DURABLE_UP_TO = 96;
    private static final int PAYLOAD_CRC = 104;
    private static final int DEP_WORDS = 108;
    private static final int NONCE = 112;
    private static final int HEADER_CRC = 120;

    private RecordDescriptor() {}

    /** Bytes of header and dep words before the payload. */
    public static int payloadOffset(int depWords) {
        return HEADER_BYTES + 8 * depWords;
    }

    /** Writes header and dep words at the buffer's position 0; the buffer is little-endian. */
    public static void encode(
            ByteBuffer to, WalRecord r, long clusterId, long segment, long number, long durableUpTo, long nonce) {
        int depWords = r.dep().length;
        if (depWords > DEP_WORDS_MAX) {
            throw new IllegalArgumentException(depWords + " dep words, at most " + DEP_WORDS_MAX);
        }
        to.clear().order(ByteOrder.LITTLE_ENDIAN);
        to.putInt(0, MAGIC);
        to.putShort(4, VERSION);
        to.put(KIND, r.kind());
        to.put(KIND + 1, (byte) 0);
        to.putLong(CLUSTER, clusterId);
        to.putInt(GROUP, r.groupId());
        to.putInt(PAYLOAD_LENGTH, r.payloadLength());
        to.putLong(SEGMENT, segment);
        to.putLong(NUMBER, number);
        to.putLong(SLOT, r.slot());
        to.putLong(ORIGIN, r.origin());
        to.putLong(EXTENT_OFFSET, r.offsetBytes());
        to.putLong(EXTENT_LENGTH, r.lengthBytes());
        to.putLong(SESSION, r.session());
        to.putLong(SEQ, r.seq());
        to.putLong(LOWEST, r.lowestOutstanding());
        to.putLong(DURABLE_UP_TO, durableUpTo);
        to.putInt(PAYLOAD_CRC, r.payloadCrc());
        to.putInt(DEP_WORDS, depWords);
        to.putLong(NONCE, nonce);
        to.putInt(HEADER_CRC, 0);
        to.putInt(HEADER_CRC + 4, 0);
        for (int i = 0; i < depWords; i++) {
            to.putLong(HEADER_BYTES + 8 * i, r.dep()[i]);
        }
        to.putInt(HEADER_CRC, headerCrc(to, depWords));
        to.position(0).limit(payloadOffset(depWords));
    }

    private static int headerCrc(ByteBuffer b, int depWords) {
        CRC32C crc = new CRC32C();
        ByteBuffer head = b.duplicate();
        head.position(0).limit(HEADER_CRC);
        crc.update(head);
        if (depWords > 0) {
            head.limit(payloadOffset(depWords)).position(HEADER_BYTES);
            crc.update(head);
        }
        return (int) crc.getValue();
    }

    public static int crcOf(ByteBuffer payload) {
        CRC32C crc = new CRC32C();
        crc.update(payload.duplicate());
        return (int) crc.getValue();
    }

    /** Why the header at 0 of {@code b} (little-endian, limit = record length) is not sound, or null if it is. */
    public static @org.jspecify.annotations.Nullable String headerFault(ByteBuffer b, long clusterId) {
        if (b.limit() < HEADER_BYTES || b.getInt(0) != MAGIC) {
            return "no record header";
        }
        if (b.getShort(4) > VERSION) {
            throw new WalException("this log was written by a newer version (record format " + b.getShort(4)
                    + ", this is " + VERSION + ")");
        }
        int depWords = b.getInt(DEP_WORDS);
        if (depWords < 0 || depWords > DEP_WORDS_MAX || b.limit() < payloadOffset(depWords)) {
            return "bad dep length";
        }
        if (b.getInt(HEADER_CRC) != headerCrc(b, depWords)) {
            return "header CRC";
        }
        if (b.getLong(CLUSTER) != clusterId) {
            return "record of another cluster";
        }
        return null;
    }

    /** Whether the payload behind a sound header is whole. */
    public static boolean payloadIsSound(ByteBuffer b) {
        int length = b.getInt(PAYLOAD_LENGTH);
        int at = payloadOffset(b.getInt(DEP_WORDS));
        if (length < 0 || b.limit() < at + length) {
            return false;
        }
        ByteBuffer payload = b.duplicate();
        payload.position(at).limit(at + length);
        return length == 0 || crcOf(payload) == b.getInt(PAYLOAD_CRC);
    }

    /** The payload behind a sound header. */
    public static ByteBuffer payload(ByteBuffer b) {
        int at = payloadOffset(b.getInt(DEP_WORDS));
        return b.slice(at, b.getInt(PAYLOAD_LENGTH));
    }

    public static WalRecord decode(ByteBuffer b) {
        long[] dep = new long[b.getInt(DEP_WORDS)];
        for (int i = 0; i < dep.length; i++) {
            dep[i] = b.getLong(HEADER_BYTES + 8 * i);
        }
        return new WalRecord(
                b.getInt(GROUP),
                b.getLong(SLOT),
                b.getLong(ORIGIN),
                b.get(KIND),
                b.getLong(EXTENT_OFFSET),
                b.getLong(EXTENT_LENGTH),
                b.getLong(SESSION),
                b.getLong(SEQ),
                b.getLong(LOWEST),
                b.getInt(PAYLOAD_CRC),
                b.getInt(PAYLOAD_LENGTH),
                dep);
    }

    /** Bytes of header, dep words and payload by a header's own account; not checked. */
    public static int recordLength(ByteBuffer b) {
        return payloadOffset(b.getInt(DEP_WORDS)) + b.getInt(PAYLOAD_LENGTH);
    }

    public static long segment(ByteBuffer b) {
        return b.getLong(SEGMENT);
    }

    public static long number(ByteBuffer b) {
        return b.getLong(NUMBER);
    }

    public static long durableUpTo(ByteBuffer b) {
        return b.getLong(DURABLE_UP_TO);
    }

    public static int groupId(ByteBuffer b) {
        return b.getInt(GROUP);
    }

    public static long slot(ByteBuffer b) {
        return b.getLong(SLOT);
    }

    public static long origin(ByteBuffer b) {
        return b.getLong(ORIGIN);
    }
}
