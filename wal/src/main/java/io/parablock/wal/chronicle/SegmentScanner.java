package io.parablock.wal.chronicle;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.parablock.wal.DamagedRecord;
import io.parablock.wal.RecordChecksum;
import io.parablock.wal.RecordDescriptor;
import io.parablock.wal.WalRecord;
import io.parablock.wal.WalVisitor;
import java.nio.ByteBuffer;

/**
 * Recovers the records of one segment from its bytes alone. The queue's length words and index are not looked at: after
 * a damaged one a queue reader stops without a word. Every 4-byte boundary is tried to the end of the file.
 */
final class SegmentScanner {
    private static final int ALIGNMENT = 4;
    private static final int NOT_FOUND = -1;

    /** The smallest piece that a disk writes whole or not at all. */
    private static final int SECTOR_BYTES_MIN = 512;

    /** A segment whose nonce is known to nobody. */
    static final long NO_NONCE = 0;

    /** The queue's length word of a document: bits for metadata and end of file, and the word before our header. */
    private static final int QUEUE_WORD_META_BIT = 0x4000_0000;

    /** Without a manifest the start record is looked for in this many first bytes: the queue's header and index. */
    private static final long START_SEARCH_BYTES = 128 << 10;

    private final long clusterId;
    private final RecordChecksum checksum = new RecordChecksum();
    private final ScanWindow window;
    private long suspectBytes = NOT_FOUND;
    private boolean sound;
    private boolean anyTorn;

    SegmentScanner(long clusterId, int recordBytesMax) {
        this.clusterId = clusterId;
        this.window = new ScanWindow(recordBytesMax);
    }

    /**
     * Visits the segment's records in order and notes in the segment what it holds. Returns whether all of them were
     * sound.
     */
    boolean scan(Segment segment, WalVisitor visitor) {
        sound = true;
        anyTorn = false;
        scanRecords(segment, visitor);
        return sound;
    }

    private void scanRecords(Segment segment, WalVisitor visitor) {
        window.open(segment);
        if (segment.nonce == NO_NONCE && !window.isBlank()) {
            // Neither the manifest nor the start record is left to tell records from other bytes.
            report(
                    visitor,
                    RecordDescriptor.position(segment.id, 0),
                    DamagedRecord.unidentified(1, true, "the nonce of segment " + segment.id + " is lost"));
            return;
        }
        long durableUpTo = durableUpTo(segment);
        long at = 0;
        int expectedNumber = 0;
        suspectBytes = NOT_FOUND;
        for (long found = nextHeader(segment, 0); found != NOT_FOUND; found = nextHeader(segment, at)) {
            int index = window.indexOf(found, RecordDescriptor.HEADER_LENGTH_MAX);
            int number = window.bytes().getInt(index + RecordDescriptor.RECORD_NUMBER_OFFSET, LITTLE_ENDIAN);
            // Record 0 is the segment's start, which nobody misses.
            int missing = number - Math.max(expectedNumber, 1);
            if (missing > 0) {
                long position = RecordDescriptor.position(segment.id, at);
                String reason = "record numbers jump from " + (expectedNumber - 1) + " to " + number;
                lost(segment, visitor, at, DamagedRecord.unidentified(missing, position < durableUpTo, reason));
            }
            expectedNumber = number + 1;
            at = visit(segment, found, durableUpTo, visitor);
            suspectBytes = NOT_FOUND;
        }
        visitEnd(segment, at, expectedNumber, durableUpTo, visitor);
        segment.recordCount = expectedNumber;
        segment.indexed = true;
    }

    /** The nonce in the segment's start record, or {@link #NO_NONCE} when that is not readable. */
    long findNonce(Segment segment) {
        window.open(segment);
        for (long at = 0; at < START_SEARCH_BYTES; at += ALIGNMENT) {
            if (isHeader(segment, at, 0)) {
                int index = window.indexOf(at, RecordDescriptor.HEADER_LENGTH_MAX);
                return window.bytes().getLong(index + RecordDescriptor.SESSION_OFFSET, LITTLE_ENDIAN);
            }
        }
        return NO_NONCE;
    }

