package io.parablock.blockdev.nbd;

/** The client broke the protocol in a way that only closing the connection answers. */
public final class ProtocolException extends Exception {
    private static final long serialVersionUID = 1;

    public ProtocolException(String message) {
        super(message);
    }
}
