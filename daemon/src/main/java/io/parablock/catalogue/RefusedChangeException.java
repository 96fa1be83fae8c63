package io.parablock.catalogue;

/** A change of the volumes that cannot be; the message is one line for whoever asked. */
public final class RefusedChangeException extends Exception {
    private static final long serialVersionUID = 1;

    /** Why, in the words of HTTP. */
    public enum Reason {
        /** What was asked for can never be. */
        INVALID,
        /** There is no such volume. */
        UNKNOWN,
        /** It does not fit what there is. */
        CONFLICT
    }

    private final Reason reason;

    public RefusedChangeException(Reason reason, String line) {
        super(line);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }
}
