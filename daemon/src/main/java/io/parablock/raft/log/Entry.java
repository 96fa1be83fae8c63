package io.parablock.raft.log;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One entry of the log; its identity is (slot, origin), and everything but the two fields of the shell is immutable
 * (protocol.md §1).
 *
 * <p>For {@link EntryKind#SESSION} the request fields have the meaning that {@code raft.session.SessionTable} gives them.
 */
public final class Entry {
    private static final long[] NO_DEP = new long[0];

    private final long slot;
    private final long origin;
    private final EntryKind kind;
    private final long offsetBytes;
    private final long lengthBytes;
    private final long session;
    private final long seq;
    private final long lowestOutstanding;
    private final int payloadCrc;
    private final int payloadLength;
    private final long[] dep;

    /** The payload's buffer, or null when there is none in memory. Owned by the shell; the core never touches it. */
    public @Nullable Object payload;

    /** Where the shell's WAL keeps this entry, or -1. Owned by the shell. */
    public long walPosition = -1;

    /**
     * @param dep the look-behind overlaps: bit b of the map is slot-1-b; empty when no earlier slot in the span overlaps
     */
    public Entry(
            long slot,
            long origin,
            EntryKind kind,
            long offsetBytes,
            long lengthBytes,
            long session,
            long seq,
            long lowestOutstanding,
            int payloadCrc,
            int payloadLength,
            long[] dep) {
        this.slot = slot;
        this.origin = origin;
        this.kind = kind;
        this.offsetBytes = offsetBytes;
        this.lengthBytes = lengthBytes;
        this.session = session;
        this.seq = seq;
        this.lowestOutstanding = lowestOutstanding;
        this.payloadCrc = payloadCrc;
        this.payloadLength = payloadLength;
        this.dep = dep;
    }

    /** The no-op that a merge of term {@code origin} puts into a hole. */
    public static Entry noop(long slot, long origin) {
        return new Entry(slot, origin, EntryKind.NOOP, 0, 0, 0, 0, 0, 0, 0, NO_DEP);
    }

    /** This entry with other look-behind information (a follower computes its own from the frame). */
    public Entry withDep(long[] newDep) {
        Entry e = new Entry(
                slot,
                origin,
                kind,
                offsetBytes,
                lengthBytes,
                session,
                seq,
                lowestOutstanding,
                payloadCrc,
                payloadLength,
                newDep);
        e.payload = payload;
        e.walPosition = walPosition;
        return e;
    }

    public long slot() {
        return slot;
    }

    public long origin() {
        return origin;
    }

    public EntryKind kind() {
        return kind;
    }

    /** Byte offset in the group's chunk, a multiple of 512. */
    public long offsetBytes() {
        return offsetBytes;
    }

    /** Length of the extent in bytes, a multiple of 512; 0 for an entry that touches no block. */
    public long lengthBytes() {
        return lengthBytes;
    }

    public long session() {
        return session;
    }

    public long seq() {
        return seq;
    }

    public long lowestOutstanding() {
        return lowestOutstanding;
    }

    /** CRC32C of the payload, 0 when there is none. */
    public int payloadCrc() {
        return payloadCrc;
    }

    public int payloadLength() {
        return payloadLength;
    }

    /** Not copied: callers must not change it. */
    public long[] dep() {
        return dep;
    }

    /** True when this entry waits for everything before it. */
    public boolean isBarrier() {
        return kind == EntryKind.CONFIG;
    }

    /** Same (slot, origin). */
    public boolean sameIdentity(Entry other) {
        return slot == other.slot && origin == other.origin;
    }

    @Override
    public boolean equals(@Nullable Object o) {
        return o instanceof Entry e && sameIdentity(e) && payloadCrc == e.payloadCrc && kind == e.kind;
    }

    @Override
    public int hashCode() {
        return Objects.hash(slot, origin);
    }

    @Override
    public String toString() {
        return "(" + slot + "," + origin + ")" + kind
                + (lengthBytes == 0 ? "" : "[" + offsetBytes + "+" + lengthBytes + "]");
    }
}
