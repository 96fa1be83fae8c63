package io.parablock.wal.segment;

import io.parablock.wal.Durability;
import io.parablock.wal.RecordDescriptor;
import java.nio.file.Path;

/**
 * A log in segment files.
 *
 * @param clusterId written into every record; a log of another cluster is refused
 * @param segmentBytes a segment that has grown to this is left for the next one
 * @param recordBytesMax the largest header plus payload
 * @param reserveBytes no segment is created when less than this would stay free on the disk
 */
public record WalConfig(
        Path directory,
        long clusterId,
        Durability durability,
        long segmentBytes,
        int recordBytesMax,
        long reserveBytes) {

    public static final long SEGMENT_BYTES_DEFAULT = 64L << 20;

    /** Offsets in a segment are signed 32-bit in places, and a scan should not take minutes. */
    public static final long SEGMENT_BYTES_MAX = 512L << 20;

    public static final int RECORD_BYTES_MAX_DEFAULT = (1 << 20) + RecordDescriptor.HEADER_LENGTH_MAX;
    public static final int RECORD_BYTES_MAX_LIMIT = 16 << 20;
    public static final long RESERVE_BYTES_DEFAULT = 128L << 20;

    public WalConfig {
        if (segmentBytes <= 0 || segmentBytes > SEGMENT_BYTES_MAX) {
            throw new IllegalArgumentException("segmentBytes " + segmentBytes + ", range 1 to " + SEGMENT_BYTES_MAX);
        }
        if (recordBytesMax < RecordDescriptor.HEADER_LENGTH_MAX || recordBytesMax > RECORD_BYTES_MAX_LIMIT) {
            throw new IllegalArgumentException("recordBytesMax " + recordBytesMax + ", range "
                    + RecordDescriptor.HEADER_LENGTH_MAX + " to " + RECORD_BYTES_MAX_LIMIT);
        }
        if (reserveBytes < 0) {
            throw new IllegalArgumentException("reserveBytes " + reserveBytes + " is negative");
        }
    }

    public static WalConfig of(Path directory, long clusterId) {
        return new WalConfig(
                directory,
                clusterId,
                Durability.FSYNC,
                SEGMENT_BYTES_DEFAULT,
                RECORD_BYTES_MAX_DEFAULT,
                RESERVE_BYTES_DEFAULT);
    }

    public WalConfig withDurability(Durability value) {
        return new WalConfig(directory, clusterId, value, segmentBytes, recordBytesMax, reserveBytes);
    }

    public WalConfig withSegmentBytes(long value) {
        return new WalConfig(directory, clusterId, durability, value, recordBytesMax, reserveBytes);
    }

    public WalConfig withRecordBytesMax(int value) {
        return new WalConfig(directory, clusterId, durability, segmentBytes, value, reserveBytes);
    }

    public WalConfig withReserveBytes(long value) {
        return new WalConfig(directory, clusterId, durability, segmentBytes, recordBytesMax, value);
    }
}
