package io.parablock.lookbehind;

/**
 * Byte extents, rounded out to whole blocks before every overlap test, so that a leader and its followers always agree
 * on what conflicts (protocol, section 1). An extent is two primitives; there is no object to allocate.
 */
public final class Extent {
    public static final int BLOCK_BYTES = 4096;
    public static final int SECTOR_BYTES = 512;

    private static final int BLOCK_SHIFT = 12;

    private Extent() {}

    /** The block that holds the extent's first byte. */
    public static long firstBlock(long offsetBytes) {
        return offsetBytes >>> BLOCK_SHIFT;
    }

    /** One past the block that holds the extent's last byte; {@code firstBlock} when the extent is empty. */
    public static long endBlock(long offsetBytes, long lengthBytes) {
        // From the last byte, not from the end: an extent may end at Long.MAX_VALUE, where rounding up would overflow.
        return lengthBytes == 0 ? firstBlock(offsetBytes) : ((offsetBytes + lengthBytes - 1) >>> BLOCK_SHIFT) + 1;
    }

    /** Whether the two extents share a block. An empty extent overlaps nothing. */
    public static boolean overlaps(long offsetA, long lengthA, long offsetB, long lengthB) {
        return lengthA != 0
                && lengthB != 0
                && firstBlock(offsetA) < endBlock(offsetB, lengthB)
                && firstBlock(offsetB) < endBlock(offsetA, lengthA);
    }

    static void check(long offsetBytes, long lengthBytes) {
        if (offsetBytes < 0 || lengthBytes < 0 || offsetBytes > Long.MAX_VALUE - lengthBytes) {
            throw new IllegalArgumentException("not an extent: offset " + offsetBytes + ", length " + lengthBytes);
        }
    }
}
