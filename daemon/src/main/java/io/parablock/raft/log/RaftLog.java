package io.parablock.raft.log;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The effective log of one group above its base: slots with holes (protocol.md §1). Every slot is in one state.
 * Single-threaded; allocates only when it grows.
 *
 * <p>Invariants: every slot in (base, contigPrefix] is DURABLE or lies under the checkpoint; no slot above last is anything
 * but ABSENT; a DURABLE or WRITING slot has an entry unless it lies under the checkpoint.
 */
public final class RaftLog {
    /** Surely never held here. */
    public static final byte ABSENT = 0;
    /** Handed to the WAL, not yet durable. */
    public static final byte WRITING = 1;
    /** Held durably (PRESENT). */
    public static final byte DURABLE = 2;
    /** Possibly held, unreadable now. */
    public static final byte UNKNOWN = 3;
    /** UNKNOWN on the disk until its rewrite is durable, WRITING to whoever asks for {@link #state}. */
    private static final byte REWRITING = 4;

    private static final int INITIAL_CAPACITY = 1024;

    private @Nullable Entry[] entries = new @Nullable Entry[INITIAL_CAPACITY];
    private byte[] states = new byte[INITIAL_CAPACITY];
    private int mask = INITIAL_CAPACITY - 1;
    private long base;
    private long last;
    private long contigPrefix;
    private int unknownCount;
    private long heldAboveContig;
    /** The CONFIG entries, by slot. */
    private final TreeMap<Long, Entry> configs = new TreeMap<>();

    private long configChanges;

    /**
     * @param base slots up to it are gone
     * @param covered slots up to it lie under the checkpoint
     */
    public RaftLog(long base, long covered) {
        this.base = base;
        this.last = covered;
        this.contigPrefix = covered;
        ensureCapacity(covered);
    }

    public long base() {
        return base;
    }

    /** The highest slot that is not ABSENT, or the checkpoint's if that is higher. */
    public long last() {
        return last;
    }

    /** Every slot up to it is durably here or covered by the checkpoint. */
    public long contigPrefix() {
        return contigPrefix;
    }

    /** The CONFIG entries that are held, durably or not yet, by slot. */
    public NavigableMap<Long, Entry> configs() {
        return Collections.unmodifiableNavigableMap(configs);
    }

    /** Grows whenever {@link #configs} changes. */
    public long configChanges() {
        return configChanges;
    }

    public int unknownCount() {
        return unknownCount;
    }

    /** Empty slots below the last one. */
    public long holes() {
        return last - contigPrefix - heldAboveContig;
    }

    public byte state(long slot) {
        byte state = slot <= base || slot > last ? ABSENT : states[(int) slot & mask];
        return state == REWRITING ? WRITING : state;
    }

    public boolean isDurable(long slot) {
        return slot > base && slot <= last && states[(int) slot & mask] == DURABLE;
    }

    public @Nullable Entry get(long slot) {
        return slot <= base || slot > last ? null : entries[(int) slot & mask];
    }

    /** Puts an entry as WRITING; an UNKNOWN slot stays one for {@link #runs} until it is durable. */
    public void putWriting(Entry entry) {
        byte before = entry.slot() <= base || entry.slot() > last ? ABSENT : states[(int) entry.slot() & mask];
        set(entry.slot(), entry, before == UNKNOWN || before == REWRITING ? REWRITING : WRITING);
    }

    public void putDurable(Entry entry) {
        set(entry.slot(), entry, DURABLE);
    }

    public void putUnknown(long slot) {
        set(slot, null, UNKNOWN);
    }

    /** WRITING becomes DURABLE. */
    public void markDurable(long slot) {
        set(slot, entries[(int) slot & mask], DURABLE);
    }

    /**
     * The record of a DURABLE entry cannot be read any more; its identity stays known.
     *
     * @param covered slots up to it lie under the checkpoint
     */
    public void markUnknown(long slot, long covered) {
        if (slot > covered && slot <= contigPrefix) {
            lowerContig(slot - 1);
        }
        set(slot, entries[(int) slot & mask], UNKNOWN);
    }

    /** Slots up to {@code covered} lie under the checkpoint. */
    public void cover(long covered) {
        for (long s = contigPrefix + 1; s <= Math.min(covered, last); s++) {
            heldAboveContig -= states[(int) s & mask] == ABSENT ? 0 : 1;
        }
        contigPrefix = Math.max(contigPrefix, Math.min(covered, last));
        advanceContig();
    }

