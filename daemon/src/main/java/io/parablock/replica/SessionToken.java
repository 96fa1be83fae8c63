package io.parablock.replica;

/**
 * What a gateway calls its session: the slot of the OPEN and the low bits of its nonce. A merge over every voter (protocol.md
 * §11) may lose an answered OPEN and give its slot out again; a request of the lost session that is still on its way must not
 * be taken for one of the new session.
 *
 * <pre>
 *   63        48 47                                      0
 *   +-----------+-----------------------------------------+
 *   | nonce     | slot                                    |
 *   +-----------+-----------------------------------------+
 * </pre>
 */
public final class SessionToken {
    private static final int SLOT_BITS = 48;
    private static final long NONCE_MASK = 0x7FFF;

    private SessionToken() {}

    /** Not negative, and 0 for no session only. */
    static long of(long slot, long nonce) {
        return slot | (nonce & NONCE_MASK) << SLOT_BITS;
    }

    /** The id of the session in the log. */
    public static long slot(long token) {
        return token & (1L << SLOT_BITS) - 1;
    }

    static boolean isOf(long token, long nonce) {
        return token >>> SLOT_BITS == (nonce & NONCE_MASK);
    }
}
