package io.parablock.simulator.check;

import io.parablock.raft.Role;
import io.parablock.raft.log.SlotRun;
import io.parablock.raft.state.Checkpoint;
import io.parablock.raft.state.HardState;
import io.parablock.raft.state.SyncRecord;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The truth about a cluster, from outside: what is committed follows from the acknowledgements that left the nodes and from
 * the disks, never from the cores' own marks. Judges nothing; the checkers do. Hears every event before they do.
 */
final class Ledger implements ClusterEvents {
    /** Told of what follows from events. */
    interface Listener {
        /** A quorum acknowledged the slot in this term; again for a second origin, or an earlier term. */
        default void onCommit(long term, long slot, long origin) {}

        /** The first SYNCREC of this term is durable. */
        default void onMerged(int node, long term, MergedLog log) {}
    }

    /** @param term the first term known in which the slot was committed */
    record Commit(long origin, long term) {}

    /** Who acknowledged the slots above m in one term, as a bit per node. */
    private static final class Acks {
        int[] nodes = new int[64];
        final long[] prefixOf;
        long strictCommittedTo;
        int synced;

        Acks(int voters, long m) {
            prefixOf = new long[voters + 1];
            Arrays.fill(prefixOf, m);
            strictCommittedTo = m;
        }

        int of(long index) {
            return index >= nodes.length ? 0 : nodes[(int) index];
        }

        boolean add(long index, int bit) {
            if (index >= nodes.length) {
                nodes = Arrays.copyOf(nodes, (int) Math.max(index + 1, nodes.length * 2L));
            }
            boolean isNew = (nodes[(int) index] & bit) == 0;
            nodes[(int) index] |= bit;
            return isNew;
        }
    }

    private final Shape shape;
    private final ClusterView view;
    private final List<Listener> listeners = new ArrayList<>();
    private final DiskBook[] disks;
    private final DiskBook[] wiped;
    private final StoreBook[] stores;
    private final SeatBook seats;
    private final Map<Long, Integer> leaderOf = new HashMap<>();
    private final TreeMap<Long, MergedLog> merged = new TreeMap<>();
    private final Map<Long, Acks> acks = new HashMap<>();
    private final Set<Long> everyVoterMerges = new HashSet<>();
    private long[] base = new long[0];
    private long baseSlot;
    private final SlotTable<Commit> committed = new SlotTable<>();
    private final SlotTable<List<EntryView>> values = new SlotTable<>();
    private long committedPrefix;

    Ledger(Shape shape, ClusterView view) {
        this.shape = shape;
        this.view = view;
        this.seats = new SeatBook(shape.voters(), view);
        this.disks = new DiskBook[shape.voters() + 1];
        this.wiped = new DiskBook[shape.voters() + 1];
        this.stores = new StoreBook[shape.voters() + 1];
        for (int i = 0; i < disks.length; i++) {
            disks[i] = new DiskBook();
            wiped[i] = new DiskBook();
            stores[i] = new StoreBook(this);
        }
    }

    void add(Listener listener) {
        listeners.add(listener);
    }

    Shape shape() {
        return shape;
    }

    // ---- questions ----

    DiskBook disk(int node) {
        return disks[node];
    }

    /** The disk that the node had before it was wiped; empty if it never was. */
    DiskBook wipedDisk(int node) {
        return wiped[node];
    }

    SeatBook seats() {
        return seats;
    }

    StoreBook store(int node) {
        return stores[node];
    }

    /** 0 for none. */
    int leaderOf(long term) {
        return leaderOf.getOrDefault(term, 0);
    }

    @Nullable
    MergedLog mergedLog(long term) {
        return merged.get(term);
    }

    void forEachMergedAfter(long term, BiConsumer<Long, MergedLog> action) {
        merged.tailMap(term, false).forEach(action);
    }

    @Nullable
    Commit committed(long slot) {
        return committed.get(slot);
    }

    boolean isCommitted(long slot, long origin) {
        Commit c = committed.get(slot);
        return c != null && c.origin() == origin;
    }

