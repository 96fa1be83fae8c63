package io.parablock.transport;

/** A frame that breaks the wire format: its connection is closed. */
public class CodecException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public CodecException(String message) {
        super(message);
    }
}
