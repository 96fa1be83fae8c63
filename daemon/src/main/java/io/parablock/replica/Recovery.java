package io.parablock.replica;

import io.parablock.raft.log.Entry;
import io.parablock.raft.log.EntryKind;
import io.parablock.raft.log.OriginRuns;
import io.parablock.raft.state.Checkpoint;
import io.parablock.raft.state.HardState;
import io.parablock.raft.state.RecoveredState;
import io.parablock.raft.state.SyncRecord;
import io.parablock.wal.DamagedRecord;
import io.parablock.wal.StateLostException;
import io.parablock.wal.StateStore;
import io.parablock.wal.Wal;
import io.parablock.wal.WalRecord;
import io.parablock.wal.WalVisitor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What a starting node finds: one scan of the WAL that its groups share, and each group's META, SYNCREC and CKPT (protocol.md
 * §1, §11, §12).
 */
public final class Recovery {
    /**
     * One group's find.
     *
     * @param fresh nothing was ever written; META is written now
     * @param notes lines for the operator
     */
    public record Recovered(RecoveredState state, boolean fresh, List<String> notes) {}

    /** A group to recover. */
    public record Group(Identity identity, StateStore store) {}

    private static final class Found {
        final Group group;
        final List<String> notes = new ArrayList<>();
        final List<Entry> entries = new ArrayList<>();
        final TreeSet<Long> damaged = new TreeSet<>();
        final TreeSet<Long> damagedBelowD = new TreeSet<>();
        HardState hard = HardState.FRESH;

        @Nullable
        SyncRecord sync;

        OriginRuns origins = new OriginRuns(List.of());
        Checkpoint checkpoint = Checkpoint.EMPTY;
        boolean metaFound;
        boolean amnesiac;
        /** Its amnesia, if it has any, is that of unflushed entries alone. */
        boolean flushedIsHere = true;

        boolean stateLost;

        Found(Group group) {
            this.group = group;
        }

        void amnesia(String why) {
            amnesiac = true;
            notes.add("group " + group.identity.groupId() + ": " + why
                    + "; this replica neither votes nor acknowledges until the leader has cured it");
        }

        /** What was promised with it cannot be known: no leader can give that back (protocol.md §12). */
        void stateLost(String why) {
            amnesiac = true;
            stateLost = true;
            notes.add("group " + group.identity.groupId() + ": " + why
                    + "; this replica neither votes nor acknowledges and must rejoin as a new one");
        }
    }

    private Recovery() {}

    /**
     * @param unclean the machine restarted uncleanly with durability=mapped, or an earlier run had amnesia and was not
     *     cured: acknowledged entries may be lost
     * @param flushedIsHere ... but none that was flushed, as far as the clean mark knows
     * @return by group id
     * @throws Identity.WrongIdentityException if a META is another node's
     */
    public static Map<Integer, Recovered> recover(Wal wal, List<Group> groups, boolean unclean, boolean flushedIsHere) {
        Map<Integer, Found> found = new TreeMap<>();
        for (Group g : groups) {
            Found f = new Found(g);
            loadState(f);
            if (unclean) {
                f.flushedIsHere = flushedIsHere;
                f.amnesia("the machine restarted without a clean stop and durability=mapped, or this node had amnesia"
                        + " before, so acknowledged entries may be lost");
            }
            found.put(g.identity.groupId(), f);
        }
        wal.scan(new Scan(found, unclean));
        Map<Integer, Recovered> out = new TreeMap<>();
        found.forEach((id, f) -> out.put(id, finish(f)));
        return out;
    }

    /** A group that is new on this node, so that nothing in the log is its own: META is written now. */
    public static Recovered begin(Group group) {
        Found f = new Found(group);
        loadState(f);
        return finish(f);
    }

    private static void loadState(Found f) {
        byte[] meta;
        try {
            meta = f.group.store.loadMeta();
        } catch (StateLostException e) {
            f.stateLost("META is unreadable: " + e.getMessage());
            f.metaFound = true;
            meta = null;
        }
        if (meta != null) {
            StateCodec.Meta m = StateCodec.decodeMeta(meta);
            f.group.identity.check(m.identity());
            f.hard = m.hardState();
            f.metaFound = true;
        }
        byte[] ckpt = f.group.store.loadCheckpoint();
        if (ckpt != null) {
            f.checkpoint = StateCodec.decodeCheckpoint(ckpt);
        }
        if (!loadSyncRecord(f)) {
            return;
        }
        long syncTerm = f.sync == null ? 0 : f.sync.term();
        if (f.hard.syncTerm() > syncTerm) {
            f.stateLost("META names sync term " + f.hard.syncTerm() + " but its SYNCREC is lost");
        } else if (f.sync != null && syncTerm > f.hard.syncTerm()) {
            // A crash between SYNCREC and META: the SYNCREC rules (protocol.md §1).
            boolean newTerm = syncTerm > f.hard.term();
            f.hard = new HardState(
                    Math.max(f.hard.term(), syncTerm),
                    newTerm ? 0 : f.hard.votedFor(),
                    syncTerm,
                    f.sync.m(),
                    f.hard.suspect());
            if (meta != null) {
                // META follows before anything is acknowledged on the strength of the SYNCREC.
                f.group.store.saveMeta(StateCodec.encodeMeta(f.group.identity, f.hard));
            }
        }
    }

