package io.parablock.perf.jmh;

import io.parablock.lookbehind.Extent;
import java.util.Random;

/** Writes of one block each, at places that begin anew after {@link #PERIOD} of them. */
final class ExtentCycle {
    /** More than a window: no write meets the one that had its place in the round before. */
    static final int PERIOD = 2048;

    /** A volume of 4 GiB. */
    private static final int BLOCKS = 1 << 20;

    /** So few that a write overlaps some four of the 1,024 before it. */
    private static final int HOT_BLOCKS = 256;

    private static final long SEED = 20_261_122;

    private final long[] offsets;

    private ExtentCycle(long[] offsets) {
        this.offsets = offsets;
    }

    /** Nothing overlaps within a window. */
    static ExtentCycle apart() {
        return new ExtentCycle(new Random(SEED)
                .longs(0, BLOCKS)
                .distinct()
                .limit(PERIOD)
                .map(block -> block * Extent.BLOCK_BYTES)
                .toArray());
    }

    /** Everything falls on a few blocks. */
    static ExtentCycle overlapping() {
        return new ExtentCycle(new Random(SEED)
                .longs(PERIOD, 0, HOT_BLOCKS)
                .map(block -> block * Extent.BLOCK_BYTES)
                .toArray());
    }

    long offsetBytes(long number) {
        return offsets[(int) number & (PERIOD - 1)];
    }
}
