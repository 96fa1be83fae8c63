package io.parablock.wal;

import java.util.Arrays;

/**
 * One record as it is handed to or read from the log; its payload is passed beside it.
 *
 * @param offsetBytes first byte of the extent
 * @param lengthBytes length of the extent; 0 for an entry without one
 * @param payloadCrc CRC32C of the payload; 0 when there is none
 * @param dep the look-behind overlaps as a bit map, at most {@link #DEP_WORDS_MAX} words; empty when there are none.
 *     Not copied: the caller leaves it alone until the append returns
 */
@SuppressWarnings("ArrayRecordComponent") // a copy per write is the price of a list; equality below is by content
public record WalRecord(
        int groupId,
        long slot,
        long origin,
        byte kind,
        long offsetBytes,
        long lengthBytes,
        long session,
        long seq,
        long lowestOutstanding,
        int payloadCrc,
        int payloadLength,
        long[] dep) {

    /** Bounds the look-behind span that a record can describe: 64 words, 4096 slots. */
    public static final int DEP_WORDS_MAX = 64;

    public static final long[] NO_DEP = {};

    public WalRecord {
        if (dep.length > DEP_WORDS_MAX) {
            throw new IllegalArgumentException("dep has " + dep.length + " words, limit " + DEP_WORDS_MAX);
        }
        if (payloadLength < 0 || lengthBytes < 0) {
            throw new IllegalArgumentException("negative length: payload " + payloadLength + ", extent " + lengthBytes);
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof WalRecord that
                && groupId == that.groupId
                && slot == that.slot
                && origin == that.origin
                && kind == that.kind
                && offsetBytes == that.offsetBytes
                && lengthBytes == that.lengthBytes
                && session == that.session
                && seq == that.seq
                && lowestOutstanding == that.lowestOutstanding
                && payloadCrc == that.payloadCrc
                && payloadLength == that.payloadLength
                && Arrays.equals(dep, that.dep);
    }

    @Override
    public int hashCode() {
        return Long.hashCode(slot * 31 + origin) * 31 + groupId;
    }

    /** One line of a dump. */
    @Override
    public String toString() {
        StringBuilder line = new StringBuilder(128);
        line.append("group=")
                .append(groupId)
                .append(" slot=")
                .append(slot)
                .append(" origin=")
                .append(origin);
        line.append(" kind=")
                .append(kind)
                .append(" extent=")
                .append(offsetBytes)
                .append('+')
                .append(lengthBytes);
        line.append(" session=")
                .append(session)
                .append('/')
                .append(seq)
                .append('/')
                .append(lowestOutstanding);
        line.append(" payload=").append(payloadLength).append(String.format(" crc=%08x", payloadCrc));
        if (dep.length > 0) {
            line.append(" dep=");
            for (int i = dep.length - 1; i >= 0; i--) {
                line.append(String.format("%016x", dep[i]));
            }
        }
        return line.toString();
    }
}
