package io.parablock.wal;

/** State that existed cannot be read from any of its copies: the node must not vote with it. */
public class StateLostException extends WalException {
    private static final long serialVersionUID = 1L;

    public StateLostException(String message) {
        super(message);
    }

    public StateLostException(String message, Throwable cause) {
        super(message, cause);
    }
}
