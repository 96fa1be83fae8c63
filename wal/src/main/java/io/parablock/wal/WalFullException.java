package io.parablock.wal;

/** The disk has no room for another segment. Nothing was appended; room may come with a truncation. */
public class WalFullException extends WalException {
    private static final long serialVersionUID = 1L;

    public WalFullException(String message) {
        super(message);
    }

    public WalFullException(String message, Throwable cause) {
        super(message, cause);
    }
}
