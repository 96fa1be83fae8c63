package io.parablock.wal;

/** A record cannot be read back: damaged, or truncated away. */
public class WalCorruptException extends WalException {
    private static final long serialVersionUID = 1L;

    public WalCorruptException(String message) {
        super(message);
    }

    public WalCorruptException(String message, Throwable cause) {
        super(message, cause);
    }
}
