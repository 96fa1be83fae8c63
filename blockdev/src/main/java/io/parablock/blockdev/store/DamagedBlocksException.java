package io.parablock.blockdev.store;

import java.util.List;

/** Sectors cannot be read, or do not have their checksums. */
public final class DamagedBlocksException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** Whole sectors. */
    public record Range(long offsetBytes, long lengthBytes) {}

    private final transient List<Range> ranges;

    public DamagedBlocksException(String message, List<Range> ranges) {
        super(message);
        this.ranges = List.copyOf(ranges);
    }

    public List<Range> ranges() {
        return ranges;
    }
}
