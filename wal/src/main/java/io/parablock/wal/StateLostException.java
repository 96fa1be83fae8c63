package io.parablock.wal;

/** All copies of a durable state are unreadable: the node must not vote. */
public final class StateLostException extends WalException {
    private static final long serialVersionUID = 1;

    public StateLostException(String message) {
        super(message);
    }
}
