package io.parablock.wal.chronicle;

import io.parablock.wal.WalRecord;
import io.parablock.wal.segment.Segment;
import java.nio.ByteBuffer;

/** Puts encoded records into segment files; one per opening of the log, used by the writer thread only. */
public interface SegmentWriter extends AutoCloseable {
    /** The next append goes into this segment; the one before is never appended to again. */
    void startSegment(int segmentId);

    /** Appends one record and counts it in the segment; returns the offset of its header in the segment file. */
    long append(Segment segment, WalRecord record, ByteBuffer payload, long durableUpTo);

    @Override
    void close();
}
