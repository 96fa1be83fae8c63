package io.parablock.lookbehind;

import java.util.Arrays;

/**
 * A set of slots that is dense below a watermark: every slot up to it, and a bitmap of the next {@code capacity} slots.
 *
 * <pre>
 *   ...1111111111111111 0 1 1 0 0 1 0 0 0 0 0
 *                     ^           ^         ^
 *               watermark     highest   watermark + capacity
 * </pre>
 *
 * Single-threaded; allocates nothing after construction.
 */
public final class SlotSet {
    /** What {@code nextPresent} returns when there is none; greater than any slot, so that range loops end. */
    public static final long NONE = Long.MAX_VALUE;

    private final int capacity;
    private final int mask;
    private final int wordBits;

    // Invariant: bit (s & mask) is set <=> s is a member, for s in (watermark, watermark + capacity].
    // Invariant: the bit of watermark + 1 is clear, so no run of bits goes on from the window's far end into its near
    // one.
    private final long[] bits;
    private long watermark;
    // Invariant: highest is a member; highest == watermark <=> countAbove == 0.
    private long highest;
    private int countAbove;

    public SlotSet(int capacity) {
        if (Integer.bitCount(capacity) != 1 || capacity < 0) {
            throw new IllegalArgumentException("capacity must be a power of two: " + capacity);
        }
        this.capacity = capacity;
        this.mask = capacity - 1;
        this.wordBits = Math.min(capacity, Long.SIZE);
        this.bits = new long[(capacity + Long.SIZE - 1) / Long.SIZE];
    }

    /** Forgets everything; the members are then exactly the slots up to {@code newWatermark}. */
    public void reset(long newWatermark) {
        Arrays.fill(bits, 0L);
        watermark = newWatermark;
        highest = newWatermark;
        countAbove = 0;
    }

    /**
     * Adds a slot and advances the watermark over what has become contiguous.
     *
     * @return false if it was a member already
     * @throws IllegalArgumentException if the slot lies beyond watermark + capacity
     */
    public boolean add(long slot) {
        if (slot <= watermark) {
            return false;
        }
        if (!canHold(slot)) {
            throw new IllegalArgumentException(
                    "slot " + slot + " is beyond watermark " + watermark + " + capacity " + capacity);
        }
        int word = word(slot);
        if ((bits[word] & bit(slot)) != 0) {
            return false;
        }
        bits[word] |= bit(slot);
        countAbove++;
        highest = Math.max(highest, slot);
        if (slot == watermark + 1) {
            advance();
        }
        return true;
    }

    /** Every slot up to {@code newWatermark} becomes a member; members above it stay. */
    public void advanceTo(long newWatermark) {
        if (newWatermark <= watermark) {
            return;
        }
        if (newWatermark >= highest) {
            reset(newWatermark);
            return;
        }
        for (long slot = watermark + 1; slot <= newWatermark; slot++) {
            int word = word(slot);
            if ((bits[word] & bit(slot)) != 0) {
                bits[word] &= ~bit(slot);
                countAbove--;
            }
        }
        watermark = newWatermark;
        advance();
    }

    public boolean contains(long slot) {
        return slot <= watermark || (slot <= highest && (bits[word(slot)] & bit(slot)) != 0);
    }

    /** The greatest slot up to which every slot is a member. */
    public long watermark() {
        return watermark;
    }

    /** The greatest member. */
    public long highest() {
        return highest;
    }

    /** Whether {@link #add} would accept this slot. */
    public boolean canHold(long slot) {
        return slot - capacity <= watermark;
    }

    /** How many members lie above the watermark. */
    public int countAbove() {
        return countAbove;
    }

    /** The least slot at or above {@code from} that is not a member; there always is one. */
    public long nextAbsent(long from) {
        long slot = Math.max(from, watermark + 1);
        while (slot <= highest) {
            int shift = shift(slot);
            int run = Long.numberOfTrailingZeros(~(bits[word(slot)] >>> shift));
            slot += run;
            if (run < wordBits - shift) {
                break;
            }
        }
        return slot;
    }

    /** The least member at or above {@code from}, or {@link #NONE}. */
    public long nextPresent(long from) {
        if (from <= watermark) {
            return from;
        }
        long slot = from;
        while (slot <= highest) {
            int shift = shift(slot);
            long word = bits[word(slot)] >>> shift;
            if (word != 0) {
                return slot + Long.numberOfTrailingZeros(word);
            }
            slot += wordBits - shift;
        }
        return NONE;
    }

    /** The least member in {@code [from, to]}, or {@link #NONE}. */
    public long nextPresent(long from, long to) {
        long slot = nextPresent(from);
        return slot <= to ? slot : NONE;
    }

    /** Visits the runs of members above the watermark, in order. The consumer must not change this set. */
    public void forEachRunAbove(RunConsumer consumer) {
        long first = watermark + 1;
        while (first <= highest) {
            first = nextPresent(first);
            long end = nextAbsent(first);
            consumer.accept(first, end - 1);
            first = end;
        }
    }

    private void advance() {
        int shift;
        int run;
        do {
            long next = watermark + 1;
            shift = shift(next);
            int word = word(next);
            run = Long.numberOfTrailingZeros(~(bits[word] >>> shift));
            // Keep the bits below the shift: they belong to the window's far end.
            bits[word] &= ~(run == Long.SIZE ? -1L : ((1L << run) - 1) << shift);
            watermark += run;
            countAbove -= run;
        } while (run == wordBits - shift);
    }

    private int word(long slot) {
        return ((int) slot & mask) >>> 6;
    }

    private int shift(long slot) {
        return (int) slot & mask & (Long.SIZE - 1);
    }

    private long bit(long slot) {
        return 1L << shift(slot);
    }
}
