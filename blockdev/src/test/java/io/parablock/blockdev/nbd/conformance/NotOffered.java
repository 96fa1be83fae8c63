package io.parablock.blockdev.nbd.conformance;

/** The server does not offer the optional feature that a check is about: the check is skipped. */
final class NotOffered extends RuntimeException {
    private static final long serialVersionUID = 1;

    NotOffered(String why) {
        super(why);
    }

    static void unless(boolean offered, String why) {
        if (!offered) {
            throw new NotOffered(why);
        }
    }
}
