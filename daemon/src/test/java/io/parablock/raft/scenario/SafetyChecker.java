package io.parablock.raft.scenario;

import io.parablock.raft.Mode;
import io.parablock.raft.Role;
import io.parablock.raft.log.Entry;
import io.parablock.raft.log.EntryKind;
import io.parablock.raft.log.OriginRun;
import io.parablock.raft.log.SlotRun;
import io.parablock.raft.message.Message;
import io.parablock.raft.session.SessionTable;
import io.parablock.raft.state.Checkpoint;
import io.parablock.raft.state.HardState;
import io.parablock.raft.state.SyncRecord;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Safety as seen from outside (protocol.md §14): what is committed is derived from the acknowledgements on the wire and
 * from the disks, never from the core's own marks.
 */
final class SafetyChecker {
    private record Identity(long slot, long origin) {}

    private record Request(long session, long seq) {}

    /** The merged log of a term. */
    private record Merged(long m, Map<Long, Long> origins) {}

    private record PendingRead(int node, Set<Long> required) {}

    static final int BLOCK_BYTES = 4096;

    private final Mode mode;
    private boolean muted;
    private final int voters;
    private final int quorum;
    private final int span;
    final ScenarioSeats seats = new ScenarioSeats();
    private final Map<Identity, Entry> entries = new HashMap<>();
    private final Map<Long, Integer> leaderOf = new HashMap<>();
    private final TreeMap<Long, Merged> merged = new TreeMap<>();
    private final Map<Long, TreeMap<Long, Set<Integer>>> acks = new HashMap<>();
    private final Map<Long, Set<Integer>> syncAcks = new HashMap<>();
    private final Map<Request, Identity> slotOf = new HashMap<>();
    private final Map<Long, PendingRead> reads = new HashMap<>();

    /** Slot to the origin committed there, and the first term in which it was. */
    final TreeMap<Long, Long> committed = new TreeMap<>();

    private final Map<Long, Long> committedIn = new HashMap<>();

    /** The slots that a client has an answer for. */
    final TreeSet<Long> answered = new TreeSet<>();

    SafetyChecker(Mode mode, int voters, int span) {
        this.mode = mode;
        this.voters = voters;
        this.quorum = voters / 2 + 1;
        this.span = span;
    }

    static void require(boolean condition, String what) {
        if (!condition) {
            throw new AssertionError(what);
        }
    }

    void insist(boolean condition, String what) {
        require(condition || muted, what);
    }

    /** In a mutation test the simulator's checkers are to see it. */
    void mute() {
        muted = true;
    }

    // ---- disks ----

    void onHardState(SimulatedNode n, HardState next) {
        HardState old = n.disk.hard;
        String change = "node " + n.id + ": " + old + " -> " + next;
        insist(next.term() >= old.term(), "term went back, " + change);
        insist(next.syncTerm() >= old.syncTerm(), "syncTerm went back, " + change);
        insist(next.syncTerm() <= next.term(), "syncTerm above term, " + change);
        insist(
                next.term() != old.term() || old.votedFor() == 0 || next.votedFor() == old.votedFor(),
                "two votes in one term, " + change);
        insist(next.syncTerm() <= n.disk.syncTerm(), "META.syncTerm before its SYNCREC, " + change);
    }

    void onSyncRecord(SimulatedNode n, SyncRecord next) {
        insist(next.term() > n.disk.syncTerm(), "node " + n.id + ": SYNCREC went back to " + next.term());
        Map<Long, Long> origins = new HashMap<>();
        long expected = 1;
        for (OriginRun r : next.runs()) {
            insist(r.first() == expected, "node " + n.id + ": gap in the runs of " + next);
            for (long s = r.first(); s <= r.last(); s++) {
                origins.put(s, r.origin());
            }
            expected = r.last() + 1;
        }
        insist(expected == next.m() + 1, "node " + n.id + ": runs do not end at m, " + next);
        Merged mine = new Merged(next.m(), origins);
        Merged known = merged.putIfAbsent(next.term(), mine);
        insist(known == null || known.equals(mine), "two merged logs of term " + next.term() + ": " + known + mine);
        for (SlotRun r : next.noops()) {
            for (long s = r.first(); s <= r.last(); s++) {
                long origin = origins.getOrDefault(s, 0L);
                insist(origin > 0, "no-op outside the merged log: " + next);
                entries.putIfAbsent(new Identity(s, origin), Entry.noop(s, origin));
            }
        }
        SimulatedDisk d = n.disk;
        for (long s = Math.max(d.checkpoint.a(), d.truncated) + 1; s <= next.m(); s++) {
            long slot = s;
            boolean noop = next.noops().stream().anyMatch(r -> r.first() <= slot && slot <= r.last());
            insist(
                    noop || d.holds(s, origins.getOrDefault(s, 0L)),
                    "node " + n.id + " syncs to term " + next.term() + " without slot " + s);
        }
        if (known == null) {
            committed.forEach((slot, origin) -> requireKept(slot, origin, next.term(), mine));
        }
    }

