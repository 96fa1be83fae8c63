package io.parablock.simulator.check;

import io.parablock.raft.log.Entry;
import io.parablock.raft.log.EntryKind;

/**
 * An entry as the checkers see it. Immutable.
 *
 * @param dep the look-behind overlaps as stored: bit b is slot-1-b. Not part of {@link #sameValue}: each holder computes
 *     or copies its own
 */
public record EntryView(
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
    private static final long BLOCK_BYTES = 4096;
    private static final long[] NO_DEP = new long[0];

    public static EntryView of(Entry e) {
        return new EntryView(
                e.slot(),
                e.origin(),
                e.kind(),
                e.offsetBytes(),
                e.lengthBytes(),
                e.session(),
                e.seq(),
                e.lowestOutstanding(),
                e.payloadCrc(),
                e.payloadLength(),
                e.dep().length == 0 ? NO_DEP : e.dep().clone());
    }

    public static EntryView noop(long slot, long origin) {
        return new EntryView(slot, origin, EntryKind.NOOP, 0, 0, 0, 0, 0, 0, 0, NO_DEP);
    }

    /** The same in everything that must be the same wherever (slot, origin) is held. */
    public boolean sameValue(EntryView o) {
        return slot == o.slot
                && origin == o.origin
                && kind == o.kind
                && offsetBytes == o.offsetBytes
                && lengthBytes == o.lengthBytes
                && session == o.session
                && seq == o.seq
                && lowestOutstanding == o.lowestOutstanding
                && payloadCrc == o.payloadCrc
                && payloadLength == o.payloadLength;
    }

    /** It changes blocks. */
    public boolean touchesBlocks() {
        return (kind == EntryKind.WRITE || kind == EntryKind.ZERO || kind == EntryKind.TRIM) && lengthBytes > 0;
    }

    /** A client's request, as opposed to what the cluster says to itself. */
    public boolean isRequest() {
        return session != 0 && kind != EntryKind.SESSION && kind != EntryKind.NOOP && kind != EntryKind.CONFIG;
    }

    /** Extents are rounded out to whole blocks before every overlap test (protocol.md §1). */
    public boolean overlaps(EntryView o) {
        return touchesBlocks() && o.touchesBlocks() && overlaps(o.offsetBytes, o.lengthBytes);
    }

    public boolean overlaps(long offset, long length) {
        return touchesBlocks()
                && length > 0
                && offsetBytes / BLOCK_BYTES <= (offset + length - 1) / BLOCK_BYTES
                && offset / BLOCK_BYTES <= (offsetBytes + lengthBytes - 1) / BLOCK_BYTES;
    }

    /** The stored look-behind map names this earlier slot. */
    public boolean depHas(long earlier) {
        long bit = slot - 1 - earlier;
        return bit >= 0 && bit < dep.length * 64L && (dep[(int) (bit >>> 6)] >>> bit & 1) != 0;
    }

    @Override
    public String toString() {
        return "(" + slot + "@" + origin + " " + kind + (lengthBytes == 0 ? "" : " " + offsetBytes + "+" + lengthBytes)
                + (session == 0 ? "" : " s" + session + "#" + seq) + ")";
    }
}
