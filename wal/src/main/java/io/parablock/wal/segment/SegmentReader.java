package io.parablock.wal.segment;

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

/**
 * Reads single records from the segment file itself, in whole aligned blocks, so that a channel past the page cache takes
 * it. Holds a buffer: one per thread.
 */
final class SegmentReader {
    /** Enough for a header and a common payload in one system call. */
    private static final int FIRST_READ_BYTES = 16 << 10;

    private static final int BLOCK_BYTES = SegmentLayout.WRITE_ALIGNMENT;

    private final RecordChecksum checksum = new RecordChecksum();
    private final UnsafeBuffer header = new UnsafeBuffer(0, 0);
    private ByteBuffer buffer = allocate(FIRST_READ_BYTES);

    void read(Segment segment, long position, long clusterId, WalVisitor visitor) {
        try {
            FileChannel channel = segment.readChannel();
            long offsetBytes = RecordDescriptor.offsetBytes(position);
            long from = offsetBytes & -BLOCK_BYTES;
            int at = (int) (offsetBytes - from);
            int filled = fill(channel, from, 0, FIRST_READ_BYTES);
            int headerLength = checkedHeader(segment, position, clusterId, at, filled - at);
            if (headerLength < 0) {
                throw new WalCorruptException("no valid record header at position " + position);
            }
            WalRecord record = RecordDescriptor.decode(header, 0);
            int end = at + headerLength + record.payloadLength();
            if (end > filled) {
                // What was read of a last block in part is read again.
                int whole = filled & -BLOCK_BYTES;
                int wanted = (int) SegmentLayout.alignUp(end);
                reserve(wanted, whole);
                filled = whole + fill(channel, from, whole, wanted);
            }
            if (end > filled) {
                throw new WalCorruptException("the segment ends inside the record at position " + position);
            }
            ByteBuffer payload = buffer.limit(end).position(at + headerLength);
            if (checksum.ofPayload(payload) != record.payloadCrc()) {
                throw new WalCorruptException("payload CRC of the record at position " + position + ": " + record);
            }
            visitor.onRecord(position, record, payload.slice().asReadOnlyBuffer());
        } catch (IOException e) {
            throw new WalCorruptException("cannot read position " + position + ": " + e.getMessage(), e);
        }
    }

    /** The length of the header at this index of the buffer, or -1 when it is not this record's. */
    private int checkedHeader(Segment segment, long position, long clusterId, int at, int available) {
        if (available < RecordDescriptor.HEADER_LENGTH_MIN) {
            return -1;
        }
        header.wrap(buffer, at, available);
        int headerLength = RecordDescriptor.plausibleHeaderLength(header, 0);
        if (headerLength < 0
                || headerLength > available
                || header.getLong(RecordDescriptor.POSITION_OFFSET, LITTLE_ENDIAN) != position
                || header.getLong(RecordDescriptor.CLUSTER_ID_OFFSET, LITTLE_ENDIAN) != clusterId
                || header.getInt(RecordDescriptor.HEADER_CRC_OFFSET, LITTLE_ENDIAN)
                        != checksum.ofHeader(buffer, at, headerLength, segment.nonce)) {
            return -1;
        }
        return headerLength;
    }

    /** Reads from a file offset into a range of the buffer; returns how much there was. */
    private int fill(FileChannel channel, long fileOffset, int from, int to) throws IOException {
        buffer.limit(to).position(from);
        while (buffer.hasRemaining()) {
            int read = channel.read(buffer, fileOffset + buffer.position());
            if (read < 0 || buffer.position() % BLOCK_BYTES != 0) {
                break; // the end of the file
            }
        }
        int filled = buffer.position() - from;
        buffer.clear();
        return filled;
    }

    private void reserve(int length, int keep) {
        if (length > buffer.capacity()) {
            ByteBuffer larger = allocate(length);
            larger.put(0, buffer.clear(), 0, keep);
            buffer = larger;
        }
    }

    private static ByteBuffer allocate(int length) {
        return ByteBuffer.allocateDirect(length + BLOCK_BYTES).alignedSlice(BLOCK_BYTES);
    }
}