    /** Every slot up to it is committed. */
    long committedPrefix() {
        while (committed.get(committedPrefix + 1) != null) {
            committedPrefix++;
        }
        return committedPrefix;
    }

    long lastCommitted() {
        return committed.last();
    }

    /** The value first seen for an identity. */
    @Nullable
    EntryView value(long slot, long origin) {
        List<EntryView> of = values.get(slot);
        if (of != null) {
            for (EntryView e : of) {
                if (e.origin() == origin) {
                    return e;
                }
            }
        }
        return null;
    }

    /** The value committed at a slot, as far as one was seen. */
    @Nullable
    EntryView committedValue(long slot) {
        Commit c = committed.get(slot);
        return c == null ? null : value(slot, c.origin());
    }

    /** The node acknowledged the slot in the term (or its leader counted itself). */
    boolean hasAcked(int node, long term, long slot) {
        Acks a = acks.get(term);
        MergedLog base = merged.get(term);
        return a != null && base != null && slot > base.m() && (a.of(slot - base.m()) & bit(node)) != 0;
    }

    // ---- disks ----

    @Override
    public void onCrashed(int node) {
        disks[node].crashed();
    }

    @Override
    public void onWiped(int node) {
        seats.onWiped(node);
        wiped[node] = disks[node];
        disks[node] = new DiskBook();
        stores[node].restart(0);
    }

    /** The disk that was lost is in its node again. */
    void diskIsBack(int node) {
        disks[node] = wiped[node];
        stores[node].restart(0);
    }

    @Override
    public void onStarted(int node, long boot) {
        stores[node].restart(disks[node].checkpoint().a());
    }

    @Override
    public void onApplied(int node, EntryView entry) {
        stores[node].apply(entry.slot());
    }

    @Override
    public void onHardStateDurable(int node, HardState hard) {
        disks[node].hard(hard);
    }

    @Override
    public void onSyncRecordDurable(int node, SyncRecord record) {
        MergedLog log = new MergedLog(record);
        disks[node].sync(record);
        for (SlotRun r : record.noops()) {
            for (long s = r.first(); s <= r.last(); s++) {
                remember(EntryView.noop(s, log.origin(s)));
            }
        }
        if (merged.putIfAbsent(record.term(), log) == null) {
            acks.put(record.term(), new Acks(shape.voters(), log.m()));
            if (everyVoterMerges.contains(record.term())) {
                commitAnew(record.term(), log);
            }
            listeners.forEach(l -> l.onMerged(node, record.term(), log));
        }
        if (leaderOf(record.term()) == node) {
            countSync(node, record.term());
        }
    }

    @Override
    public void onCheckpointDurable(int node, Checkpoint checkpoint, boolean installed) {
        disks[node].checkpoint(checkpoint, installed);
        if (installed) {
            stores[node].restart(checkpoint.a());
        }
    }

    @Override
    public void onInstallBegun(int node) {
        disks[node].installBegun();
    }

    @Override
    public void onEntryDurable(int node, EntryView entry) {
        remember(entry);
        disks[node].put(entry);
    }

    @Override
    public void onDurableTold(int node, long slot, long origin) {
        if (leaderOf(origin) == node
                && view.node(node).term() == origin
                && view.node(node).role() == Role.LEADER) {
            count(node, origin, slot);
        }
    }

    @Override
    public void onEntryLost(int node, long slot, long origin, boolean unknown) {
        disks[node].lose(slot, origin, unknown);
    }

    @Override
    public void onForceBegun(int node, long forceId) {
        disks[node].forceBegun(forceId);
    }

    @Override
    public void onForceEnded(int node, long forceId) {
        disks[node].forceEnded(forceId);
    }

    @Override
    public void onTruncated(int node, long to) {
        disks[node].truncate(to);
    }

    // ---- wire ----

    @Override
    public void onAckSent(int node, long term, long first, long last) {
        for (long s = first; s <= last; s++) {
            count(node, term, s);
        }
    }