    /** After the record is on the disk: the leader's own SYNCREC counts as its acknowledgement. */
    void afterSyncRecord(SimulatedNode n, long term) {
        if (leaderOf.getOrDefault(term, 0) == n.id) {
            countSyncAck(term, n.id);
        }
    }

    /** After an entry is on the disk: the leader's own copy counts once it is durable. */
    void afterDurable(SimulatedNode n, Entry e) {
        boolean ofItsLeader = leaderOf.getOrDefault(e.origin(), 0) == n.id && n.disk.hard.term() == e.origin();
        if (ofItsLeader && !SessionTable.isCloseOfEvery(e)) {
            countAck(e.origin(), e.slot(), n.id);
        }
    }

    // ---- commit, derived ----

    private void countAck(long term, long slot, int node) {
        Merged base = merged.get(term);
        insist(base != null, "an acknowledgement in term " + term + ", which has no merged log");
        if (base == null || slot <= base.m() || !seats.counts(node, term, base.m(), base.origins(), slot)) {
            return;
        }
        TreeMap<Long, Set<Integer>> ofTerm = acks.computeIfAbsent(term, t -> new TreeMap<>());
        Set<Integer> nodes = ofTerm.computeIfAbsent(slot, s -> new TreeSet<>());
        if (!nodes.add(node) || nodes.size() < quorum) {
            return;
        }
        if (mode == Mode.PARALLEL) {
            commit(term, slot, term);
            return;
        }
        for (long s = base.m() + 1; ofTerm.getOrDefault(s, Set.of()).size() >= quorum; s++) {
            commit(term, s, term);
        }
    }

    private void countSyncAck(long term, int node) {
        Set<Integer> nodes = syncAcks.computeIfAbsent(term, t -> new TreeSet<>());
        Merged base = merged.get(term);
        insist(base != null, "a SyncAck for term " + term + ", which has no merged log");
        boolean counts = base != null && seats.counts(node, term, base.m(), base.origins(), 0);
        if (counts && nodes.add(node) && nodes.size() == quorum && base != null) {
            base.origins().forEach((slot, origin) -> commit(term, slot, origin));
        }
    }

    private void commit(long term, long slot, long origin) {
        Long old = committed.putIfAbsent(slot, origin);
        insist(
                old == null || old == origin,
                "slot " + slot + " committed with origin " + old + " and, in term " + term + ", with " + origin);
        long since = committedIn.merge(slot, term, Math::min);
        if (old == null || since == term) {
            merged.tailMap(term, false).forEach((t, log) -> requireKept(slot, origin, t, log));
        }
        Entry e = entries.get(new Identity(slot, origin));
        if (old == null && e != null && e.session() != 0 && e.kind() != EntryKind.SESSION) {
            Identity first = slotOf.putIfAbsent(new Request(e.session(), e.seq()), new Identity(slot, origin));
            insist(first == null, "one request in two slots: " + e + " and " + first);
        }
    }

    private void requireKept(long slot, long origin, long term, Merged log) {
        if (committedIn.getOrDefault(slot, Long.MAX_VALUE) < term) {
            insist(
                    slot <= log.m() && log.origins().getOrDefault(slot, 0L) == origin,
                    "the merged log of term " + term + " lost committed slot " + slot + " of origin " + origin);
        }
    }

    // ---- wire ----