    /** D of protocol section 12, as far as this segment is concerned: a seal, or the greatest one in its own headers. */
    private long durableUpTo(Segment segment) {
        if (segment.sealedRecordCount != SegmentManifest.UNSEALED) {
            return RecordDescriptor.position(segment.id + 1, 0);
        }
        long greatest = 0;
        long found = nextHeader(segment, 0);
        while (found != NOT_FOUND) {
            int index = window.indexOf(found, RecordDescriptor.HEADER_LENGTH_MAX);
            greatest = Math.max(
                    greatest, window.bytes().getLong(index + RecordDescriptor.DURABLE_UP_TO_OFFSET, LITTLE_ENDIAN));
            found = nextHeader(segment, endOf(found, index));
        }
        return greatest;
    }

    private long visit(Segment segment, long found, long durableUpTo, WalVisitor visitor) {
        int index = window.indexOf(found, RecordDescriptor.HEADER_LENGTH_MAX);
        WalRecord record = RecordDescriptor.decode(window.bytes(), index);
        int headerLength = RecordDescriptor.headerLength(record.dep().length);
        long end = endOf(found, index);
        if (record.kind() >= RecordDescriptor.KIND_SEGMENT_START) {
            return end;
        }
        segment.note(record);
        long position = RecordDescriptor.position(segment.id, found);
        index = window.indexOf(found, headerLength + record.payloadLength());
        ByteBuffer payload = window.slice(index + headerLength, record.payloadLength());
        if (checksum.ofPayload(payload) == record.payloadCrc()) {
            visitor.onRecord(position, record, payload);
        } else {
            DamagedRecord what = DamagedRecord.identified(record, position < durableUpTo, "payload CRC");
            boolean torn = !what.belowDurable() && hasBlankSector(found, end);
            anyTorn |= torn;
            report(visitor, position, torn ? what.asTorn() : what);
        }
        return end;
    }

    /** Looks for what is missing after the last good record. */
    private void visitEnd(Segment segment, long at, int expectedNumber, long durableUpTo, WalVisitor visitor) {
        long position = RecordDescriptor.position(segment.id, at);
        int missing = segment.sealedRecordCount - Math.max(expectedNumber, 1);
        if (missing > 0) {
            String reason = "the segment held " + segment.sealedRecordCount + " records, found " + expectedNumber;
            lost(segment, visitor, at, DamagedRecord.unidentified(missing, true, reason));
        } else if (segment.sealedRecordCount == SegmentManifest.UNSEALED
                && (suspectBytes != NOT_FOUND || isTornHeader(at))) {
            lost(
                    segment,
                    visitor,
                    at,
                    DamagedRecord.unidentified(1, position < durableUpTo, "a header that is not valid"));
        }
    }

    /** Records whose identity is unknown. Once one is proven torn, none behind it can have been durable. */
    private void lost(Segment segment, WalVisitor visitor, long at, DamagedRecord what) {
        boolean torn = !what.belowDurable()
                && (anyTorn || isHeaderUnfinished(at) || (at == 0 && isHeaderUnfinished(suspectBytes - ALIGNMENT)));
        anyTorn |= torn;
        report(visitor, RecordDescriptor.position(segment.id, at), torn ? what.asTorn() : what);
    }

    /** Whether the place of a record's header was never written, or not to its end: its CRC comes last. */
    private boolean isHeaderUnfinished(long at) {
        long header = at + ALIGNMENT;
        if (at < 0 || header + RecordDescriptor.HEADER_LENGTH_MIN > window.fileBytes()) {
            return true;
        }
        int index = window.indexOf(header, RecordDescriptor.HEADER_LENGTH_MIN);
        long end = header + RecordDescriptor.HEADER_LENGTH_MIN;
        for (long from = header; from < end; ) {
            long to = Math.min(end, (from / SECTOR_BYTES_MIN + 1) * SECTOR_BYTES_MIN);
            if (isBlank(index + (int) (from - header), index + (int) (to - header))) {
                return true;
            }
            from = to;
        }
        return isBlank(index + RecordDescriptor.HEADER_CRC_OFFSET, index + RecordDescriptor.HEADER_CRC_OFFSET + 4)
                || isDepUnwritten(header);
    }

