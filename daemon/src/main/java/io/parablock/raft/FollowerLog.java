package io.parablock.raft;

import io.parablock.raft.log.Entry;
import io.parablock.raft.log.OriginRun;
import io.parablock.raft.log.OriginRuns;
import io.parablock.raft.log.RaftLog;
import io.parablock.raft.log.SlotRun;
import io.parablock.raft.message.Message;
import io.parablock.raft.state.SyncRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.agrona.collections.Long2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/** The follower's side of a term (protocol.md §4): sync to the merged log, then take entries in any order. */
final class FollowerLog {
    private static final class Staged {
        final Entry entry;
        boolean durable;

        Staged(Entry entry) {
            this.entry = entry;
        }
    }

    private final CoreState state;
    private final int fetchSlotsMax;
    private final long[] depWords;

    // The sync under way, or null. The old effective log stands until it is complete.
    private Message.@Nullable SyncBegin syncing;
    private OriginRuns syncOrigins = new OriginRuns();
    private final Long2ObjectHashMap<Staged> staged = new Long2ObjectHashMap<>();
    /** Slots of the merged log up to it are here, as own entries or staged. */
    private long syncedTo;

    private long lastFetchNs;
    private long fetchedTo;

    // Acknowledgements gathered since the last endOfBatch.
    private final List<SlotRun> acks = new ArrayList<>();
    private boolean ackWanted;
    private long ackRound;
    private long strictAckedTo;
    final PendingForces forces;

    FollowerLog(CoreState state) {
        this.state = state;
        this.fetchSlotsMax = state.config.fetchSlotsMax();
        this.forces = new PendingForces(state);
        this.depWords = new long[Math.max(64, state.config.span()) / 64];
    }

    /** A new term or role: nothing of an older term is acknowledged any more, even if its write completes later. */
    void reset() {
        acks.clear();
        ackWanted = false;
        ackRound = 0;
        forces.clear();
        strictAckedTo = 0;
        abandonSync();
    }

    void abandonSync() {
        syncing = null;
        for (Staged s : staged.values()) {
            if (!state.keepFetched(s.entry, s.durable)) {
                state.output.dropped.add(s.entry);
            }
        }
        staged.clear();
    }

    boolean isSyncing() {
        return syncing != null;
    }

    // ---------------------------------------------------------------- sync

    void onSyncBegin(Message.SyncBegin m) {
        if (!state.maySync()) {
            return;
        }
        if (state.isSynced()) {
            wantInstall(state.log.contigPrefix() + 1, m.leaderLogBase());
            sendSyncAck();
            return;
        }
        if (state.isAboutToInstall()) {
            return;
        }
        if (syncing != null) {
            // The leader may have cut its log since the sync began.
            wantInstall(syncedTo + 1, m.leaderLogBase());
            return;
        }
        syncing = m;
        syncOrigins = new OriginRuns(m.runs());
        // Committed slots have one origin for ever; only what lies above them can differ.
        syncedTo = Math.min(state.log.contigPrefix(), state.committed.watermark());
        fetchedTo = syncedTo;
        continueSync();
    }

    private void continueSync() {
        Message.SyncBegin m = syncing;
        if (m == null) {
            return;
        }
        while (syncedTo < m.m() && holds(syncedTo + 1)) {
            syncedTo++;
        }
        if (syncedTo >= m.m()) {
            completeSync(m);
        } else {
            fetchMissing(m);
        }
    }

    private boolean holds(long slot) {
        if (slot <= state.checkpoint || isNoop(slot)) {
            return true;
        }
        Entry own = state.log.get(slot);
        if (own != null && own.origin() == syncOrigins.origin(slot) && state.log.isDurable(slot)) {
            return true;
        }
        Staged s = staged.get(slot);
        return s != null && s.durable;
    }

    private boolean isOnItsWay(long slot) {
        Entry own = state.log.get(slot);
        return staged.containsKey(slot)
                || (own != null
                        && own.origin() == syncOrigins.origin(slot)
                        && state.log.state(slot) == RaftLog.WRITING);
    }

    private boolean isNoop(long slot) {
        Message.SyncBegin m = syncing;
        return m != null && contains(m.noops(), slot);
    }

    private static boolean contains(List<SlotRun> runs, long slot) {
        for (SlotRun r : runs) {
            if (slot >= r.first() && slot <= r.last()) {
                return true;
            }
        }
        return false;
    }

