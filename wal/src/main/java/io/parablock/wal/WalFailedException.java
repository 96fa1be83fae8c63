package io.parablock.wal;

/** A write or a force failed, now or earlier. What is on disk is unknown, so the process has to stop; never retry. */
public class WalFailedException extends WalException {
    private static final long serialVersionUID = 1L;

    public WalFailedException(String message) {
        super(message);
    }

    public WalFailedException(String message, Throwable cause) {
        super(message, cause);
    }
}
