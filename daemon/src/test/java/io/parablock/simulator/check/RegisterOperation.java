package io.parablock.simulator.check;

/**
 * An operation on one register. Times are event numbers, no two alike.
 *
 * @param answered {@link #NEVER}: a write that may take effect at any time after {@code invoked}, or never
 * @param id what the history calls it
 */
record RegisterOperation(boolean isWrite, long value, long invoked, long answered, int id) {
    static final long NEVER = Long.MAX_VALUE;

    static RegisterOperation write(long value, long invoked, long answered, int id) {
        return new RegisterOperation(true, value, invoked, answered, id);
    }

    static RegisterOperation read(long value, long invoked, long answered, int id) {
        return new RegisterOperation(false, value, invoked, answered, id);
    }

    boolean isOpen() {
        return answered == NEVER;
    }
}
