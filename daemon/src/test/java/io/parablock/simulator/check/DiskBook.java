package io.parablock.simulator.check;

import io.parablock.raft.state.Checkpoint;
import io.parablock.raft.state.HardState;
import io.parablock.raft.state.SyncRecord;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What one node's disk has, as it was told; knows the effective log (protocol.md §1) on its own account. */
final class DiskBook {
    private static final class Copy {
        EntryView entry;

        @Nullable
        Copy older;

        SlotState state = SlotState.PRESENT;
        boolean forced;

        Copy(EntryView entry, @Nullable Copy older) {
            this.entry = entry;
            this.older = older;
        }
    }

    private HardState hard = HardState.FRESH;
    private @Nullable MergedLog merged;
    private long syncTerm;
    private Checkpoint checkpoint = Checkpoint.EMPTY;
    private boolean installing;
    private long truncated;
    private final SlotTable<Copy> copies = new SlotTable<>();
    private long contig;
    private final Set<Copy> unforced = new HashSet<>();
    private final Map<Long, Set<Copy>> forces = new HashMap<>();

    HardState hard() {
        return hard;
    }

    /** The recovered syncTerm is SYNCREC.t. */
    long syncTerm() {
        return syncTerm;
    }

    long mSync() {
        return merged == null ? 0 : merged.m();
    }

    /** The term that a start would take up. */
    long term() {
        return Math.max(hard.term(), syncTerm);
    }

    Checkpoint checkpoint() {
        return checkpoint;
    }

    boolean isInstalling() {
        return installing;
    }

    long truncated() {
        return truncated;
    }

    void hard(HardState next) {
        hard = next;
    }

    void sync(SyncRecord record) {
        merged = new MergedLog(record);
        syncTerm = record.term();
        contig = Math.min(contig, covered());
    }

    void checkpoint(Checkpoint next, boolean installed) {
        checkpoint = next;
        if (installed) {
            installing = false;
        }
    }

    void installBegun() {
        installing = true;
    }

    void put(EntryView e) {
        Copy known = find(e.slot(), e.origin());
        if (known == null) {
            known = new Copy(e, copies.get(e.slot()));
            copies.put(e.slot(), known);
        } else {
            known.entry = e;
            known.state = SlotState.PRESENT;
        }
        unforced.add(known);
    }

    void lose(long slot, long origin, boolean unknown) {
        Copy c = find(slot, origin);
        if (c != null) {
            c.state = unknown ? SlotState.UNKNOWN : SlotState.ABSENT;
            c.forced = false;
        }
        contig = Math.min(contig, covered());
    }

    void forceBegun(long id) {
        forces.put(id, new HashSet<>(unforced));
    }

    void forceEnded(long id) {
        Set<Copy> done = forces.remove(id);
        if (done != null) {
            done.forEach(c -> c.forced = c.state == SlotState.PRESENT);
            unforced.removeAll(done);
        }
    }

    void crashed() {
        forces.clear();
    }

    void truncate(long to) {
        for (long s = truncated + 1; s <= Math.min(to, copies.last()); s++) {
            copies.put(s, null);
        }
        unforced.removeIf(c -> c.entry.slot() <= to);
        truncated = Math.max(truncated, to);
    }

    private @Nullable Copy find(long slot, long origin) {
        for (Copy c = copies.get(slot); c != null; c = c.older) {
            if (c.entry.origin() == origin) {
                return c;
            }
        }
        return null;
    }

    SlotState state(long slot, long origin) {
        Copy c = find(slot, origin);
        return c == null ? SlotState.ABSENT : c.state;
    }

    /** It was durable here once, or is covered by the store: what a floor counts. */
    boolean hasHeld(long slot, long origin) {
        return isInStore(slot) || isNoop(slot) || find(slot, origin) != null;
    }

    boolean isForced(long slot, long origin) {
        Copy c = find(slot, origin);
        return isInStore(slot) || isNoop(slot) || (c != null && c.forced);
    }

    /** The origin that the effective log has, or would have, at a slot; 0 before any sync. */
    long effectiveOrigin(long slot) {
        if (merged == null) {
            return 0;
        }
        return slot <= merged.m() ? merged.origin(slot) : syncTerm;
    }

    boolean isNoop(long slot) {
        return merged != null && slot <= merged.m() && merged.isNoop(slot);
    }

    /** The effective entry if its record is readable. */
    @Nullable
    EntryView effective(long slot) {
        Copy c = find(slot, effectiveOrigin(slot));
        return c == null || c.state != SlotState.PRESENT ? null : c.entry;
    }

    @Nullable
    EntryView held(long slot, long origin) {
        Copy c = find(slot, origin);
        return c == null || c.state != SlotState.PRESENT ? null : c.entry;
    }

    /** Slots that no log needs to have. An install's end counts as a checkpoint; its begin takes nothing from it (§7). */
    private long covered() {
        return Math.max(checkpoint.a(), truncated);
    }

    /** The store has the slot, and is not being overwritten. */
    private boolean isInStore(long slot) {
        return slot <= covered() && !installing;
    }

    boolean isCovered(long slot) {
        return slot <= covered();
    }

    /** Durably PRESENT in the effective log, or covered by the checkpoint. */
    boolean holdsEffective(long slot) {
        return slot <= covered() || isNoop(slot) || state(slot, effectiveOrigin(slot)) == SlotState.PRESENT;
    }

    /** As {@link #holdsEffective}, or there is a record that cannot be read. */
    boolean mayHoldEffective(long slot) {
        return holdsEffective(slot) || state(slot, effectiveOrigin(slot)) == SlotState.UNKNOWN;
    }

    /** The longest prefix that is held, readable or not. */
    long contigPrefix() {
        contig = Math.max(contig, covered());
        while (mayHoldEffective(contig + 1) && contig < Math.max(copies.last(), mSync())) {
            contig++;
        }
        return contig;
    }

    long lastSlot() {
        return Math.max(copies.last(), mSync());
    }

    void forEachEffective(Consumer<EntryView> action) {
        for (long s = covered() + 1; s <= copies.last(); s++) {
            EntryView e = effective(s);
            if (e != null) {
                action.accept(e);
            }
        }
    }
}
