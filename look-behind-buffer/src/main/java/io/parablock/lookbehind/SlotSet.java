package io.parablock.lookbehind;

/** A set of slots: everything up to a watermark, plus a bitmap window above it. Single-threaded. */
public final class SlotSet {
    /** Receives runs of slots. */
    @FunctionalInterface
    public interface RunConsumer {
        void accept(long first, long last);
    }

    private final long[] words;
    private final int capacity;
    private long watermark;
    private long highest;
    private long countAbove;

    public SlotSet(int capacity) {
        this.capacity = Math.max(64, capacity);
        this.words = new long[this.capacity / 64];
    }

    public void reset(long to) {
        java.util.Arrays.fill(words, 0);
        watermark = to;
        highest = to;
        countAbove = 0;
    }

    private boolean bit(long slot) {
        int i = (int) slot & (capacity - 1);
        return (words[i >>> 6] & (1L << i)) != 0;
    }

    public boolean canHold(long slot) {
        return slot <= watermark + capacity;
    }

    public boolean add(long slot) {
        if (slot <= watermark || (slot <= highest && bit(slot))) {
            return false;
        }
        if (!canHold(slot)) {
            throw new IllegalArgumentException("slot " + slot + " is beyond " + watermark + "+" + capacity);
        }
        int i = (int) slot & (capacity - 1);
        words[i >>> 6] |= 1L << i;
        highest = Math.max(highest, slot);
        countAbove++;
        settle();
        return true;
    }

    private void settle() {
        while (watermark < highest && bit(watermark + 1)) {
            watermark++;
            int i = (int) watermark & (capacity - 1);
            words[i >>> 6] &= ~(1L << i);
            countAbove--;
        }
    }

    public void advanceTo(long to) {
        if (to >= highest) {
            reset(Math.max(to, watermark));
            return;
        }
        for (long s = watermark + 1; s <= to; s++) {
            int i = (int) s & (capacity - 1);
            if (bit(s)) {
                countAbove--;
            }
            words[i >>> 6] &= ~(1L << i);
        }
        watermark = Math.max(watermark, to);
        settle();
    }

    public boolean contains(long slot) {
        return slot <= watermark || (slot <= highest && bit(slot));
    }

    public long watermark() {
        return watermark;
    }

    public long highest() {
        return highest;
    }

    public long countAbove() {
        return countAbove;
    }

    public void forEachRunAbove(RunConsumer c) {
        long first = 0;
        for (long s = watermark + 1; s <= highest; s++) {
            if (bit(s)) {
                if (first == 0) {
                    first = s;
                }
            } else if (first != 0) {
                c.accept(first, s - 1);
                first = 0;
            }
        }
        if (first != 0) {
            c.accept(first, highest);
        }
    }
}