    private void set(long slot, @Nullable Entry entry, byte state) {
        if (slot <= base) {
            throw new IllegalArgumentException("slot " + slot + " is at or below the log base " + base);
        }
        ensureCapacity(slot);
        int i = (int) slot & mask;
        byte before = slot > last ? ABSENT : states[i];
        if (slot > last) {
            last = slot;
        }
        unknownCount += (state == UNKNOWN ? 1 : 0) - (before == UNKNOWN ? 1 : 0);
        if (slot > contigPrefix) {
            heldAboveContig += (state == ABSENT ? 0 : 1) - (before == ABSENT ? 0 : 1);
        }
        entries[i] = entry;
        states[i] = state;
        if (entry != null && entry.isBarrier()) {
            configs.put(slot, entry);
            configChanges++;
        } else if (!configs.isEmpty() && configs.remove(slot) != null) {
            configChanges++;
        }
        advanceContig();
    }

    private void dropConfigsTo(long slot) {
        if (!configs.isEmpty() && configs.firstKey() <= slot) {
            configs.headMap(slot, true).clear();
            configChanges++;
        }
    }

    private void advanceContig() {
        while (contigPrefix < last && states[(int) (contigPrefix + 1) & mask] == DURABLE) {
            contigPrefix++;
            heldAboveContig--;
        }
    }

    /** Removes a dead entry (a sync replaced it); returns it. Never below the contiguous prefix's committed part. */
    public @Nullable Entry remove(long slot) {
        if (state(slot) == ABSENT) {
            return null;
        }
        Entry gone = entries[(int) slot & mask];
        if (slot <= contigPrefix) {
            lowerContig(slot - 1);
        }
        set(slot, null, ABSENT);
        while (last > base && last > contigPrefix && states[(int) last & mask] == ABSENT) {
            last--;
        }
        return gone;
    }

    private void lowerContig(long to) {
        for (long s = to + 1; s <= contigPrefix; s++) {
            if (states[(int) s & mask] != ABSENT) {
                heldAboveContig++;
            }
        }
        contigPrefix = to;
    }

    /** Drops the slots up to {@code newBase}; those that had an entry are added to {@code dropped}. */
    public void truncate(long newBase, List<Entry> dropped) {
        // What is truncated lies under the checkpoint, also where its record was found damaged meanwhile.
        cover(newBase);
        if (newBase > contigPrefix) {
            throw new IllegalArgumentException("truncation to " + newBase + " above " + contigPrefix);
        }
        for (long s = base + 1; s <= newBase; s++) {
            int i = (int) s & mask;
            Entry e = entries[i];
            if (e != null) {
                dropped.add(e);
            }
            if (states[i] == UNKNOWN) {
                unknownCount--;
            }
            entries[i] = null;
            states[i] = ABSENT;
        }
        base = Math.max(base, newBase);
        dropConfigsTo(base);
    }

    /** An install covers everything up to {@code newBase}, held here or not; what lies above it stays. */
    public void install(long newBase, List<Entry> dropped) {
        if (newBase > contigPrefix) {
            for (long s = contigPrefix + 1; s <= Math.min(newBase, last); s++) {
                heldAboveContig -= states[(int) s & mask] == ABSENT ? 0 : 1;
            }
            contigPrefix = newBase;
        }
        long from = base;
        for (long s = from + 1; s <= Math.min(newBase, last); s++) {
            int i = (int) s & mask;
            Entry e = entries[i];
            if (e != null) {
                dropped.add(e);
            }
            unknownCount -= states[i] == UNKNOWN ? 1 : 0;
            entries[i] = null;
            states[i] = ABSENT;
        }
        base = Math.max(base, newBase);
        dropConfigsTo(base);
        last = Math.max(last, newBase);
        advanceContig();
    }

    private void ensureCapacity(long slot) {
        if (slot - base <= mask) {
            return;
        }
        int capacity = (mask + 1) << 1;
        while (slot - base >= capacity) {
            capacity <<= 1;
        }
        @Nullable Entry[] newEntries = Arrays.copyOf(new @Nullable Entry[0], capacity);
        byte[] newStates = new byte[capacity];
        for (long s = base + 1; s <= last; s++) {
            newEntries[(int) s & (capacity - 1)] = entries[(int) s & mask];
            newStates[(int) s & (capacity - 1)] = states[(int) s & mask];
        }
        entries = newEntries;
        states = newStates;
        mask = capacity - 1;
    }

    /** The runs of slots in (from, to] that are in the given state; one that is rewritten is in both. */
    public List<SlotRun> runs(long from, long to, byte state) {
        List<SlotRun> out = new ArrayList<>();
        long first = 0;
        long end = Math.min(to, last);
        for (long s = Math.max(from, base) + 1; s <= end; s++) {
            byte found = states[(int) s & mask];
            boolean in = found == state || (found == REWRITING && (state == UNKNOWN || state == WRITING));
            if (in && first == 0) {
                first = s;
            } else if (!in && first != 0) {
                out.add(new SlotRun(first, s - 1));
                first = 0;
            }
        }
        if (first != 0) {
            out.add(new SlotRun(first, end));
        }
        return out;
    }
}
