package io.parablock.wal.chronicle;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.parablock.wal.RecordChecksum;
import io.parablock.wal.RecordDescriptor;
import io.parablock.wal.WalCorruptException;
import io.parablock.wal.WalRecord;
import io.parablock.wal.WalVisitor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import org.agrona.concurrent.UnsafeBuffer;

/** Reads single records from the cycle file itself, not through the queue. Holds a buffer: one per thread. */
final class SegmentReader {
    /** Enough for a header and a common payload in one system call. */
    private static final int FIRST_READ_BYTES = 16 << 10;

    private final RecordChecksum checksum = new RecordChecksum();
    private final UnsafeBuffer header = new UnsafeBuffer(0, 0);
    private ByteBuffer buffer = ByteBuffer.allocateDirect(FIRST_READ_BYTES);

    void read(Segment segment, long position, long clusterId, WalVisitor visitor) {
        try {
            FileChannel channel = segment.readChannel();
            long offsetBytes = RecordDescriptor.offsetBytes(position);
            int available = fill(channel, offsetBytes, 0, FIRST_READ_BYTES);
            int headerLength = available < RecordDescriptor.HEADER_LENGTH_MIN
                    ? -1
                    : checkedHeader(segment, position, clusterId, available);
            if (headerLength < 0) {
                throw new WalCorruptException("no valid record header at position " + position);
            }
            WalRecord record = RecordDescriptor.decode(header, 0);
            int length = headerLength + record.payloadLength();
            if (length > available) {
                reserve(length, available);
                available += fill(channel, offsetBytes, available, length);
            }
            if (length > available) {
                throw new WalCorruptException("the segment ends inside the record at position " + position);
            }
            ByteBuffer payload = buffer.limit(length).position(headerLength);
            if (checksum.ofPayload(payload) != record.payloadCrc()) {
                throw new WalCorruptException("payload CRC of the record at position " + position + ": " + record);
            }
            visitor.onRecord(position, record, payload.slice().asReadOnlyBuffer());
        } catch (IOException e) {
            throw new WalCorruptException("cannot read position " + position + ": " + e.getMessage(), e);
        }
    }

    private int checkedHeader(Segment segment, long position, long clusterId, int available) {
        header.wrap(buffer);
        int headerLength = RecordDescriptor.plausibleHeaderLength(header, 0);
        if (headerLength < 0
                || headerLength > available
                || header.getLong(RecordDescriptor.POSITION_OFFSET, LITTLE_ENDIAN) != position
                || header.getLong(RecordDescriptor.CLUSTER_ID_OFFSET, LITTLE_ENDIAN) != clusterId
                || header.getInt(RecordDescriptor.HEADER_CRC_OFFSET, LITTLE_ENDIAN)
                        != checksum.ofHeader(buffer, 0, headerLength, segment.nonce)) {
            return -1;
        }
        return headerLength;
    }

    private int fill(FileChannel channel, long offsetBytes, int from, int to) throws IOException {
        buffer.limit(to).position(from);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer, offsetBytes + buffer.position()) < 0) {
                break;
            }
        }
        int filled = buffer.position() - from;
        buffer.clear();
        return filled;
    }

    private void reserve(int length, int keep) {
        if (length > buffer.capacity()) {
            ByteBuffer larger = ByteBuffer.allocateDirect(length);
            larger.put(0, buffer.clear(), 0, keep);
            buffer = larger;
        }
    }
}