    private void fetchMissing(Message.SyncBegin m) {
        if (syncedTo + 1 <= m.leaderLogBase()) {
            wantInstall(syncedTo + 1, m.leaderLogBase());
            return;
        }
        if (state.leader == 0) {
            return;
        }
        boolean overdue = state.nowNs - lastFetchNs >= state.config.retransmitNs();
        if (fetchedTo > syncedTo + fetchSlotsMax / 2 && !overdue) {
            return;
        }
        List<OriginRun> wanted = new ArrayList<>();
        long from = overdue ? syncedTo : Math.max(syncedTo, fetchedTo);
        long to = Math.min(m.m(), syncedTo + fetchSlotsMax);
        for (long s = from + 1; s <= to; s++) {
            if (!holds(s) && !isOnItsWay(s)) {
                addRun(wanted, s, syncOrigins.origin(s));
            }
        }
        fetchedTo = Math.max(fetchedTo, to);
        if (!wanted.isEmpty()) {
            lastFetchNs = state.nowNs;
            state.send(state.leader, new Message.Fetch(state.term, wanted));
        }
    }

    private void wantInstall(long slot, long leaderLogBase) {
        if (slot <= leaderLogBase && !state.needsInstall) {
            state.needsInstall = true;
            state.goneUpTo = leaderLogBase;
            state.output.event = "slot " + slot + " is gone from the leader's log (base " + leaderLogBase
                    + "): this replica needs an install";
        }
    }

    static void addRun(List<OriginRun> runs, long slot, long origin) {
        int end = runs.size() - 1;
        if (end >= 0 && runs.get(end).last() == slot - 1 && runs.get(end).origin() == origin) {
            runs.set(end, new OriginRun(runs.get(end).first(), slot, origin));
        } else {
            runs.add(new OriginRun(slot, slot, origin));
        }
    }

    private void completeSync(Message.SyncBegin m) {
        SyncRecord record = new SyncRecord(m.term(), m.m(), m.runs(), noopsOf(m));
        for (long s = Math.max(state.committed.watermark(), state.log.base()) + 1; s <= m.m(); s++) {
            replaceBySync(s);
        }
        // What is committed may still be a hole here, or damaged: those slots were staged too.
        for (Staged s : staged.values()) {
            if (s.entry.slot() > state.log.base() && !state.log.isDurable(s.entry.slot())) {
                state.log.putDurable(s.entry);
            }
        }
        staged.clear();
        syncing = null;
        state.adopt(record);
        strictAckedTo = m.m();
        sendSyncAck();
    }

    private void sendSyncAck() {
        if (state.leader != 0 && !state.isSilent()) {
            state.send(state.leader, new Message.SyncAck(state.term));
        }
    }

    /** The amnesia is over: everything held counts again. */
    void onCured() {
        ackWanted = true;
        sendSyncAck();
        forces.advance();
    }

    /** The leader's no-ops, and the own ones below the leader's log base: they are in no WAL, only in SYNCRECs. */
    private List<SlotRun> noopsOf(Message.SyncBegin m) {
        TreeSet<Long> slots = new TreeSet<>();
        for (SlotRun r : m.noops()) {
            for (long s = r.first(); s <= r.last(); s++) {
                slots.add(s);
            }
        }
        for (SlotRun r : state.noops) {
            for (long s = Math.max(r.first(), state.log.base() + 1); s <= Math.min(r.last(), m.leaderLogBase()); s++) {
                if (syncOrigins.origin(s) == state.origins.origin(s)) {
                    slots.add(s);
                }
            }
        }
        List<SlotRun> runs = new ArrayList<>();
        for (long s : slots) {
            MergeStage.addSlot(runs, s);
        }
        return runs;
    }

    private void replaceBySync(long slot) {
        long origin = syncOrigins.origin(slot);
        Entry own = state.log.get(slot);
        if (own != null && own.origin() == origin && state.log.isDurable(slot)) {
            return;
        }
        if (slot <= state.checkpoint) {
            return;
        }
        if (!state.committed.contains(slot)) {
            state.dropDead(slot);
        }
        if (isNoop(slot)) {
            state.log.putDurable(Entry.noop(slot, origin));
        } else {
            Staged s = staged.remove(slot);
            if (s == null) {
                throw new AssertionError("invariant 4: slot " + slot + " of the merged log is not held");
            }
            state.log.putDurable(s.entry);
        }
    }

    /** Entries that this node fetched for a sync. */
    void onEntries(Message.Entries m) {
        m.entries().forEach(this::stage);
        continueSync();
    }

    private void stage(Entry e) {
        Message.SyncBegin m = syncing;
        if (m == null
                || e.slot() > m.m()
                || e.slot() > syncedTo + 2L * fetchSlotsMax
                || e.slot() <= state.log.base()
                || syncOrigins.origin(e.slot()) != e.origin()
                || holds(e.slot())
                || isOnItsWay(e.slot())) {
            return;
        }
        staged.put(e.slot(), new Staged(e));
        state.output.appends.add(e);
    }

    // ---------------------------------------------------------------- append

    void onAppend(Message.Append m) {
        if (state.isSilent()) {
            return;
        }
        ackWanted = true;
        ackRound = Math.max(ackRound, m.round());
        if (!state.mayAck()) {
            requestSync();
            return;
        }
        learnExtents(m);
        m.entries().forEach(this::accept);
        onCommitNotice(m.commit());
    }

