package io.parablock.wal.segment;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a segment before its records are read.
 *
 * @param file null when it is missing, and the layout with it
 * @param recordCount records in it, the log's own among them, or {@link SegmentManifest#UNSEALED} while that is not known
 * @param fileBytes the bytes of the file that records can reach
 * @param durableBytes below this offset in the file everything was durable, as far as the log tells
 */
public record ListedSegment(
        int id,
        @Nullable Path file,
        @Nullable SegmentLayout layout,
        int recordCount,
        long fileBytes,
        long durableBytes) {

    /** Whether the log vouches for all that it holds. */
    public boolean isSealed() {
        return recordCount != SegmentManifest.UNSEALED;
    }
}
