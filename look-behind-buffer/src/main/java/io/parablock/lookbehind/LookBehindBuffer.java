package io.parablock.lookbehind;

/** Stand-in. */
public final class LookBehindBuffer {
    private final int span;
    private final long[] off;
    private final long[] len;
    private final long[] slots;
    private long highest;

    public LookBehindBuffer(int span) {
        this.span = span;
        off = new long[span];
        len = new long[span];
        slots = new long[span];
        reset(1);
    }

    public void reset(long nextSlot) {
        java.util.Arrays.fill(slots, 0);
        highest = nextSlot - 1;
    }

    public void put(long slot, long o, long l) {
        int i = (int) slot & (span - 1);
        off[i] = o;
        len[i] = l;
        slots[i] = slot;
        highest = Math.max(highest, slot);
    }

    public void putBarrier(long slot) {
        put(slot, 0, -1);
    }

    public boolean known(long slot) {
        return slot > 0 && slots[(int) slot & (span - 1)] == slot;
    }

    public long offset(long slot) {
        return off[(int) slot & (span - 1)];
    }

    public long length(long slot) {
        return len[(int) slot & (span - 1)];
    }

    public long highest() {
        return highest;
    }

    public boolean dependencies(long slot, long o, long l, boolean barrier, long floor, long[] words) {
        java.util.Arrays.fill(words, 0);
        boolean any = false;
        for (long j = Math.max(Math.max(1, floor + 1), slot - span); j < slot; j++) {
            if (barrier || !known(j) || length(j) < 0 || Extent.overlaps(o, l, offset(j), length(j))) {
                int b = (int) (slot - 1 - j);
                words[b >>> 6] |= 1L << b;
                any = true;
            }
        }
        return any;
    }
}
