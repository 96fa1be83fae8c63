package io.parablock.blockdev.store;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * Neighbouring sectors of a chunk that cannot be read or do not fit their checksums.
 *
 * @param offsetBytes a multiple of 512
 * @param lengthBytes a multiple of 512, greater than 0
 */
public record DamagedRange(long offsetBytes, long lengthBytes) {
    public long endBytes() {
        return offsetBytes + lengthBytes;
    }

    public static long totalBytes(List<DamagedRange> ranges) {
        return ranges.stream().mapToLong(DamagedRange::lengthBytes).sum();
    }

    /** The sectors of a set, counted from {@code offsetBytes} on. */
    static List<DamagedRange> ofSectors(long offsetBytes, BitSet sectors) {
        List<DamagedRange> ranges = new ArrayList<>();
        for (int from = sectors.nextSetBit(0); from >= 0; ) {
            int end = sectors.nextClearBit(from);
            ranges.add(new DamagedRange(
                    offsetBytes + (long) from * BlockSumsDescriptor.SECTOR_BYTES,
                    (long) (end - from) * BlockSumsDescriptor.SECTOR_BYTES));
            from = sectors.nextSetBit(end);
        }
        return ranges;
    }

    private static void add(List<DamagedRange> to, DamagedRange range) {
        int last = to.size() - 1;
        if (last >= 0 && to.get(last).endBytes() == range.offsetBytes) {
            DamagedRange before = to.get(last);
            to.set(last, new DamagedRange(before.offsetBytes, before.lengthBytes + range.lengthBytes));
        } else {
            to.add(range);
        }
    }

    /** Appends ranges, none of which begins before the end of the last one. */
    static void addAll(List<DamagedRange> to, List<DamagedRange> ranges) {
        ranges.forEach(range -> add(to, range));
    }

    @Override
    public String toString() {
        return offsetBytes + "+" + lengthBytes;
    }
}
