package io.parablock.raft.session;

import io.parablock.raft.log.Entry;
import io.parablock.raft.log.EntryKind;
import io.parablock.raft.state.SessionImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.agrona.collections.Long2LongHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The client sessions and the dedupe table: exactly once (protocol.md §10). Fed with entries in slot order.
 *
 * <p>A SESSION entry uses the request fields so: OPEN has session 0, seq = the opener's nonce, lowestOutstanding = the
 * gateway's boot, offsetBytes = the gateway's node id, and its slot is the session's id; CLOSE has session = the id, or
 * {@link #EVERY}. An OPEN of a gateway's new boot expires the sessions of its earlier boots.
 */
public final class SessionTable {
    /** No slot. */
    public static final long NONE = 0;

    /** All sessions: a CLOSE of it ends the merged log of a merge over every voter (protocol.md §11). */
    public static final long EVERY = -1;

    /** Sees each open session. */
    @FunctionalInterface
    public interface Visitor {
        void visit(long id, int gatewayNode, long gatewayBoot, long nonce);
    }

    private static final class Session {
        final long id;
        final int gatewayNode;
        final long gatewayBoot;
        final long nonce;
        long floor;
        final Long2LongHashMap slotOfSeq = new Long2LongHashMap(NONE);

        Session(long id, int gatewayNode, long gatewayBoot, long nonce) {
            this.id = id;
            this.gatewayNode = gatewayNode;
            this.gatewayBoot = gatewayBoot;
            this.nonce = nonce;
        }

        void raiseFloor(long to) {
            if (to <= floor) {
                return;
            }
            if (to - floor <= slotOfSeq.size()) {
                for (long s = floor; s < to; s++) {
                    slotOfSeq.remove(s);
                }
            } else {
                slotOfSeq.keySet().removeIf((Long s) -> s < to);
            }
            floor = to;
        }
    }

    // Sorted, so that images and expiry run in one order on every node.
    private final TreeMap<Long, Session> sessions = new TreeMap<>();
    private @Nullable Session lastUsed;
    private long lastEnd;

    public static boolean isOpen(Entry e) {
        return e.kind() == EntryKind.SESSION && e.session() == 0;
    }

    /** The last entry of the log that a merge over every voter makes. */
    public static Entry closeEvery(long slot, long origin) {
        return new Entry(slot, origin, EntryKind.SESSION, 0, 0, EVERY, 0, 0, 0, 0, new long[0]);
    }

    public static boolean isCloseOfEvery(Entry e) {
        return e.kind() == EntryKind.SESSION && e.session() == EVERY;
    }

    /** Takes an entry that is in the log. */
    public void add(Entry e) {
        if (e.kind() == EntryKind.SESSION) {
            addSessionEntry(e);
        } else if (e.session() != 0) {
            Session s = find(e.session());
            if (s != null) {
                s.raiseFloor(e.lowestOutstanding());
                if (e.seq() >= s.floor) {
                    s.slotOfSeq.put(e.seq(), e.slot());
                }
            }
        }
    }

    private void addSessionEntry(Entry e) {
        lastUsed = null;
        if (!isOpen(e)) {
            if (isCloseOfEvery(e)) {
                sessions.clear();
            } else {
                sessions.remove(e.session());
            }
            lastEnd = Math.max(lastEnd, e.slot());
            return;
        }
        int gateway = (int) e.offsetBytes();
        long boot = e.lowestOutstanding();
        if (sessions.values().removeIf(s -> s.gatewayNode == gateway && s.gatewayBoot != boot)) {
            lastEnd = Math.max(lastEnd, e.slot());
        }
        sessions.put(e.slot(), new Session(e.slot(), gateway, boot, e.seq()));
    }

    private @Nullable Session find(long id) {
        Session s = lastUsed;
        if (s != null && s.id == id) {
            return s;
        }
        s = sessions.get(id);
        if (s != null) {
            lastUsed = s;
        }
        return s;
    }

    public void forEach(Visitor visitor) {
        for (Session s : sessions.values()) {
            visitor.visit(s.id, s.gatewayNode, s.gatewayBoot, s.nonce);
        }
    }

    /** The highest slot taken whose entry ended a session, or {@link #NONE}: what was loaded does not count. */
    public long lastEnd() {
        return lastEnd;
    }

    public int size() {
        return sessions.size();
    }

    public boolean isKnown(long session) {
        return find(session) != null;
    }

    /** The slot of (session, seq), or {@link #NONE}. */
    public long slotOf(long session, long seq) {
        Session s = find(session);
        return s == null ? NONE : s.slotOfSeq.get(seq);
    }

    /** The smallest seq that may still be proposed; 0 for an unknown session. */
    public long floor(long session) {
        Session s = find(session);
        return s == null ? 0 : s.floor;
    }

    /** The session opened by (gateway, boot, nonce), or {@link #NONE}. */
    public long sessionOf(int gatewayNode, long gatewayBoot, long nonce) {
        for (Session s : sessions.values()) {
            if (s.gatewayNode == gatewayNode && s.gatewayBoot == gatewayBoot && s.nonce == nonce) {
                return s.id;
            }
        }
        return NONE;
    }

    /** The gateway's node id of a session, or 0. */
    public int gatewayOf(long session) {
        Session s = find(session);
        return s == null ? 0 : s.gatewayNode;
    }

    /** The nonce of a session, or 0. */
    public long nonceOf(long session) {
        Session s = find(session);
        return s == null ? 0 : s.nonce;
    }

    public List<SessionImage> image() {
        List<SessionImage> out = new ArrayList<>(sessions.size());
        for (Session s : sessions.values()) {
            long[] seqs = s.slotOfSeq.keySet().stream()
                    .mapToLong(Long::longValue)
                    .sorted()
                    .toArray();
            long[] slots = new long[seqs.length];
            for (int i = 0; i < seqs.length; i++) {
                slots[i] = s.slotOfSeq.get(seqs[i]);
            }
            out.add(new SessionImage(s.id, s.gatewayNode, s.gatewayBoot, s.nonce, s.floor, seqs, slots));
        }
        return out;
    }

    /** Replaces the content. */
    public void load(List<SessionImage> image) {
        sessions.clear();
        lastUsed = null;
        lastEnd = NONE;
        for (SessionImage i : image) {
            Session s = new Session(i.id(), i.gatewayNode(), i.gatewayBoot(), i.nonce());
            s.floor = i.floor();
            for (int n = 0; n < i.seqs().length; n++) {
                s.slotOfSeq.put(i.seqs()[n], i.slots()[n]);
            }
            sessions.put(s.id, s);
        }
    }

    /** Ids and floors, for status. */
    public Map<Long, Long> floors() {
        Map<Long, Long> out = new TreeMap<>();
        sessions.forEach((id, s) -> out.put(id, s.floor));
        return out;
    }
}
