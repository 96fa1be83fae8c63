package io.parablock.replica;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A set of byte ranges of a block store, whole sectors, merged. Single-threaded. */
final class DamagedRanges {
    static final int SECTOR_BYTES = 512;
    private static final int PAGE_BYTES = 4096;

    /** A range; both multiples of a sector. */
    record Range(long offsetBytes, long lengthBytes) {
        long endBytes() {
            return offsetBytes + lengthBytes;
        }
    }

    /** Start to end, in bytes; they neither overlap nor touch. */
    private final TreeMap<Long, Long> ends = new TreeMap<>();

    private final int rangesMax;
    private long bytes;
    private boolean dropped;

    /** @param rangesMax so many are kept; what does not fit has to be found again */
    DamagedRanges(int rangesMax) {
        this.rangesMax = rangesMax;
    }

    /** @return how many of these bytes were not in it */
    long add(long offsetBytes, long lengthBytes) {
        if (lengthBytes <= 0) {
            return 0;
        }
        long before = bytes;
        long from = offsetBytes;
        long to = offsetBytes + lengthBytes;
        Map.Entry<Long, Long> e = ends.floorEntry(to);
        while (e != null && e.getValue() >= from) {
            from = Math.min(from, e.getKey());
            to = Math.max(to, e.getValue());
            bytes -= e.getValue() - e.getKey();
            ends.remove(e.getKey());
            e = ends.floorEntry(to);
        }
        if (ends.size() < rangesMax) {
            ends.put(from, to);
            bytes += to - from;
        } else {
            dropped = true;
        }
        return Math.max(0, bytes - before);
    }

    /** Whether something did not fit since the last call. */
    boolean takeDropped() {
        boolean was = dropped;
        dropped = false;
        return was;
    }

    /** Whether half of the room is left. */
    boolean hasRoom() {
        return ends.size() <= rangesMax / 2;
    }

    void remove(long offsetBytes, long lengthBytes) {
        long end = offsetBytes + lengthBytes;
        Map.Entry<Long, Long> e = ends.lowerEntry(end);
        while (e != null && e.getValue() > offsetBytes) {
            long from = e.getKey();
            long to = e.getValue();
            ends.remove(from);
            bytes -= to - from;
            if (to > end) {
                ends.put(end, to);
                bytes += to - end;
            }
            if (from < offsetBytes) {
                ends.put(from, offsetBytes);
                bytes += offsetBytes - from;
            }
            e = ends.lowerEntry(end);
        }
    }

    boolean intersects(long offsetBytes, long lengthBytes) {
        Map.Entry<Long, Long> e = ends.lowerEntry(offsetBytes + lengthBytes);
        return e != null && e.getValue() > offsetBytes;
    }

    /** The first range, or part of one, at or above this offset; from the start if there is none; at most so long. */
    @Nullable
    Range next(long fromBytes, int lengthMax) {
        if (ends.isEmpty()) {
            return null;
        }
        Map.Entry<Long, Long> e = ends.floorEntry(fromBytes);
        long from = fromBytes;
        if (e == null || e.getValue() <= fromBytes) {
            e = ends.ceilingEntry(fromBytes);
            e = e == null ? ends.firstEntry() : e;
            from = e.getKey();
        }
        long end = Math.min(from + lengthMax, e.getValue());
        // The next piece is to begin with a page: a part of one that cannot be read cannot be written.
        long page = end - end % PAGE_BYTES;
        return new Range(from, (end < e.getValue() && page > from ? page : end) - from);
    }

    /** The parts of a range that are not in the set. */
    List<Range> without(long offsetBytes, long lengthBytes) {
        List<Range> parts = new ArrayList<>();
        long end = offsetBytes + lengthBytes;
        long from = offsetBytes;
        Map.Entry<Long, Long> e = ends.floorEntry(from);
        if (e != null && e.getValue() > from) {
            from = e.getValue();
        }
        while (from < end) {
            Map.Entry<Long, Long> next = ends.ceilingEntry(from);
            long to = next == null ? end : Math.min(end, next.getKey());
            if (to > from) {
                parts.add(new Range(from, to - from));
            }
            from = next == null ? end : next.getValue();
        }
        return parts;
    }

    void addAll(DamagedRanges others) {
        others.ends.forEach((from, to) -> add(from, to - from));
    }

    void clear() {
        ends.clear();
        bytes = 0;
    }

    boolean isEmpty() {
        return ends.isEmpty();
    }

    long bytes() {
        return bytes;
    }
}
