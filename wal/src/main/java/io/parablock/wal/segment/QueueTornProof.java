package io.parablock.wal.segment;

import static io.parablock.wal.segment.HeaderFinder.NOT_FOUND;
import static io.parablock.wal.segment.HeaderFinder.SECTOR_BYTES_MIN;

import io.parablock.wal.RecordDescriptor;
import org.jspecify.annotations.Nullable;

/**
 * A mapped file is forced as a whole: once one record is proven torn, none behind it can have been durable. The header of
 * a record is written after its payload, and its CRC last.
 */
final class QueueTornProof implements TornProof {
    /** The queue's word before each record. */
    private static final int WORD_BYTES = 4;

    /** The queue's length word of a document: bits for metadata and end of file, and the word before our header. */
    private static final int QUEUE_WORD_META_BIT = 0x4000_0000;

    private final HeaderFinder headers;
    private boolean anyTorn;

    QueueTornProof(HeaderFinder headers) {
        this.headers = headers;
    }

    @Override
    public boolean isTorn(Place record) {
        boolean torn = headers.hasUnwrittenSector(record.at(), record.end());
        anyTorn |= torn;
        return torn;
    }

    /** Sectors of a mapped file tell nothing of each other. */
    @Override
    public boolean isOfTornWrite(Place record) {
        return false;
    }

    @Override
    public boolean isTorn(Place before, @Nullable Place next, long suspectBytes) {
        long at = before.end();
        anyTorn |= isHeaderUnfinished(at) || (at == 0 && isHeaderUnfinished(suspectBytes - WORD_BYTES));
        return anyTorn;
    }

    @Override
    public long missingFrom(Place before) {
        return before.end();
    }

    @Override
    public int ownRecords(Place before, @Nullable Place next, int missing) {
        return 0;
    }

    /** Whether the place where the next record would begin holds something, but not a record. */
    @Override
    public boolean isWrittenBehind(Place last, long suspectBytes) {
        return suspectBytes != NOT_FOUND || isTornHeader(last.end());
    }

    private boolean isTornHeader(long at) {
        int length = WORD_BYTES + RecordDescriptor.HEADER_LENGTH_MIN;
        if (at == 0 || at + length > headers.fileBytes()) {
            return false;
        }
        if ((headers.getInt(at, 0) & QUEUE_WORD_META_BIT) != 0) {
            return false; // the queue's own index page or its end mark
        }
        for (int i = WORD_BYTES; i < length; i += WORD_BYTES) {
            if (headers.getInt(at, i) != 0) {
                return true;
            }
        }
        return false;
    }

    /** Whether the place of a record's header was never written, or not to its end. */
    private boolean isHeaderUnfinished(long at) {
        long header = at + WORD_BYTES;
        if (at < 0 || header + RecordDescriptor.HEADER_LENGTH_MIN > headers.fileBytes()) {
            return true;
        }
        long end = header + RecordDescriptor.HEADER_LENGTH_MIN;
        for (long from = header; from < end; ) {
            long to = Math.min(end, (from / SECTOR_BYTES_MIN + 1) * SECTOR_BYTES_MIN);
            if (isBlank(header, from, to)) {
                return true;
            }
            from = to;
        }
        return headers.getInt(header, RecordDescriptor.HEADER_CRC_OFFSET) == 0 || isTailUnwritten(header);
    }

    private boolean isBlank(long header, long from, long to) {
        for (long at = from; at < to; at += Integer.BYTES) {
            if (headers.getInt(header, (int) (at - header)) != 0) {
                return false;
            }
        }
        return true;
    }

    /** The dep words come after the CRC and may reach into sectors of their own. */
    private boolean isTailUnwritten(long header) {
        int length = headers.getShort(header, RecordDescriptor.HEADER_LENGTH_OFFSET);
        if (length <= RecordDescriptor.HEADER_LENGTH_MIN || length > RecordDescriptor.HEADER_LENGTH_MAX) {
            return false;
        }
        long endOfSector = ((header + length - 1) / SECTOR_BYTES_MIN + 1) * SECTOR_BYTES_MIN;
        return endOfSector <= headers.fileBytes() && headers.hasUnwrittenSector(header, endOfSector);
    }
}
