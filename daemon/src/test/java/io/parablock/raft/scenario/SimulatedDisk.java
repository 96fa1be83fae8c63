package io.parablock.raft.scenario;

import io.parablock.raft.log.Entry;
import io.parablock.raft.log.OriginRun;
import io.parablock.raft.log.SlotRun;
import io.parablock.raft.state.Checkpoint;
import io.parablock.raft.state.HardState;
import io.parablock.raft.state.RecoveredState;
import io.parablock.raft.state.SyncRecord;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** What survives a crash of one node. Knows the protocol's effective log (protocol.md §1) on its own account. */
final class SimulatedDisk {
    HardState hard = HardState.FRESH;

    @Nullable
    SyncRecord sync;

    Checkpoint checkpoint = Checkpoint.EMPTY;

    /** WAL order, duplicates included. */
    final List<Entry> wal = new ArrayList<>();

    /** Slots whose records have become unreadable. */
    final Set<Long> damaged = new TreeSet<>();

    /** durability=mapped: what a power loss may take, and what one took. */
    final Set<Entry> unforced = Collections.newSetFromMap(new IdentityHashMap<>());

    final Set<Long> lost = new TreeSet<>();

    /** The machine restarted uncleanly, and the replica has not been cured since (the clean mark). */
    boolean amnesiac;

    /** The WAL has dropped the slots up to this. */
    long truncated;

    /** The recovered syncTerm is SYNCREC.t. */
    long syncTerm() {
        return sync == null ? 0 : sync.term();
    }

    long mSync() {
        return sync == null ? 0 : sync.m();
    }

    void write(Entry e) {
        damaged.remove(e.slot());
        Entry copy = e.withDep(e.dep().clone());
        wal.add(copy);
        unforced.add(copy);
    }

    void force(Collection<Entry> written) {
        unforced.removeAll(written);
    }

    /** @return what is gone */
    List<Entry> losePower(Predicate<Entry> takes) {
        List<Entry> gone = wal.stream().filter(unforced::contains).filter(takes).toList();
        Set<Entry> copies = Collections.newSetFromMap(new IdentityHashMap<>());
        copies.addAll(gone);
        wal.removeIf(copies::contains);
        gone.forEach(e -> lost.add(e.slot()));
        unforced.clear();
        amnesiac = true;
        return gone;
    }

    boolean holds(long slot, long origin) {
        return wal.stream().anyMatch(e -> e.slot() == slot && e.origin() == origin);
    }

    /** The origin that the effective log has at a slot; 0 below the first run. */
    long effectiveOrigin(long slot) {
        if (sync == null) {
            return 0;
        }
        if (slot > sync.m()) {
            return sync.term();
        }
        for (OriginRun r : sync.runs()) {
            if (r.first() <= slot && slot <= r.last()) {
                return r.origin();
            }
        }
        return 0;
    }

    boolean isNoop(long slot) {
        if (sync != null) {
            for (SlotRun r : sync.noops()) {
                if (r.first() <= slot && slot <= r.last()) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Durably PRESENT in the effective log, or covered by the checkpoint. */
    boolean holdsEffective(long slot) {
        return slot <= checkpoint.a()
                || slot <= truncated
                || (slot <= mSync() && isNoop(slot))
                || holds(slot, effectiveOrigin(slot));
    }

    /** In the log itself, not only in the store. */
    boolean holdsInLog(long slot) {
        return (slot <= mSync() && isNoop(slot)) || holds(slot, effectiveOrigin(slot));
    }

    void truncate(long to) {
        truncated = Math.max(truncated, to);
        wal.removeIf(e -> e.slot() <= to);
    }

    /** A record has rotted: its identity is gone, its place is known. */
    void damage(long slot) {
        if (wal.removeIf(e -> e.slot() == slot)) {
            damaged.add(slot);
        }
    }

    RecoveredState recovered() {
        List<Entry> copies = new ArrayList<>();
        for (Entry e : wal) {
            if (e.slot() > checkpoint.logBase()) {
                copies.add(e.withDep(e.dep().clone()));
            }
        }
        List<Long> bad = new ArrayList<>();
        for (long s : damaged) {
            if (s > checkpoint.logBase()) {
                bad.add(s);
            }
        }
        return new RecoveredState(hard, sync, checkpoint, copies, bad, amnesiac);
    }
}
