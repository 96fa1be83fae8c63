package io.parablock.wal.segment;

import io.parablock.wal.RecordDescriptor;

/**
 * Where a record is and what its header says of the write that it went out with.
 *
 * @param at offset in the segment file
 * @param end the first offset behind it at which another record may begin
 * @param number counts from 0 in each segment
 * @param writeStart the extent of its write; 0 and 0 in a mapped file
 * @param behind records behind it in its write
 * @param earlierStarts bit i: a write began i + 1 blocks before this one's
 */
record Place(long at, long end, int number, long writeStart, long writeEnd, int behind, long earlierStarts) {
    /** Before the first record. */
    static final Place NONE = new Place(0, 0, 0, 0, 0, 0, 0);

    static Place of(HeaderFinder headers, long at) {
        return new Place(
                at,
                headers.endOf(at),
                headers.getInt(at, RecordDescriptor.RECORD_NUMBER_OFFSET),
                headers.getInt(at, RecordDescriptor.WRITE_START_OFFSET),
                headers.getInt(at, RecordDescriptor.WRITE_END_OFFSET),
                headers.getShort(at, RecordDescriptor.BEHIND_OFFSET),
                headers.getLong(at, RecordDescriptor.EARLIER_STARTS_OFFSET));
    }
}
