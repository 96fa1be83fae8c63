package io.parablock.blockdev.nbd.conformance;

/** The server did what the document does not allow, or nothing at all before the deadline; the message is one line. */
class Violation extends RuntimeException {
    private static final long serialVersionUID = 1;

    Violation(String why) {
        super(why);
    }

    @SuppressWarnings("AnnotateFormatMethod") // The annotation is in a library that is not on the class path.
    static void unless(boolean held, String why, Object... values) {
        if (!held) {
            throw new Violation(String.format(why, values));
        }
    }

    /** The server closed the connection while something was still expected of it. */
    static final class Closed extends Violation {
        private static final long serialVersionUID = 1;

        Closed(String why) {
            super(why);
        }
    }
}