    void onSend(SimulatedNode n, int to, Message message) {
        // A durable SYNCREC(t) carries the term t with it: recovery starts at the greater of the two.
        long term = Math.max(n.disk.hard.term(), n.disk.syncTerm());
        insist(to >= 1 && to <= voters, "node " + n.id + " sends to nobody (" + to + "): " + message);
        String what = "node " + n.id + " (term " + term + ") sends " + message;
        if (message instanceof Message.AppendAck a) {
            insist(term == a.term(), "ack of another term: " + what);
            insist(n.disk.syncTerm() == a.term(), "ack without being synced: " + what);
            onAppendAck(n, a, what);
        } else if (message instanceof Message.SyncAck a) {
            insist(term == a.term() && n.disk.syncTerm() == a.term(), "SyncAck before SYNCREC: " + what);
            insist(n.disk.hard.syncTerm() == a.term(), "SyncAck before META.syncTerm: " + what);
            countSyncAck(a.term(), n.id);
        } else if (message instanceof Message.VoteReply v && v.granted()) {
            insist(n.disk.hard.votedFor() == to && term == v.term(), "vote not persisted: " + what);
            insist(v.syncTerm() == n.disk.syncTerm() && v.mSync() == n.disk.mSync(), "false report: " + what);
            for (SlotRun r : v.present()) {
                for (long s = r.first(); s <= r.last(); s++) {
                    insist(n.disk.holdsEffective(s), "reports slot " + s + " that it lacks: " + what);
                }
            }
        } else if (message instanceof Message.Vote v) {
            insist(term == v.term() && n.disk.hard.votedFor() == n.id, "campaign not persisted: " + what);
            requirePrefix(n, v.contigPrefix(), what);
        } else if (message instanceof Message.Append a) {
            insist(leaderOf.getOrDefault(a.term(), 0) == n.id, "Append of a node that does not lead: " + what);
            a.entries().forEach(this::onEntry);
        } else if (message instanceof Message.Entries a) {
            a.entries().forEach(this::onEntry);
        } else if (message instanceof Message.SyncBegin s) {
            insist(n.disk.syncTerm() == s.term(), "SyncBegin before its SYNCREC: " + what);
            insist(leaderOf.getOrDefault(s.term(), 0) == n.id, "SyncBegin of a node that does not lead: " + what);
        } else if (message instanceof Message.HeartbeatAck h && h.syncTerm() == h.term()) {
            insist(term == h.term() && n.disk.syncTerm() == term, "confirms another term: " + what);
            // It says no less than a SyncAck.
            countSyncAck(term, n.id);
            countPrefix(n, term, h.contigPrefix(), what);
        }
    }

    private void onAppendAck(SimulatedNode n, Message.AppendAck a, String what) {
        for (SlotRun r : a.slots()) {
            for (long s = r.first(); s <= r.last(); s++) {
                insist(n.disk.holdsEffective(s), "ack of slot " + s + " that is not durable: " + what);
                insist(n.disk.effectiveOrigin(s) == a.term() || s <= n.disk.mSync(), "ack of a dead entry: " + what);
                countAck(a.term(), s, n.id);
            }
            if (mode == Mode.STRICT) {
                requirePrefix(n, r.last(), "strict mode: " + what);
            }
        }
        countSyncAck(a.term(), n.id);
        countPrefix(n, a.term(), a.contigPrefix(), what);
    }

    /** A synced node's contiguous prefix acknowledges every slot in it. */
    private void countPrefix(SimulatedNode n, long term, long prefix, String what) {
        requirePrefix(n, prefix, what);
        for (long s = n.disk.mSync() + 1; s <= prefix; s++) {
            countAck(term, s, n.id);
        }
    }

    private void requirePrefix(SimulatedNode n, long prefix, String what) {
        for (long s = 1; s <= prefix; s++) {
            insist(n.disk.holdsEffective(s), "slot " + s + " is not held below the contiguous prefix: " + what);
        }
    }

    /** One value per (slot, origin). */
    void onEntry(Entry e) {
        Entry old = entries.putIfAbsent(new Identity(e.slot(), e.origin()), e);
        seats.onEntry(e);
        insist(
                old == null
                        || (old.equals(e)
                                && old.offsetBytes() == e.offsetBytes()
                                && old.lengthBytes() == e.lengthBytes()
                                && old.session() == e.session()
                                && old.seq() == e.seq()),
                "two values of one identity: " + old + " and " + e);
    }

    // ---- roles, answers, apply, reads ----

