package io.parablock.raft.log;

/** What an entry does when it is applied (protocol.md §1, LOG). The order is the wire and WAL code; append only. */
public enum EntryKind {
    WRITE,
    ZERO,
    TRIM,
    /** Fills a hole in a merge; has no extent and is never written to the WAL (its SYNCREC names it). */
    NOOP,
    /** Depends on everything before it. */
    CONFIG,
    /** Opens or closes a client session; see {@code raft.session.SessionTable}. */
    SESSION;

    private static final EntryKind[] VALUES = values();

    /** The byte used on the wire and in the WAL. */
    public byte code() {
        return (byte) ordinal();
    }

    /** @throws IllegalArgumentException if no kind has this code */
    public static EntryKind ofCode(byte code) {
        if (code < 0 || code >= VALUES.length) {
            throw new IllegalArgumentException("unknown entry kind " + code);
        }
        return VALUES[code];
    }
}
