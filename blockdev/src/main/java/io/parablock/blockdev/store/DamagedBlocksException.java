package io.parablock.blockdev.store;

import java.util.List;

/**
 * Some sectors of a read cannot be read or do not fit their checksums: a peer has them. The disk goes on being used, unlike
 * after a {@link BlockStoreException}.
 */
public final class DamagedBlocksException extends RuntimeException {
    private static final long serialVersionUID = 1;
    private static final int NAMED_RANGES_MAX = 4;

    private final transient List<DamagedRange> ranges;

    /** @param ranges not empty, in the order of the chunk, with something good between one and the next */
    public DamagedBlocksException(String file, List<DamagedRange> ranges) {
        super(line(file, ranges));
        this.ranges = List.copyOf(ranges);
    }

    private static String line(String file, List<DamagedRange> ranges) {
        StringBuilder line = new StringBuilder()
                .append(file)
                .append(" has ")
                .append(DamagedRange.totalBytes(ranges))
                .append(" damaged bytes, at ");
        for (int i = 0; i < Math.min(ranges.size(), NAMED_RANGES_MAX); i++) {
            line.append(i == 0 ? "" : ", ").append(ranges.get(i));
        }
        if (ranges.size() > NAMED_RANGES_MAX) {
            line.append(" and ").append(ranges.size() - NAMED_RANGES_MAX).append(" other places");
        }
        return line.toString();
    }

    public List<DamagedRange> ranges() {
        return ranges;
    }
}
