package io.parablock.wal;

/** A file was written by a newer version, or belongs to another cluster. */
public class UnsupportedFormatException extends WalException {
    private static final long serialVersionUID = 1L;

    public UnsupportedFormatException(String message) {
        super(message);
    }

    public UnsupportedFormatException(String message, Throwable cause) {
        super(message, cause);
    }
}