    private void requestSync() {
        boolean maySync = state.maySync() && !state.isAboutToInstall();
        if (syncing == null && !state.isSilent() && maySync && state.leader != 0) {
            state.send(state.leader, new Message.SyncRequest(state.term));
        }
    }

    private void learnExtents(Message.Append m) {
        long[] lb = m.lookBehind();
        for (int i = 0; i + 1 < lb.length; i += 2) {
            long slot = m.lookBehindFirst() + i / 2;
            if (slot > state.lookBehind.highest() - state.config.span() && !state.lookBehind.known(slot)) {
                if (lb[i + 1] < 0) {
                    state.lookBehind.putBarrier(slot);
                } else {
                    state.lookBehind.put(slot, lb[i], lb[i + 1]);
                }
            }
        }
    }

    private void accept(Entry e) {
        long slot = e.slot();
        if (e.origin() != state.term || slot <= state.mSync || slot > state.acceptLimit()) {
            return;
        }
        byte held = state.log.state(slot);
        if (slot <= state.log.contigPrefix() || held == RaftLog.DURABLE) {
            ackDurable(slot);
            return;
        }
        if (held == RaftLog.WRITING) {
            return;
        }
        boolean any = state.lookBehind.dependencies(slot, e.offsetBytes(), e.lengthBytes(), e.isBarrier(), 0, depWords);
        Entry mine = e.withDep(any && state.guards.lookBehind ? depWords.clone() : new long[0]);
        if (slot > state.lookBehind.highest() - state.config.span()) {
            state.lookBehindPut(mine);
        }
        state.log.putWriting(mine);
        state.output.appends.add(mine);
        if (!state.guards.ackDurable) {
            ackDurable(slot);
        }
    }

    void onDurable(long slot, long origin) {
        Staged s = staged.get(slot);
        if (s != null && s.entry.origin() == origin) {
            s.durable = true;
            continueSync();
            return;
        }
        Entry e = state.log.get(slot);
        if (e == null || e.origin() != origin || state.log.state(slot) != RaftLog.WRITING) {
            return;
        }
        state.log.markDurable(slot);
        if (syncing != null) {
            continueSync();
        }
        if (state.mayAck() && slot > state.mSync && origin == state.term && state.role == Role.FOLLOWER) {
            ackDurable(slot);
        } else if (!state.guards.noLateAck && origin == state.syncTerm && origin < state.term) {
            state.sendToOthers(new Message.AppendAck(origin, List.of(new SlotRun(slot, slot)), 0, 0, 0));
        }
        state.apply.onDurable(slot, state.output.applies);
        forces.advance();
    }

    private void ackDurable(long slot) {
        if (state.isSilent()) {
            return;
        }
        ackWanted = true;
        if (state.isStrict()) {
            long to = state.log.contigPrefix();
            if (to > Math.max(strictAckedTo, state.mSync)) {
                acks.add(new SlotRun(Math.max(strictAckedTo, state.mSync) + 1, to));
                strictAckedTo = to;
            }
            return;
        }
        if (slot > state.log.contigPrefix()) {
            state.ackedOutOfOrder++;
        }
        int end = acks.size() - 1;
        if (end >= 0 && acks.get(end).last() == slot - 1) {
            acks.set(end, new SlotRun(acks.get(end).first(), slot));
        } else {
            acks.add(new SlotRun(slot, slot));
        }
    }

    // ---------------------------------------------------------------- heartbeat, commit

    void onHeartbeat(Message.Heartbeat m) {
        if (state.isSynced() || !state.guards.noticeOnlySynced) {
            onCommitNotice(m.commit());
        } else {
            requestSync();
        }
        state.send(
                state.leader,
                new Message.HeartbeatAck(
                        state.term,
                        m.round(),
                        state.isSilent() ? 0 : state.syncTerm,
                        state.log.contigPrefix(),
                        state.apply.appliedPrefix(),
                        state.acceptLimit(),
                        state.installing || state.storeMatch.isDamaged()));
    }

    /** Counts only here because syncTerm == term: the effective entry at a slot then is the committed one. */
    private void onCommitNotice(Message.CommitNotice notice) {
        state.floor = Math.max(state.floor, notice.floor());
        state.commitTo(notice.watermark());
        for (SlotRun run : notice.runs()) {
            for (long s = Math.max(run.first(), state.committed.watermark() + 1); s <= run.last(); s++) {
                state.commit(s);
            }
        }
    }

    void endOfBatch() {
        if (ackWanted && state.leader != 0 && state.role == Role.FOLLOWER) {
            List<SlotRun> slots = List.copyOf(acks);
            state.send(
                    state.leader,
                    new Message.AppendAck(
                            state.term,
                            slots,
                            ackRound,
                            state.isSynced() && !state.isSilent() ? state.log.contigPrefix() : 0,
                            state.acceptLimit()));
        }
        acks.clear();
        ackWanted = false;
    }

    /** Repeats what may have been lost: fetches of a sync. */
    void tick() {
        continueSync();
    }
}
