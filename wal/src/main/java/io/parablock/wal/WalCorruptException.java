package io.parablock.wal;

/** A record is damaged or gone. */
public final class WalCorruptException extends WalException {
    private static final long serialVersionUID = 1;

    public WalCorruptException(String message) {
        super(message);
    }
}
