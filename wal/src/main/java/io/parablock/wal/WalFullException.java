package io.parablock.wal;

/** No room for another record; nothing was written. */
public final class WalFullException extends WalException {
    private static final long serialVersionUID = 1;

    public WalFullException(String message) {
        super(message);
    }
}
