package io.parablock.wal;

/**
 * The verdict on a record that a scan could not give back.
 *
 * @param identified whether groupId, slot and origin are known (the header was readable, the payload was not)
 * @param belowDurable true: it had been durable, so this is corruption; false: it may be a torn write that nobody was
 *     told about
 * @param recordCount how many records are missing here; 1 when identified, an at-least when the end of a segment is bad
 * @param torn surely never durable, so that nobody was told of it: the header is blank or unfinished, or a whole sector
 *     still has the segment's fill (protocol.md §12)
 */
public record DamagedRecord(
        boolean identified,
        int groupId,
        long slot,
        long origin,
        boolean belowDurable,
        int recordCount,
        String reason,
        boolean torn) {

    /** A record that may have been durable. */
    public DamagedRecord(
            boolean identified,
            int groupId,
            long slot,
            long origin,
            boolean belowDurable,
            int recordCount,
            String reason) {
        this(identified, groupId, slot, origin, belowDurable, recordCount, reason, false);
    }

    public static DamagedRecord identified(WalRecord header, boolean belowDurable, String reason) {
        return new DamagedRecord(true, header.groupId(), header.slot(), header.origin(), belowDurable, 1, reason);
    }

    public DamagedRecord asTorn() {
        return new DamagedRecord(identified, groupId, slot, origin, belowDurable, recordCount, reason, true);
    }

    public static DamagedRecord unidentified(int recordCount, boolean belowDurable, String reason) {
        return new DamagedRecord(false, -1, -1, -1, belowDurable, recordCount, reason);
    }
}
