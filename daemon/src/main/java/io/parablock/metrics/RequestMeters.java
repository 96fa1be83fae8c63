package io.parablock.metrics;

/** Told by the gateway how its clients' requests ended; from any thread. */
public interface RequestMeters {
    /** What a client asks for. */
    enum Operation {
        READ,
        WRITE,
        FLUSH,
        TRIM,
        ZERO,
        PREFETCH,
        BLOCK_STATUS
    }

    RequestMeters NONE = (operation, bytes, elapsedNs, ok) -> {};

    void onRequest(Operation operation, long bytes, long elapsedNs, boolean ok);
}
