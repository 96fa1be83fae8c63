package io.parablock.wal.direct;

import io.parablock.wal.segment.SegmentLayout;

/**
 * How the direct engine uses the disk.
 *
 * @param writesInFlightMax writes that may be on their way at once; everything else that waits goes out as one write as
 *     soon as there is room for it. 1 is plain group commit
 * @param writeBytesMax what is put into one write, unless a single record is larger
 */
public record DirectConfig(int writesInFlightMax, int writeBytesMax) {
    public static final int WRITES_IN_FLIGHT_LIMIT = 128;
    public static final int WRITE_BYTES_LIMIT = 4 << 20;
    public static final int WRITE_BYTES_MAX_DEFAULT = 256 << 10;

    public DirectConfig {
        if (writesInFlightMax < 1 || writesInFlightMax > WRITES_IN_FLIGHT_LIMIT) {
            throw new IllegalArgumentException(
                    "writesInFlightMax " + writesInFlightMax + ", range 1 to " + WRITES_IN_FLIGHT_LIMIT);
        }
        if (writeBytesMax < SegmentLayout.WRITE_ALIGNMENT
                || writeBytesMax > WRITE_BYTES_LIMIT
                || writeBytesMax % SegmentLayout.WRITE_ALIGNMENT != 0) {
            throw new IllegalArgumentException("writeBytesMax " + writeBytesMax + ", a multiple of "
                    + SegmentLayout.WRITE_ALIGNMENT + " up to " + WRITE_BYTES_LIMIT);
        }
    }
}