    void onRole(SimulatedNode n, Role role, long term) {
        if (role == Role.LEADER || role == Role.LEADER_CANDIDATE) {
            Integer old = leaderOf.putIfAbsent(term, n.id);
            insist(old == null || old == n.id, "term " + term + " has two leaders: " + old + " and " + n.id);
            SyncRecord s = n.disk.sync;
            if (s != null && s.term() == term) {
                countSyncAck(term, n.id);
            }
        }
    }

    /** Flow control: slot k is not assigned while k-N is uncommitted. */
    void onAssigned(SimulatedNode n, Entry e) {
        long blocking = e.slot() - span;
        insist(
                blocking < 1 || committed.containsKey(blocking),
                "node " + n.id + " assigns slot " + e.slot() + " while " + blocking + " is not committed");
    }

    void onAnswered(SimulatedNode n, Entry e) {
        insist(
                committed.getOrDefault(e.slot(), 0L) == e.origin(),
                "node " + n.id + " answers " + e + ", which no quorum acknowledged");
        answered.add(e.slot());
    }

    /** The durable flag changes nothing else; the end has exactly the committed origins up to its base. */
    void onInstallStep(SimulatedNode n, Checkpoint next) {
        Checkpoint old = n.disk.checkpoint;
        String what = "node " + n.id + ": install, " + old + " -> " + next;
        if (next.installing()) {
            insist(next.a() == old.a() && next.logBase() == old.logBase(), "the flag moves the store's slot: " + what);
            return;
        }
        insist(old.installing(), "an install ends that never began: " + what);
        insist(next.a() == next.logBase() && next.e() >= next.a() && next.a() >= old.a(), what);
        long expected = 1;
        for (OriginRun r : next.origins()) {
            insist(r.first() == expected, "gap in the origins: " + what);
            for (long s = r.first(); s <= r.last(); s++) {
                insist(committed.getOrDefault(s, 0L) == r.origin(), "slot " + s + " has another origin: " + what);
            }
            expected = r.last() + 1;
        }
        insist(expected == next.a() + 1, "origins do not end at b: " + what);
        Map<Long, Long> base = deviceAt(next.a());
        Map<Long, Long> all = deviceAt(next.e());
        for (Map.Entry<Long, Long> at : base.entrySet()) {
            insist(n.device.getOrDefault(at.getKey(), 0L) >= at.getValue(), "sector " + at + " is too old: " + what);
        }
        n.device.forEach((sector, slot) -> insist(
                slot <= next.e() && all.getOrDefault(sector, 0L) >= slot,
                "sector " + sector + " is newer than e: " + what));
    }

    /** The core hands out an entry to be applied. */
    void onApply(SimulatedNode n, Entry e) {
        String what = "node " + n.id + " applies " + e;
        insist(!n.disk.checkpoint.installing(), what + " while it is installing");
        insist(committed.getOrDefault(e.slot(), 0L) == e.origin(), what + ", which is not committed");
        insist(!n.hasApplied(e.slot()), what + " twice");
        for (Entry later : n.applied.tailMap(e.slot(), false).values()) {
            insist(!overlap(later, e), what + " after the overlapping " + later);
        }
        for (Entry later : n.applying) {
            insist(later.slot() <= e.slot() || !overlap(later, e), what + " after the overlapping " + later);
        }
        for (long j = n.startedFrom + 1; j < e.slot(); j++) {
            Long origin = committed.get(j);
            boolean outside = j < e.slot() - span || mode == Mode.STRICT;
            insist(origin != null || !outside, what + " while slot " + j + " is not committed");
            Entry before = origin == null ? null : entries.get(new Identity(j, origin));
            if (before == null || before.lengthBytes() == 0) {
                continue;
            }
            if (!n.hasApplied(j) && !isApplying(n, j)) {
                insist(!outside && !overlap(before, e), what + " before " + before);
            }
        }
    }

    /** Handed out before, and the store takes them in that order. */
    private static boolean isApplying(SimulatedNode n, long slot) {
        return n.applying.stream().anyMatch(e -> e.slot() == slot);
    }

    void onReadStarted(int node, long readId, long offset, long length) {
        Set<Long> required = new TreeSet<>();
        for (long slot : answered) {
            Entry e = committedEntry(slot);
            if (e != null && e.lengthBytes() > 0 && overlap(e, offset, length)) {
                required.add(slot);
            }
        }
        reads.put(readId, new PendingRead(node, required));
    }

