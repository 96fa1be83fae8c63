package io.parablock.wal.chronicle;

import io.parablock.wal.segment.FileOpener;
import io.parablock.wal.segment.SegmentFiles;
import io.parablock.wal.segment.SegmentLayout;
import io.parablock.wal.segment.SegmentManifest;
import io.parablock.wal.segment.StableStorage;
import io.parablock.wal.segment.WalConfig;
import java.nio.file.Path;

/**
 * How records reach the segment files of a mapped log; what is stable, whole and still needed is decided above it.
 *
 * @param name for people
 * @param writers makes the writer of an opening
 */
public record SegmentEngine(String name, Writers writers, SegmentFiles files) {
    /** Chronicle's own header and index pages of a segment, rounded up generously. */
    private static final long QUEUE_OVERHEAD_BYTES = 128 << 10;

    private static final long BLOCK_BYTES = 64 << 10;

    /** Makes the writer of an opening. */
    @FunctionalInterface
    public interface Writers {
        /** To be called before the first segment's file exists. */
        SegmentWriter open(Path runDirectory, int runId, WalConfig config);
    }

    static SegmentEngine chronicle(StableStorage storage) {
        return new SegmentEngine(
                "chronicle",
                SegmentAppender::new,
                SegmentFiles.of(
                        SegmentLayout.QUEUE,
                        SegmentManifest.MANY,
                        SegmentEngine::fileBytes,
                        storage,
                        FileOpener.BUFFERED));
    }

    /**
     * A record starts below segmentBytes and ends at most recordBytesMax later. The factor 4 is Chronicle's: it lets one
     * record be at most a quarter of its block.
     */
    static long fileBytes(WalConfig config) {
        long needed = Math.max(
                config.segmentBytes() + config.recordBytesMax() + QUEUE_OVERHEAD_BYTES, 4L * config.recordBytesMax());
        return (needed + BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES;
    }
}
