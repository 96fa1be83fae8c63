package io.parablock.simulator;

/** What clients asked for and were told, at their times. Stamps are per sector, 0 for zeros. */
interface OperationLog {
    /** What a client asks for. */
    enum Kind {
        READ,
        WRITE,
        ZERO,
        TRIM,
        FLUSH
    }

    /**
     * @param stamp what a write leaves in each of its sectors
     * @return names the operation
     */
    long invoke(int client, Kind kind, long firstSector, long sectors, long stamp, long nowNs);

    /**
     * It ended well.
     *
     * @param stamps of a read, one for each sector; empty otherwise
     */
    void complete(long operation, long[] stamps, long nowNs);

    /** It ended with an error: it may have happened, or may happen yet. */
    void fail(long operation, long nowNs);
}
