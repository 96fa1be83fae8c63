package io.parablock.wal;

/** A write, force or read of the log failed; after a write or force error the log takes nothing more. */
public class WalException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public WalException(String message) {
        super(message);
    }

    public WalException(String message, Throwable cause) {
        super(message, cause);
    }
}
