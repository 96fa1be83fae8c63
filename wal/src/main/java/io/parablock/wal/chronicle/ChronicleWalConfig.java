package io.parablock.wal.chronicle;

import io.parablock.wal.Durability;
import io.parablock.wal.RecordDescriptor;
import java.nio.file.Path;

/**
 * @param clusterId written into every record; a log of another cluster is refused
 * @param segmentBytes a segment that has grown to this is left for the next one
 * @param recordBytesMax the largest header plus payload
 * @param reserveBytes no segment is created when less than this would stay free on the disk
 */
public record ChronicleWalConfig(
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

    public ChronicleWalConfig {
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

    public static ChronicleWalConfig of(Path directory, long clusterId) {
        return new ChronicleWalConfig(
                directory,
                clusterId,
                Durability.FSYNC,
                SEGMENT_BYTES_DEFAULT,
                RECORD_BYTES_MAX_DEFAULT,
                RESERVE_BYTES_DEFAULT);
    }

    public ChronicleWalConfig withDurability(Durability value) {
        return new ChronicleWalConfig(directory, clusterId, value, segmentBytes, recordBytesMax, reserveBytes);
    }

    public ChronicleWalConfig withSegmentBytes(long value) {
        return new ChronicleWalConfig(directory, clusterId, durability, value, recordBytesMax, reserveBytes);
    }

    public ChronicleWalConfig withRecordBytesMax(int value) {
        return new ChronicleWalConfig(directory, clusterId, durability, segmentBytes, value, reserveBytes);
    }

    public ChronicleWalConfig withReserveBytes(long value) {
        return new ChronicleWalConfig(directory, clusterId, durability, segmentBytes, recordBytesMax, value);
    }

    /**
     * The bytes of a segment file that records can reach; these are written with zeros before use. A record starts
     * below segmentBytes and ends at most recordBytesMax later. The factor 4 is Chronicle's: it lets one record be at
     * most a quarter of its block.
     */
    long fileBytes() {
        long needed = Math.max(segmentBytes + recordBytesMax + QUEUE_OVERHEAD_BYTES, 4L * recordBytesMax);
        long blocks = (needed + BLOCK_BYTES - 1) / BLOCK_BYTES;
        return blocks * BLOCK_BYTES;
    }

    /** Chronicle's own header and index pages of a segment, rounded up generously. */
    private static final long QUEUE_OVERHEAD_BYTES = 128 << 10;

    private static final long BLOCK_BYTES = 64 << 10;
}
