package io.parablock.replica;

/**
 * What a gateway calls its session: the slot of the OPEN and a mark of its nonce, which differs for each session of a run of
 * a gateway and between its runs. A merge over every voter (protocol.md
 * §11) may lose an answered OPEN and give its slot out again; a request of the lost session that is still on its way must not
 * be taken for one of the new session.
 *
 * <pre>
 *   63        48 47                                      0
 *   +-----------+-----------------------------------------+
 *   | mark      | slot                                    |
 *   +-----------+-----------------------------------------+
 * </pre>
 */
public final class SessionToken {
    private static final int SLOT_BITS = 48;
    private static final long MARK_MASK = 0x7FFF;

    private SessionToken() {}

    /** Not negative, and 0 for no session only. */
    static long of(long slot, long nonce) {
        return slot | mark(nonce) << SLOT_BITS;
    }

    /** The id of the session in the log. */
    public static long slot(long token) {
        return token & (1L << SLOT_BITS) - 1;
    }

    static boolean isOf(long token, long nonce) {
        return token >>> SLOT_BITS == mark(nonce);
    }

    /** A nonce has the gateway's boot in its upper bits, and counts in the lower ones. */
    private static long mark(long nonce) {
        return (nonce ^ nonce >>> 20 ^ nonce >>> 35) & MARK_MASK;
    }
}
