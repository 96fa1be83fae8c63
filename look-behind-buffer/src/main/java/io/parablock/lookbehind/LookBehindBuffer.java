package io.parablock.lookbehind;

import java.util.Arrays;

/**
 * The extents of the last N slots as one node knows them, and from them the look-behind information Dep(k) of a slot
 * (protocol, section 6).
 *
 * <pre>
 *   slots      highest-N+1 ............................ highest
 *   ring       [ extent | extent | unknown | barrier | extent ]    ring index = slot mod N
 *   map of k   bit b stands for slot k-1-b: bit 0 is the nearest earlier slot
 * </pre>
 *
 * Extents may be put in any order; the outcome is the same. A slot that is not known blocks. Single-threaded; allocates
 * nothing after construction.
 */
public final class LookBehindBuffer {
    public static final int SPAN_MIN = 64;
    public static final int SPAN_MAX = 4096;

    /** A barrier reads back as the extent of everything, and may be put back as such. */
    public static final long BARRIER_LENGTH = Long.MAX_VALUE;

    private static final long UNKNOWN = -1;

    private final int span;
    private final int mask;
    private final int wordMask;
    private final long[] offsets;
    // UNKNOWN, 0 (no extent), BARRIER_LENGTH or a length in bytes.
    private final long[] lengths;

    // Invariant: bit (-s & mask) is set <=> slot s, in (highest - span, highest], is unknown or a barrier. The ring
    // runs
    // backwards, like the map that it is copied into.
    private final long[] blocking;
    // Invariant: the number of bits set in `blocking`.
    private int blockingCount;

    // Invariant: exactly the known slots of the ring that are no barrier and have an extent.
    private final ConflictIndex extents;

    private long highest;

    // The operands of `marker` during one call of dependencies().
    private final SlotConsumer marker = this::mark;
    private long[] markWords;
    private long markSlot;
    private int markLimit;
    private boolean markAny;

    public LookBehindBuffer(int span) {
        if (span < SPAN_MIN || span > SPAN_MAX || Integer.bitCount(span) != 1) {
            throw new IllegalArgumentException(
                    "span must be a power of two in [" + SPAN_MIN + ", " + SPAN_MAX + "]: " + span);
        }
        this.span = span;
        this.mask = span - 1;
        this.wordMask = span / Long.SIZE - 1;
        this.offsets = new long[span];
        this.lengths = new long[span];
        this.blocking = new long[span / Long.SIZE];
        this.markWords = blocking;
        this.extents = new ConflictIndex(span);
        reset(1);
    }

    /** Forgets everything; the next slot in order is {@code nextSlot}, and those below it may still be put. */
    public void reset(long nextSlot) {
        checkSlot(nextSlot);
        Arrays.fill(lengths, UNKNOWN);
        Arrays.fill(blocking, -1L);
        blockingCount = span;
        extents.clear();
        highest = nextSlot - 1;
    }

    /**
     * Makes a slot's extent known, replacing what was known of it. Length 0 means no extent. A slot that the span has
     * left behind is ignored, as if it had been put in time and forgotten since.
     */
    public void put(long slot, long offsetBytes, long lengthBytes) {
        checkSlot(slot);
        Extent.check(offsetBytes, lengthBytes);
        if (slot <= highest - span) {
            return;
        }
        if (slot > highest) {
            advanceTo(slot);
        }
        int at = (int) slot & mask;
        if (lengths[at] == lengthBytes && offsets[at] == offsetBytes) {
            return;
        }
        forget(slot);
        offsets[at] = offsetBytes;
        lengths[at] = lengthBytes;
        if (lengthBytes != BARRIER_LENGTH) {
            blocking[word(slot)] &= ~bit(slot);
            blockingCount--;
            extents.add(slot, offsetBytes, lengthBytes);
        }
    }

    /** Makes it known that a slot overlaps everything. */
    public void putBarrier(long slot) {
        put(slot, 0, BARRIER_LENGTH);
    }

    public boolean known(long slot) {
        return slot > highest - span && slot <= highest && lengths[(int) slot & mask] != UNKNOWN;
    }

    /** The offset in bytes of a known slot's extent. */
    public long offset(long slot) {
        return offsets[indexOfKnown(slot)];
    }

    /** The length in bytes of a known slot's extent; 0 if it has none, {@link #BARRIER_LENGTH} for a barrier. */
    public long length(long slot) {
        return lengths[indexOfKnown(slot)];
    }

    /** The greatest slot put since the last reset, or the one before the reset's. */
    public long highest() {
        return highest;
    }

