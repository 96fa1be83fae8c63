package io.parablock.simulator.disk;

import io.parablock.wal.RecordChecksum;
import io.parablock.wal.RecordDescriptor;
import io.parablock.wal.WalRecord;
import io.parablock.wal.chronicle.SegmentWriter;
import io.parablock.wal.segment.Segment;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Writes records into a segment file where the queue would: a length word, then the record, at 4-byte boundaries. The
 * header goes last, as in a mapped file.
 */
final class SectorWriter implements SegmentWriter {
    private static final int ALIGNMENT = 4;

    private final long clusterId;
    private final WalRegions regions;
    private final RecordChecksum checksum = new RecordChecksum();
    private final ByteBuffer wordAndHeader =
            ByteBuffer.allocate(ALIGNMENT + RecordDescriptor.HEADER_LENGTH_MAX).order(ByteOrder.LITTLE_ENDIAN);
    private final UnsafeBuffer header = new UnsafeBuffer(wordAndHeader, ALIGNMENT, RecordDescriptor.HEADER_LENGTH_MAX);
    private @Nullable FileChannel channel;
    private int segmentId;
    private long endBytes;

    SectorWriter(long clusterId, WalRegions regions) {
        this.clusterId = clusterId;
        this.regions = regions;
    }

    @Override
    public void startSegment(int id) {
        close();
        segmentId = id;
        endBytes = 0;
    }

    @Override
    public long append(Segment segment, WalRecord record, ByteBuffer payload, long durableUpTo) {
        if (segment.id != segmentId) {
            throw new IllegalArgumentException("segment " + segment.id + " was not started");
        }
        long wordAt = (endBytes + ALIGNMENT - 1) & -ALIGNMENT;
        long offsetBytes = wordAt + ALIGNMENT;
        int headerLength = RecordDescriptor.encode(
                header,
                0,
                record,
                clusterId,
                RecordDescriptor.position(segment.id, offsetBytes),
                segment.recordCount,
                durableUpTo);
        long nonce = record.kind() == RecordDescriptor.KIND_SEGMENT_START ? 0 : segment.nonce;
        int crc = checksum.ofHeader(wordAndHeader, ALIGNMENT, headerLength, nonce);
        header.putInt(RecordDescriptor.HEADER_CRC_OFFSET, crc, ByteOrder.LITTLE_ENDIAN);
        wordAndHeader.clear().putInt(0, headerLength + record.payloadLength());
        try {
            if (record.payloadLength() > 0) {
                write(segment, payload.duplicate(), offsetBytes + headerLength);
            }
            write(segment, wordAndHeader.limit(ALIGNMENT + headerLength), wordAt);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        endBytes = offsetBytes + headerLength + record.payloadLength();
        segment.recordCount++;
        regions.onAppended(
                ((SimulatedPath) segment.path).onDisk(), segment.id, offsetBytes, headerLength, record, durableUpTo);
        return offsetBytes;
    }

    private void write(Segment segment, ByteBuffer from, long at) throws IOException {
        FileChannel open = channel;
        if (open == null) {
            open = FileChannel.open(segment.path, StandardOpenOption.WRITE);
            channel = open;
        }
        open.write(from, at);
    }

    @Override
    public void close() {
        FileChannel open = channel;
        channel = null;
        if (open != null) {
            try {
                open.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