    void onReadServed(SimulatedNode n, long readId) {
        PendingRead read = reads.get(readId);
        insist(read != null && read.node() == n.id, "read " + readId + " was not asked of node " + n.id);
        insist(
                !n.disk.checkpoint.installing() && n.core().status().appliedPrefix() >= n.readableFrom,
                "node " + n.id + " serves read " + readId + " and is not readable");
        if (read != null) {
            for (long slot : read.required()) {
                insist(
                        n.hasApplied(slot),
                        "node " + n.id + " serves read " + readId + " without answered slot " + slot);
            }
        }
    }

    /** Before the WAL drops slots: a durable checkpoint has them, and a quorum still has each one (floor, §7). */
    void onTruncate(SimulatedNode n, long to, Collection<SimulatedNode> all) {
        String what = "node " + n.id + " truncates to " + to;
        insist(to <= n.disk.checkpoint.a(), what + ", above its checkpoint " + n.disk.checkpoint.a());
        for (long s = n.disk.truncated + 1; s <= to; s++) {
            Long origin = committed.get(s);
            insist(origin != null, what + " though slot " + s + " is not committed");
            int holders = 0;
            for (SimulatedNode other : all) {
                SimulatedDisk d = other.disk;
                boolean holds = !(d.checkpoint.installing() && s <= d.checkpoint.a() && !d.holdsInLog(s))
                        && (d.holdsEffective(s) || d.damaged.contains(s) || d.lost.contains(s))
                        && (s <= d.checkpoint.a() || d.effectiveOrigin(s) == (origin == null ? 0 : origin));
                // A floor may have counted the disk before.
                holders += holds || seats.hasLaterDisk(other.id) ? 1 : 0;
            }
            insist(holders >= quorum, what + " though only " + holders + " nodes hold slot " + s);
        }
    }

    @Nullable
    Entry committedEntry(long slot) {
        Long origin = committed.get(slot);
        return origin == null ? null : entries.get(new Identity(slot, origin));
    }

    /** Sector to slot, as slot-order application of everything committed up to a slot leaves it. */
    Map<Long, Long> deviceAt(long slot) {
        Map<Long, Long> device = new HashMap<>();
        for (long s : committed.headMap(slot, true).keySet()) {
            Entry e = committedEntry(s);
            if (e == null) {
                continue;
            }
            for (long b = e.offsetBytes(); b < e.offsetBytes() + e.lengthBytes(); b += SimulatedNode.SECTOR_BYTES) {
                if (e.kind() != EntryKind.SESSION) {
                    device.put(b / SimulatedNode.SECTOR_BYTES, s);
                }
            }
        }
        return device;
    }

    boolean isCommitted(long session, long seq) {
        return slotOf.containsKey(new Request(session, seq));
    }

    boolean isAnswered(long session, long seq) {
        Identity at = slotOf.get(new Request(session, seq));
        return at != null && answered.contains(at.slot());
    }

    /** The session opened last, as its client knows it; 0 for none. */
    long lastSession() {
        for (long slot : answered.descendingSet()) {
            Entry e = committedEntry(slot);
            if (e != null && e.kind() == EntryKind.SESSION && e.session() == 0) {
                return slot;
            }
        }
        return 0;
    }

    List<Long> uncommittedBelow(long slot) {
        List<Long> holes = new ArrayList<>();
        for (long s = 1; s <= slot; s++) {
            if (!committed.containsKey(s)) {
                holes.add(s);
            }
        }
        return holes;
    }

    static boolean overlap(Entry a, Entry b) {
        return a.lengthBytes() > 0 && b.lengthBytes() > 0 && overlap(a, b.offsetBytes(), b.lengthBytes());
    }

    /** Extents are rounded out to whole blocks before every overlap test (protocol.md §1). */
    private static boolean overlap(Entry a, long offset, long length) {
        long firstA = a.offsetBytes() / BLOCK_BYTES;
        long lastA = (a.offsetBytes() + a.lengthBytes() - 1) / BLOCK_BYTES;
        long firstB = offset / BLOCK_BYTES;
        long lastB = (offset + length - 1) / BLOCK_BYTES;
        return firstA <= lastB && firstB <= lastA;
    }
}