    /**
     * Computes the part of Dep(slot) that lies inside the span: bit {@code slot-1-j} is set for every slot j in
     * {@code [slot-N, slot-1]} that is unknown, a barrier, or overlaps this extent (a barrier overlaps all of them).
     * Slots up to {@code floor} are known to be applied and never set.
     *
     * @param words receives the map; N/64 words
     * @return whether any bit is set
     */
    public boolean dependencies(
            long slot, long offsetBytes, long lengthBytes, boolean barrier, long floor, long[] words) {
        checkSlot(slot);
        Extent.check(offsetBytes, lengthBytes);
        if (words.length != blocking.length) {
            throw new IllegalArgumentException("words: " + words.length + " instead of " + blocking.length);
        }
        // How many bits of the map may be set: those of slots above the floor.
        int limit = (int) Math.max(0, Math.min(span, slot - 1 - Math.max(floor, 0)));
        if (barrier || lengthBytes == BARRIER_LENGTH) {
            Arrays.fill(words, -1L);
            clearFrom(words, limit);
            return limit > 0;
        }
        markAny = false;
        if (blockingCount == 0 && slot == highest + 1) {
            Arrays.fill(words, 0L);
        } else {
            copyBlocking(slot, words);
            clearFrom(words, limit);
            markAny = anySet(words);
        }
        if (limit > 0) {
            markWords = words;
            markSlot = slot;
            markLimit = limit;
            extents.forEachOverlap(offsetBytes, lengthBytes, marker);
        }
        return markAny;
    }

    /** Copies the ring's blocking bits into a map of {@code slot}; what lies outside the ring is unknown. */
    private void copyBlocking(long slot, long[] words) {
        long ahead = slot - 1 - highest;
        if (ahead >= span || ahead <= -span) {
            Arrays.fill(words, -1L);
            return;
        }
        int start = (int) (1 - slot) & mask;
        int shift = start & (Long.SIZE - 1);
        int at = start >>> 6;
        long low = blocking[at];
        for (int i = 0; i < words.length; i++) {
            at = (at + 1) & wordMask;
            long high = blocking[at];
            // Two shifts, because a single one by 64 would be one by 0.
            words[i] = (low >>> shift) | ((high << 1) << (Long.SIZE - 1 - shift));
            low = high;
        }
        if (ahead > 0) {
            setRange(words, 0, (int) ahead);
        } else if (ahead < 0) {
            setRange(words, span + (int) ahead, span);
        }
    }

    private void mark(long earlier) {
        long bit = markSlot - 1 - earlier;
        if (bit >= 0 && bit < markLimit) {
            markWords[(int) bit >>> 6] |= 1L << bit;
            markAny = true;
        }
    }

    private void advanceTo(long slot) {
        if (slot - highest >= span) {
            reset(slot);
        }
        while (highest < slot) {
            highest++;
            forget(highest - span);
        }
    }

    /** Makes the ring place of this slot unknown. */
    private void forget(long slot) {
        int at = (int) slot & mask;
        if (lengths[at] == UNKNOWN) {
            return;
        }
        if (lengths[at] != BARRIER_LENGTH) {
            extents.remove(slot);
            blocking[word(slot)] |= bit(slot);
            blockingCount++;
        }
        lengths[at] = UNKNOWN;
    }

    private int indexOfKnown(long slot) {
        if (!known(slot)) {
            throw new IllegalArgumentException("slot " + slot + " is not known");
        }
        return (int) slot & mask;
    }

    private int word(long slot) {
        return ((int) -slot & mask) >>> 6;
    }

    private static long bit(long slot) {
        return 1L << -slot;
    }

    private static void setRange(long[] words, int from, int to) {
        for (int bit = from; bit < to; ) {
            int end = Math.min(to, (bit | (Long.SIZE - 1)) + 1);
            words[bit >>> 6] |= (-1L >>> (Long.SIZE - (end - bit))) << bit;
            bit = end;
        }
    }

    private static void clearFrom(long[] words, int from) {
        int word = from >>> 6;
        if (word < words.length) {
            words[word] &= (1L << from) - 1;
            Arrays.fill(words, word + 1, words.length, 0L);
        }
    }

    private static boolean anySet(long[] words) {
        long any = 0;
        for (long word : words) {
            any |= word;
        }
        return any != 0;
    }

    private static void checkSlot(long slot) {
        if (slot < 1) {
            throw new IllegalArgumentException("slots start at 1: " + slot);
        }
    }

    void checkInvariants() {
        extents.checkInvariants();
        int blockingSlots = 0;
        int withExtent = 0;
        for (long slot = highest - span + 1; slot <= highest; slot++) {
            long length = lengths[(int) slot & mask];
            boolean blocks = length == UNKNOWN || length == BARRIER_LENGTH;
            if (((blocking[word(slot)] & bit(slot)) != 0) != blocks) {
                throw new AssertionError("blocking bit of slot " + slot);
            }
            blockingSlots += blocks ? 1 : 0;
            withExtent += blocks || length == 0 ? 0 : 1;
        }
        if (blockingSlots != blockingCount || withExtent != extents.size()) {
            throw new AssertionError("counts: " + blockingSlots + " blocking, " + withExtent + " with an extent");
        }
    }
}
