package io.parablock.wal.segment;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.parablock.wal.RecordChecksum;
import io.parablock.wal.RecordDescriptor;
import io.parablock.wal.WalCorruptException;
import io.parablock.wal.WalRecord;
import io.parablock.wal.WalVisitor;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Reads single records from the segment file itself, in whole aligned blocks, so that a channel past the page cache takes
 * it. Holds a buffer: one per thread.
 */
final class SegmentReader {
    /** From the page cache: some records in one system call. */
    private static final int CACHED_READ_BYTES = 64 << 10;

    /** Past the page cache nobody reads ahead for us; a node that catches up reads one record after the other. */
    private static final int READ_AHEAD_BYTES = 256 << 10;

    private static final int BLOCK_BYTES = SegmentLayout.WRITE_ALIGNMENT;

    private final RecordChecksum checksum = new RecordChecksum();
    private final UnsafeBuffer header = new UnsafeBuffer(0, 0);
    private ByteBuffer buffer = allocate(CACHED_READ_BYTES);

    /**
     * The segment that the buffer holds a part of, its offset in the file and its length. Weak: the thread outlives the log, and
     * would keep it whole.
     */
    private @Nullable WeakReference<Segment> readAhead;

    private long fromBytes;
    private int filled;

    void read(Segment segment, long position, long clusterId, WalVisitor visitor) {
        try {
            if (!isReadAhead(segment) || !show(segment, position, clusterId, visitor, false)) {
                load(segment, position, clusterId);
                if (!show(segment, position, clusterId, visitor, true)) {
                    throw new WalCorruptException("no valid record header at position " + position);
                }
            }
        } catch (IOException e) {
            readAhead = null;
            throw new WalCorruptException("cannot read position " + position + ": " + e.getMessage(), e);
        }
    }

    void forgetReadAhead() {
        readAhead = null;
    }

    private boolean isReadAhead(Segment segment) {
        return readAhead != null && readAhead.refersTo(segment);
    }

    /** Fills the buffer from the block of this position on, with the whole record if there is one. */
    private void load(Segment segment, long position, long clusterId) throws IOException {
        readAhead = null;
        FileChannel channel = segment.readChannel();
        long offsetBytes = RecordDescriptor.offsetBytes(position);
        int length = segment.layout == SegmentLayout.WRITES ? READ_AHEAD_BYTES : CACHED_READ_BYTES;
        fromBytes = offsetBytes & -BLOCK_BYTES;
        int at = (int) (offsetBytes - fromBytes);
        reserve(length, 0);
        filled = fill(channel, fromBytes, 0, length);
        int headerLength = checkedHeader(segment, position, clusterId, at, filled - at);
        if (headerLength >= 0) {
            int end = at + headerLength + header.getInt(RecordDescriptor.PAYLOAD_LENGTH_OFFSET, LITTLE_ENDIAN);
            if (end > filled) {
                // What was read of a last block in part is read again.
                int whole = filled & -BLOCK_BYTES;
                int wanted = (int) SegmentLayout.alignUp(end);
                reserve(wanted, whole);
                filled = whole + fill(channel, fromBytes, whole, wanted);
            }
        }
        readAhead = new WeakReference<>(segment);
    }

    /** Shows a record in the buffer. Returns false if its header is not there, or its end is not. */
    private boolean show(Segment segment, long position, long clusterId, WalVisitor visitor, boolean fresh) {
        long offset = RecordDescriptor.offsetBytes(position) - fromBytes;
        if (offset < 0 || offset >= filled) {
            return false;
        }
        int at = (int) offset;
        int headerLength = checkedHeader(segment, position, clusterId, at, filled - at);
        if (headerLength < 0) {
            return false;
        }
        WalRecord record = RecordDescriptor.decode(header, 0);
        int end = at + headerLength + record.payloadLength();
        if (end > filled) {
            return false;
        }
        ByteBuffer payload = buffer.limit(end).position(at + headerLength).slice();
        buffer.clear();
        if (checksum.ofPayload(payload) != record.payloadCrc()) {
            if (!fresh) {
                return false; // it was being written when it was read ahead
            }
            readAhead = null;
            throw new WalCorruptException("payload CRC of the record at position " + position + ": " + record);
        }
        visitor.onRecord(position, record, payload.asReadOnlyBuffer());
        return true;
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