    /** @return false if it is there and cannot be read */
    private static boolean loadSyncRecord(Found f) {
        byte[] bytes;
        try {
            bytes = f.group.store.loadSyncRecord();
        } catch (StateLostException e) {
            // As META: a bystander, which the groups beside this one and nodes that have yet to meet it need.
            f.stateLost("SYNCREC is unreadable: " + e.getMessage());
            return false;
        }
        if (bytes != null) {
            SyncRecord s = StateCodec.decodeSyncRecord(bytes);
            f.sync = s;
            f.origins = new OriginRuns(s.runs());
        }
        return true;
    }

    private static final class Scan implements WalVisitor {
        private final Map<Integer, Found> groups;
        private final boolean unclean;

        Scan(Map<Integer, Found> groups, boolean unclean) {
            this.groups = groups;
            this.unclean = unclean;
        }

        @Override
        public void onRecord(long position, WalRecord r, ByteBuffer payload) {
            Found f = groups.get(r.groupId());
            if (f != null && r.slot() > f.checkpoint.logBase()) {
                f.entries.add(entryOf(position, r));
            }
        }

        @Override
        public void onDamaged(long position, DamagedRecord what) {
            if (what.torn()) {
                // Never durable: surely ABSENT.
                return;
            }
            if (what.identified()) {
                Found f = groups.get(what.groupId());
                // A record of a dead entry stands for nothing.
                if (f != null && isEffective(f, what.slot(), what.origin())) {
                    f.damaged.add(what.slot());
                    if (what.belowDurable()) {
                        f.damagedBelowD.add(what.slot());
                    }
                    f.notes.add("group " + what.groupId() + ": slot " + what.slot() + " is damaged in the WAL ("
                            + what.reason() + "); it is fetched from a peer");
                }
            } else {
                // Which slot it was nobody can tell, so no slot is surely ABSENT.
                for (Found f : groups.values()) {
                    // A power loss tears what was not flushed; anything else may have been flushed.
                    f.flushedIsHere &= unclean && !what.belowDurable();
                    f.amnesia("a WAL record at position " + position + " that "
                            + (what.belowDurable() ? "was" : "may have been") + " durable is unreadable ("
                            + what.reason() + ")");
                }
            }
        }
    }

    private static boolean isEffective(Found f, long slot, long origin) {
        SyncRecord sync = f.sync;
        if (slot <= f.checkpoint.logBase()) {
            return false;
        }
        if (sync == null) {
            return true;
        }
        return slot <= sync.m() ? f.origins.origin(slot) == origin : origin == sync.term();
    }

    private static Entry entryOf(long position, WalRecord r) {
        Entry e = new Entry(
                r.slot(),
                r.origin(),
                EntryKind.ofCode(r.kind()),
                r.offsetBytes(),
                r.lengthBytes(),
                r.session(),
                r.seq(),
                r.lowestOutstanding(),
                r.payloadCrc(),
                r.payloadLength(),
                r.dep());
        e.walPosition = position;
        return e;
    }

    private static Recovered finish(Found f) {
        boolean anything = f.stateLost || f.metaFound || f.sync != null || !f.entries.isEmpty() || f.checkpoint.a() > 0;
        if (!f.metaFound && anything) {
            f.stateLost("META is missing but there is a log");
        }
        if (!anything) {
            f.group.store.saveMeta(StateCodec.encodeMeta(f.group.identity, HardState.FRESH));
        }
        List<Long> aboveD =
                f.damaged.stream().filter(s -> !f.damagedBelowD.contains(s)).toList();
        RecoveredState state = new RecoveredState(
                f.hard,
                f.sync,
                f.checkpoint,
                List.copyOf(f.entries),
                List.copyOf(f.damaged),
                aboveD,
                f.amnesiac,
                f.flushedIsHere,
                f.stateLost);
        return new Recovered(state, !anything, List.copyOf(f.notes));
    }
}
