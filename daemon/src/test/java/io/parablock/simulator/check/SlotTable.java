package io.parablock.simulator.check;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** One thing per slot, slots from 1 without big gaps. */
final class SlotTable<T> {
    private @Nullable Object[] items = new @Nullable Object[256];
    private long last;

    /** Null where nothing was put. */
    @SuppressWarnings("unchecked")
    @Nullable
    T get(long slot) {
        return slot < 1 || slot > last ? null : (T) items[(int) slot];
    }

    void put(long slot, @Nullable T item) {
        if (slot >= items.length) {
            items = Arrays.copyOf(items, (int) Math.max(slot + 1, items.length * 2L));
        }
        items[(int) slot] = item;
        last = Math.max(last, slot);
    }

    /** The highest slot for which anything was put, 0 for none. */
    long last() {
        return last;
    }

    void clear() {
        Arrays.fill(items, null);
        last = 0;
    }
}