    /** The dep words come after the CRC and may reach into sectors of their own. */
    private boolean isDepUnwritten(long header) {
        int index = window.indexOf(header, RecordDescriptor.HEADER_LENGTH_MIN);
        int length = window.bytes().getShort(index + RecordDescriptor.HEADER_LENGTH_OFFSET, LITTLE_ENDIAN);
        if (length <= RecordDescriptor.HEADER_LENGTH_MIN || length > RecordDescriptor.HEADER_LENGTH_MAX) {
            return false;
        }
        long endOfSector = ((header + length - 1) / SECTOR_BYTES_MIN + 1) * SECTOR_BYTES_MIN;
        return endOfSector <= window.fileBytes() && hasBlankSector(header, endOfSector);
    }

    private boolean hasBlankSector(long from, long end) {
        long at = (from + SECTOR_BYTES_MIN - 1) / SECTOR_BYTES_MIN * SECTOR_BYTES_MIN;
        for (; at + SECTOR_BYTES_MIN <= end; at += SECTOR_BYTES_MIN) {
            int index = window.indexOf(at, SECTOR_BYTES_MIN);
            if (isBlank(index, index + SECTOR_BYTES_MIN)) {
                return true;
            }
        }
        return false;
    }

    private boolean isBlank(int from, int to) {
        for (int i = from; i < to; i++) {
            if (window.bytes().getByte(i) != 0) {
                return false;
            }
        }
        return true;
    }

    /** Whether the place where the next record would begin holds something, but not a record. */
    private boolean isTornHeader(long at) {
        int length = ALIGNMENT + RecordDescriptor.HEADER_LENGTH_MIN;
        if (at == 0 || at + length > window.fileBytes()) {
            return false;
        }
        int index = window.indexOf(at, length);
        if ((window.bytes().getInt(index, LITTLE_ENDIAN) & QUEUE_WORD_META_BIT) != 0) {
            return false; // the queue's own index page or its end mark
        }
        for (int i = ALIGNMENT; i < length; i += ALIGNMENT) {
            if (window.bytes().getInt(index + i) != 0) {
                return true;
            }
        }
        return false;
    }

    private void report(WalVisitor visitor, long position, DamagedRecord what) {
        sound = false;
        visitor.onDamaged(position, what);
    }

    private long nextHeader(Segment segment, long from) {
        for (long at = from; at + RecordDescriptor.HEADER_LENGTH_MIN <= window.fileBytes(); at += ALIGNMENT) {
            int index = window.indexOf(at, RecordDescriptor.HEADER_LENGTH_MAX);
            if (window.bytes().getInt(index, LITTLE_ENDIAN) == RecordDescriptor.MAGIC) {
                if (isHeader(segment, at, segment.nonce)) {
                    return at;
                }
                suspectBytes = at;
            }
        }
        return NOT_FOUND;
    }

    private boolean isHeader(Segment segment, long at, long nonce) {
        int index = window.indexOf(at, RecordDescriptor.HEADER_LENGTH_MAX);
        int headerLength = RecordDescriptor.plausibleHeaderLength(window.bytes(), index);
        if (headerLength < 0
                || window.bytes().getLong(index + RecordDescriptor.POSITION_OFFSET, LITTLE_ENDIAN)
                        != RecordDescriptor.position(segment.id, at)
                || window.bytes().getLong(index + RecordDescriptor.CLUSTER_ID_OFFSET, LITTLE_ENDIAN) != clusterId) {
            return false;
        }
        boolean start =
                window.bytes().getByte(index + RecordDescriptor.KIND_OFFSET) == RecordDescriptor.KIND_SEGMENT_START;
        int crc = checksum.ofHeader(window.buffer(), index, headerLength, start ? 0 : nonce);
        return crc == window.bytes().getInt(index + RecordDescriptor.HEADER_CRC_OFFSET, LITTLE_ENDIAN);
    }

    private long endOf(long found, int index) {
        int headerLength = window.bytes().getShort(index + RecordDescriptor.HEADER_LENGTH_OFFSET, LITTLE_ENDIAN);
        int payloadLength = window.bytes().getInt(index + RecordDescriptor.PAYLOAD_LENGTH_OFFSET, LITTLE_ENDIAN);
        long end = found + headerLength + payloadLength;
        return (end + ALIGNMENT - 1) & -ALIGNMENT;
    }
}
