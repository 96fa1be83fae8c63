package io.parablock.lookbehind;

import java.util.TreeMap;

/** Stand-in. */
public final class ConflictIndex {
    private final TreeMap<Long, long[]> m = new TreeMap<>();

    public ConflictIndex(int capacity) {}

    public void add(long slot, long o, long l) {
        m.put(slot, new long[] {o, l});
    }

    public boolean remove(long slot) {
        return m.remove(slot) != null;
    }

    public void clear() {
        m.clear();
    }

    public boolean overlapsAny(long o, long l) {
        return m.values().stream().anyMatch(e -> Extent.overlaps(o, l, e[0], e[1]));
    }

    public void forEachOverlap(long o, long l, java.util.function.LongConsumer c) {
        m.forEach((s, e) -> {
            if (Extent.overlaps(o, l, e[0], e[1])) {
                c.accept(s);
            }
        });
    }
}
