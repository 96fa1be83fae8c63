package io.parablock.health;

/**
 * What is left of something that lasts.
 *
 * @param amount slots or bytes; 0 if nothing lasts
 * @param perSecond of the last seconds; 0 or less while unknown, or while it does not get less
 */
record Remaining(long amount, double perSecond) {
    static final Remaining NOTHING = new Remaining(0, 0);

    /** Until nothing is left, or -1 if nobody can tell. */
    long etaSeconds() {
        return perSecond <= 0 ? -1 : (long) Math.ceil(amount / perSecond);
    }

    /** ", ETA 12 s", or empty. */
    String eta() {
        return etaSeconds() < 0 ? "" : ", ETA " + Words.seconds(etaSeconds());
    }
}