    @Override
    public void onPrefixSent(int node, long term, long prefix) {
        Acks a = acks.get(term);
        if (a != null) {
            for (long s = a.prefixOf[node] + 1; s <= prefix; s++) {
                count(node, term, s);
            }
            a.prefixOf[node] = Math.max(a.prefixOf[node], prefix);
        }
    }

    @Override
    public void onSyncAckSent(int node, long term) {
        countSync(node, term);
    }

    @Override
    public void onEntrySent(int node, long term, EntryView entry) {
        remember(entry);
    }

    @Override
    public void onProposed(int node, long term, EntryView entry) {
        remember(entry);
    }

    @Override
    public void onLeader(int node, long term) {
        if (leaderOf.putIfAbsent(term, node) == null && disks[node].syncTerm() == term) {
            countSync(node, term);
        }
    }

    @Override
    public void onAmnesiacMerge(int node, long term) {
        everyVoterMerges.add(term);
        baseSlot = stores[node].issuedPrefix();
        base = new long[(int) view.sectors()];
        for (int s = 0; s < base.length; s++) {
            base[s] = view.node(node).sectorStamp(s);
        }
    }

    /** Slots up to it are in {@link #baseStamp}, and so is whatever reached the store of slots that are lost. */
    long baseSlot() {
        return baseSlot;
    }

    /** What a sector held in the store that counted in the last merge over every voter; 0 before the first one. */
    long baseStamp(int sector) {
        return base.length == 0 ? 0 : base[sector];
    }

    /**
     * What the merge over every voter does not keep is gone; what was flushed is checked by FlushChecker. Nobody counts any more
     * who does not have this merged log, so it is committed at once.
     */
    private void commitAnew(long term, MergedLog log) {
        for (long s = 1; s <= committed.last(); s++) {
            committed.put(s, null);
        }
        committedPrefix = 0;
        for (long s = 1; s <= log.m(); s++) {
            commit(term, s, log.origin(s));
        }
    }

    // ---- counting ----

    private static int bit(int node) {
        return 1 << node;
    }

    private void remember(EntryView e) {
        List<EntryView> of = values.get(e.slot());
        if (of == null) {
            of = new ArrayList<>(1);
            values.put(e.slot(), of);
        }
        for (EntryView known : of) {
            if (known.origin() == e.origin()) {
                return;
            }
        }
        of.add(e);
        seats.remember(e);
    }

    private void count(int node, long term, long slot) {
        Acks a = acks.get(term);
        MergedLog base = merged.get(term);
        if (a == null || base == null || slot <= base.m() || !seats.counts(node, term, base, slot)) {
            return;
        }
        long i = slot - base.m();
        if (!a.add(i, bit(node)) || Integer.bitCount(a.of(i)) != shape.quorum()) {
            return;
        }
        if (!shape.strict()) {
            commit(term, slot, term);
            return;
        }
        while (Integer.bitCount(a.of(a.strictCommittedTo + 1 - base.m())) >= shape.quorum()) {
            a.strictCommittedTo++;
            commit(term, a.strictCommittedTo, term);
        }
    }

    private void countSync(int node, long term) {
        Acks a = acks.get(term);
        MergedLog log = merged.get(term);
        if (a == null || log == null || (a.synced & bit(node)) != 0 || !seats.counts(node, term, log, 0)) {
            return;
        }
        a.synced |= bit(node);
        if (Integer.bitCount(a.synced) == shape.quorum()) {
            for (long s = 1; s <= log.m(); s++) {
                commit(term, s, log.origin(s));
            }
        }
    }

    private void commit(long term, long slot, long origin) {
        Commit old = committed.get(slot);
        if (old != null && old.origin() == origin && old.term() <= term) {
            return;
        }
        if (old == null || old.origin() == origin) {
            committed.put(slot, new Commit(origin, term));
        }
        for (Listener l : listeners) {
            l.onCommit(term, slot, origin);
        }
    }
}
