package io.parablock.wal.chronicle;

import io.parablock.wal.RecordChecksum;
import io.parablock.wal.RecordDescriptor;
import io.parablock.wal.WalRecord;
import io.parablock.wal.segment.Segment;
import io.parablock.wal.segment.SegmentLayout;
import io.parablock.wal.segment.WalConfig;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import net.openhft.chronicle.bytes.Bytes;
import net.openhft.chronicle.core.time.TimeProvider;
import net.openhft.chronicle.queue.ChronicleQueue;
import net.openhft.chronicle.queue.ExcerptAppender;
import net.openhft.chronicle.queue.RollCycles;
import net.openhft.chronicle.queue.impl.single.SingleChronicleQueueBuilder;
import net.openhft.chronicle.wire.DocumentContext;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The queue of one run. Each run has a folder of its own, so the queue never opens, marks or locks a file of an
 * earlier run. Our clock stands still at one hour per segment: a segment ends when we say so.
 */
final class SegmentAppender implements SegmentWriter {
    private static final long CYCLE_MS = TimeUnit.SECONDS.toMillis(SegmentLayout.CYCLE_S);

    /** We never read through the queue's index, so it is kept small; 128 * 128 * 4096 records fit in a segment. */
    private static final int INDEX_COUNT = 128;

    private static final int INDEX_SPACING = 4096;

    private final long clusterId;
    private final SegmentClock clock = new SegmentClock();
    private final ChronicleQueue queue;
    private final ExcerptAppender appender;
    private final RecordChecksum checksum = new RecordChecksum();
    private final ByteBuffer headerBytes =
            ByteBuffer.allocateDirect(RecordDescriptor.HEADER_LENGTH_MAX).order(ByteOrder.LITTLE_ENDIAN);
    private final UnsafeBuffer header = new UnsafeBuffer(headerBytes);
    private final UnsafeBuffer mapped = new UnsafeBuffer(0, 0);

    private static final class SegmentClock implements TimeProvider {
        private volatile long nowMs;

        void startSegment(int segmentId) {
            nowMs = segmentId * CYCLE_MS;
        }

        @Override
        public long currentTimeMillis() {
            return nowMs;
        }
    }

    /** To be created before the first segment's file exists: the queue would wait for a header in it. */
    SegmentAppender(Path runDirectory, int runId, WalConfig config) {
        clusterId = config.clusterId();
        clock.startSegment(runId);
        queue = SingleChronicleQueueBuilder.binary(runDirectory)
                .rollCycle(RollCycles.FAST_HOURLY)
                .timeProvider(clock)
                // One mapping covers the whole file: no record and no force ever crosses from one chunk to the next.
                .blockSize(SegmentEngine.fileBytes(config))
                .indexCount(INDEX_COUNT)
                .indexSpacing(INDEX_SPACING)
                .checkInterrupts(false)
                .build();
        appender = queue.createAppender();
        // Opened by the thread that recovers, used by the WAL's own: one after the other, never at once.
        appender.singleThreadedCheckDisabled(true);
    }

    @Override
    public void startSegment(int segmentId) {
        clock.startSegment(segmentId);
    }

    @Override
    public long append(Segment segment, WalRecord record, ByteBuffer payload, long durableUpTo) {
        int payloadLength = record.payloadLength();
        int payloadAt = payload.position();
        try (DocumentContext document = appender.writingDocument()) {
            Bytes<?> bytes = document.wire().bytes();
            long offsetBytes = bytes.writePosition();
            int headerLength = RecordDescriptor.encode(
                    header,
                    0,
                    record,
                    clusterId,
                    RecordDescriptor.position(segment.id, offsetBytes),
                    segment.recordCount,
                    durableUpTo);
            // The start record tells the nonce to a scan that has lost the manifest: it cannot be covered by it.
            long nonce = record.kind() == RecordDescriptor.KIND_SEGMENT_START ? 0 : segment.nonce;
            int crc = checksum.ofHeader(headerBytes, 0, headerLength, nonce);
            header.putInt(RecordDescriptor.HEADER_CRC_OFFSET, crc, ByteOrder.LITTLE_ENDIAN);
            int length = headerLength + payloadLength;
            mapped.wrap(bytes.addressForWrite(offsetBytes), length);
            // The header comes last, so that a process killed in between leaves a blank one.
            mapped.putBytes(headerLength, payload, payloadAt, payloadLength);
            mapped.putBytes(0, header, 0, headerLength);
            bytes.writeSkip(length);
            segment.recordCount++;
            return offsetBytes;
        }
    }

    @Override
    public void close() {
        appender.close();
        queue.close();
    }
}
