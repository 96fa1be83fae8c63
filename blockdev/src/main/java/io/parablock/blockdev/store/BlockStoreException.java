package io.parablock.blockdev.store;

/** The store's disk failed; after a failed write or fsync the caller stops the process. */
public final class BlockStoreException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public BlockStoreException(String message, Throwable cause) {
        super(message, cause);
    }
}
