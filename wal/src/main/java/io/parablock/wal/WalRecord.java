package io.parablock.wal;

/**
 * One record of the log; its payload is passed beside it.
 *
 * @param kind the entry kind's code; the log does not interpret it
 * @param dep the look-behind overlaps as an N-bit map, at most {@link RecordDescriptor#DEP_WORDS_MAX} words
 */
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
        long[] dep) {}
