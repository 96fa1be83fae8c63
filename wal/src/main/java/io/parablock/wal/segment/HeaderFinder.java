package io.parablock.wal.segment;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.parablock.wal.RecordChecksum;
import io.parablock.wal.RecordDescriptor;
import org.jspecify.annotations.Nullable;

/** Finds record headers in the bytes of a segment, wherever they are, and tells what else is in a place. */
final class HeaderFinder {
    static final int NOT_FOUND = ScanWindow.NOT_FOUND;

    /** A segment whose nonce is known to nobody. */
    static final long NO_NONCE = 0;

    /** The smallest piece that a disk writes whole or not at all. */
    static final int SECTOR_BYTES_MIN = 512;

    /** Without a manifest the start record is looked for in this many first bytes: the queue's header and index. */
    private static final long START_SEARCH_BYTES = 128 << 10;

    private final long clusterId;
    private final RecordChecksum checksum = new RecordChecksum();
    private final ScanWindow window;
    private Segment segment;
    private long fillWord;
    private long suspectBytes = NOT_FOUND;

    @SuppressWarnings("NullAway.Init") // the segment comes with open
    HeaderFinder(long clusterId, ScanWindow window) {
        this.clusterId = clusterId;
        this.window = window;
    }

    void open(Segment opened) {
        segment = opened;
        fillWord = opened.fillWord();
        suspectBytes = NOT_FOUND;
        window.open(opened);
    }

    long fileBytes() {
        return window.fileBytes();
    }

    /** The first valid header at or behind this offset. */
    long next(long from) {
        suspectBytes = NOT_FOUND;
        int alignment = segment.layout.recordAlignment();
        long to = window.fileBytes() - RecordDescriptor.HEADER_LENGTH_MIN + 1;
        for (long at = nextMagic(from, to); at != NOT_FOUND; at = nextMagic(at + alignment, to)) {
            if (isHeader(at, segment.nonce, clusterId)) {
                return at;
            }
            suspectBytes = at;
        }
        return NOT_FOUND;
    }

    private long nextMagic(long from, long to) {
        return window.find(RecordDescriptor.MAGIC, from, to, segment.layout.recordAlignment());
    }

    private long nextStart(long from) {
        return nextMagic(from, Math.min(START_SEARCH_BYTES, window.fileBytes()));
    }

    /** The last place that the latest {@link #next} passed because it begins like a header and is none. */
    long suspectBytes() {
        return suspectBytes;
    }

    /** The nonce in the segment's start record, or {@link #NO_NONCE} when that is not readable. */
    long findNonce() {
        int alignment = segment.layout.recordAlignment();
        for (long at = nextStart(0); at != NOT_FOUND; at = nextStart(at + alignment)) {
            if (isHeader(at, 0, clusterId)) {
                return getLong(at, RecordDescriptor.SESSION_OFFSET);
            }
        }
        return NO_NONCE;
    }

    /** The cluster that the segment's start record belongs to, or null when that is not readable. */
    @Nullable
    Long findClusterId() {
        int alignment = segment.layout.recordAlignment();
        for (long at = nextStart(0); at != NOT_FOUND; at = nextStart(at + alignment)) {
            long candidate = getLong(at, RecordDescriptor.CLUSTER_ID_OFFSET);
            if (isHeader(at, 0, candidate)) {
                return candidate;
            }
        }
        return null;
    }

    int getInt(long at, int fieldOffset) {
        return window.bytes().getInt(header(at) + fieldOffset, LITTLE_ENDIAN);
    }

    long getLong(long at, int fieldOffset) {
        return window.bytes().getLong(header(at) + fieldOffset, LITTLE_ENDIAN);
    }

    /** Unsigned. */
    int getShort(long at, int fieldOffset) {
        return window.bytes().getShort(header(at) + fieldOffset, LITTLE_ENDIAN) & 0xFFFF;
    }

    byte kind(long at) {
        return window.bytes().getByte(header(at) + RecordDescriptor.KIND_OFFSET);
    }

    private int header(long at) {
        return window.indexOf(at, RecordDescriptor.HEADER_LENGTH_MAX);
    }

    /** The first offset behind a record at which another may begin. */
    long endOf(long at) {
        long end = at
                + getShort(at, RecordDescriptor.HEADER_LENGTH_OFFSET)
                + getInt(at, RecordDescriptor.PAYLOAD_LENGTH_OFFSET);
        int alignment = segment.layout.recordAlignment();
        return (end + alignment - 1) & -alignment;
    }

    /** Whether some whole sector in this range was never written. */
    boolean hasUnwrittenSector(long from, long to) {
        for (long at = alignUp(from); at + SECTOR_BYTES_MIN <= to; at += SECTOR_BYTES_MIN) {
            if (isUnwritten(at, at + SECTOR_BYTES_MIN)) {
                return true;
            }
        }
        return false;
    }

    /** Whether every byte of a range, which begins at a multiple of 8, is the segment's fill. */
    boolean isUnwritten(long from, long to) {
        return window.isFilled(from, to, fillWord);
    }

    private static long alignUp(long at) {
        return (at + SECTOR_BYTES_MIN - 1) / SECTOR_BYTES_MIN * SECTOR_BYTES_MIN;
    }

    private boolean isHeader(long at, long nonce, long clusterId) {
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
        if (start && at > 0 && segment.layout == SegmentLayout.WRITES) {
            return false; // not covered by the nonce: payload bytes could pose as one
        }
        int crc = checksum.ofHeader(window.buffer(), index, headerLength, start ? 0 : nonce);
        return crc == window.bytes().getInt(index + RecordDescriptor.HEADER_CRC_OFFSET, LITTLE_ENDIAN);
    }
}
