package io.parablock.wal.direct;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.netty.buffer.ByteBuf;
import io.parablock.wal.RecordChecksum;
import io.parablock.wal.RecordDescriptor;
import io.parablock.wal.WalCorruptException;
import io.parablock.wal.WalRecord;
import io.parablock.wal.WalVisitor;
import io.parablock.wal.segment.OwnRecords;
import io.parablock.wal.segment.Segment;
import io.parablock.wal.segment.SegmentLayout;
import java.nio.ByteBuffer;
import org.agrona.collections.IntArrayList;
import org.agrona.collections.LongArrayList;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Records that go to the disk as one contiguous write. It is open for records, then closed (its extent is known), then
 * sealed (its headers are complete) when it is handed to the disk; its bytes do not change from there on.
 */
public final class SegmentWrite {
    /** The marker that ends each write. */
    static final int MARKER_BYTES = RecordDescriptor.HEADER_LENGTH_MIN;

    private static final int ALIGNMENT = SegmentLayout.WRITES.recordAlignment();
    private static final ByteBuffer NO_PAYLOAD = ByteBuffer.allocate(0);

    private final Segment segment;
    private final int startBytes;
    private final long earlierStarts;
    private final ByteBuf memory;
    private final ByteBuffer bytes;
    private final UnsafeBuffer buffer;
    private final IntArrayList records = new IntArrayList();
    final LongArrayList tokens = new LongArrayList();
    private int lengthBytes;
    private boolean closed;
    private boolean sealed;

    /** May be handed to the disk. */
    boolean submitted;

    /** On stable storage. */
    boolean durable;

    /** Its tokens have been told. */
    boolean told;

    SegmentWrite(Segment segment, int startBytes, long earlierStarts, ByteBuf memory) {
        this.segment = segment;
        this.startBytes = startBytes;
        this.earlierStarts = earlierStarts;
        this.memory = memory;
        this.bytes = memory.nioBuffer(0, memory.capacity()).order(LITTLE_ENDIAN);
        this.buffer = new UnsafeBuffer(bytes);
        if (buffer.addressOffset() % SegmentLayout.WRITE_ALIGNMENT != 0) {
            throw new IllegalStateException("memory at " + buffer.addressOffset() + " is not aligned for the disk");
        }
    }

    public Segment segment() {
        return segment;
    }

    /** Where it goes in the segment file. */
    public int startBytes() {
        return startBytes;
    }

    /** Its whole length, a multiple of {@link SegmentLayout#WRITE_ALIGNMENT}; known once it is closed. */
    public int lengthBytes() {
        return lengthBytes;
    }

    /** The bytes of a sealed write, in memory that is aligned as the disk wants it. */
    public ByteBuffer bytes() {
        return bytes.duplicate().limit(lengthBytes).position(0);
    }

    /** The address of the first byte; the memory stays where it is until the completion. */
    public long memoryAddress() {
        return memory.memoryAddress();
    }

    int endBytes() {
        return startBytes + lengthBytes;
    }

    /** The earlier starts of a write that begins right behind this one. */
    long startsForNext() {
        int blocks = lengthBytes / SegmentLayout.WRITE_ALIGNMENT;
        if (blocks > Long.SIZE) {
            return 0;
        }
        long shifted = blocks == Long.SIZE ? 0 : earlierStarts << blocks;
        return shifted | 1L << (blocks - 1);
    }

    boolean hasRoom(int recordBytes) {
        return records.size() < RecordDescriptor.WRITE_RECORDS_MAX
                && lengthBytes + align(recordBytes) + MARKER_BYTES <= memory.capacity();
    }

    /** Returns the record's position. Readers may be looking: call it under their lock. */
    long add(WalRecord record, ByteBuffer payload, long clusterId) {
        long position = addAt(lengthBytes, record, clusterId);
        int headerLength = RecordDescriptor.headerLength(record.dep().length);
        buffer.putBytes(lengthBytes + headerLength, payload, payload.position(), record.payloadLength());
        int end = lengthBytes + headerLength + record.payloadLength();
        lengthBytes = align(end);
        buffer.setMemory(end, lengthBytes - end, (byte) 0);
        return position;
    }

    private long addAt(int at, WalRecord record, long clusterId) {
        long position = RecordDescriptor.position(segment.id, startBytes + at);
        int headerLength = RecordDescriptor.encode(buffer, at, record, clusterId, position, segment.recordCount++, 0);
        assert headerLength == RecordDescriptor.headerLength(record.dep().length);
        records.addInt(at);
        return position;
    }

    /** Adds the marker: no records any more. */
    void close(long clusterId) {
        assert !closed;
        closed = true;
        int whole = (int) SegmentLayout.alignUp(lengthBytes + MARKER_BYTES);
        // Alone it comes first: the first sector of a write holds a header, or it was never written.
        int marker = records.isEmpty() ? 0 : whole - MARKER_BYTES;
        buffer.setMemory(lengthBytes, whole - lengthBytes, (byte) 0);
        addAt(marker, OwnRecords.MARKER, clusterId);
        lengthBytes = whole;
    }

    boolean isClosed() {
        return closed;
    }

    /** Completes the headers with what is known to be durable now. */
    void seal(long durableUpTo, RecordChecksum checksum) {
        assert closed;
        if (sealed) {
            return;
        }
        sealed = true;
        int behind = records.size();
        for (int i = 0; i < records.size(); i++) {
            int at = records.getInt(i);
            RecordDescriptor.encodeWrite(buffer, at, startBytes, endBytes(), --behind, earlierStarts, durableUpTo);
            boolean start = buffer.getByte(at + RecordDescriptor.KIND_OFFSET) == RecordDescriptor.KIND_SEGMENT_START;
            int headerLength = buffer.getShort(at + RecordDescriptor.HEADER_LENGTH_OFFSET, LITTLE_ENDIAN);
            int crc = checksum.ofHeader(bytes, at, headerLength, start ? 0 : segment.nonce);
            buffer.putInt(at + RecordDescriptor.HEADER_CRC_OFFSET, crc, LITTLE_ENDIAN);
        }
        bytes.clear();
    }

    /** Whether the record at this position is, or was, in this write. */
    boolean covers(long position) {
        long offset = RecordDescriptor.offsetBytes(position) - startBytes;
        return RecordDescriptor.segmentId(position) == segment.id && offset >= 0 && offset < lengthBytes;
    }

    /** A copy of the record at this position, read before the disk has it. Call it under the readers' lock. */
    Copy copy(long position) {
        int at = (int) (RecordDescriptor.offsetBytes(position) - startBytes);
        if (!records.containsInt(at)) {
            throw new WalCorruptException("no valid record header at position " + position);
        }
        WalRecord record = RecordDescriptor.decode(buffer, at);
        byte[] payload = new byte[record.payloadLength()];
        buffer.getBytes(at + RecordDescriptor.headerLength(record.dep().length), payload);
        return new Copy(position, record, payload);
    }

    /** A record that was read from memory. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Copy(long position, WalRecord record, byte[] payload) {
        void show(WalVisitor visitor) {
            visitor.onRecord(position, record, ByteBuffer.wrap(payload).asReadOnlyBuffer());
        }
    }

    void release() {
        memory.release();
    }

    private static int align(int length) {
        return (length + ALIGNMENT - 1) & -ALIGNMENT;
    }

    /** The start record of a segment: in its first write. */
    void addStart(long clusterId) {
        add(OwnRecords.start(segment), NO_PAYLOAD, clusterId);
    }
}
