package io.parablock.gateway;

/**
 * The gateway's limits and times.
 *
 * @param entryBytesMax {@code gateway.entry_bytes_max}: payload of one entry or read; a multiple of the block size
 * @param rangeBytesMax {@code gateway.range_bytes_max}: extent of one ZERO or TRIM entry; a multiple of the block size
 * @param rangeStepsMax {@code gateway.range_steps_max}: entries of one TRIM or WRITE_ZEROES under way at once
 * @param sessionWindow {@code gateway.session_window}: unanswered entries per session, a power of two not above the core's W
 * @param retryNs {@code gateway.retry}: an unanswered request is sent again after this long, then after twice as long
 * @param redirectNs {@code gateway.redirect_interval}: at least this long between two rounds of sending everything again
 * @param openRetryNsMax {@code gateway.open_retry_max}: a refused opening of a session is tried again after the redirect
 *     interval, then after twice as long, at most after this
 * @param keepAliveNs between two signs of life to the leader; a small part of the sessions' expiry time
 * @param requestTimeoutNs {@code gateway.request_timeout}: the client gets an I/O error then; 0 waits for ever
 */
public record GatewayConfig(
        int entryBytesMax,
        int rangeBytesMax,
        int rangeStepsMax,
        int sessionWindow,
        long retryNs,
        long redirectNs,
        long openRetryNsMax,
        long keepAliveNs,
        long requestTimeoutNs) {
    /** Extents are compared as whole blocks, so that parts which end on one do not conflict (protocol.md §1). */
    public static final int BLOCK_BYTES = 4096;

    public GatewayConfig {
        if (entryBytesMax < BLOCK_BYTES || entryBytesMax % BLOCK_BYTES != 0) {
            throw new IllegalArgumentException("gateway.entry_bytes_max must be a multiple of 4 KiB");
        }
        if (rangeBytesMax < BLOCK_BYTES || rangeBytesMax % BLOCK_BYTES != 0) {
            throw new IllegalArgumentException("gateway.range_bytes_max must be a multiple of 4 KiB");
        }
        if (rangeStepsMax < 1) {
            throw new IllegalArgumentException("gateway.range_steps_max must be positive");
        }
        if (sessionWindow < 1 || Integer.bitCount(sessionWindow) != 1) {
            throw new IllegalArgumentException("gateway.session_window must be a power of two");
        }
    }

    /** The same with entries of at least this size. */
    GatewayConfig withEntryBytesMax(int bytes) {
        return new GatewayConfig(
                Math.max(entryBytesMax, bytes),
                rangeBytesMax,
                rangeStepsMax,
                sessionWindow,
                retryNs,
                redirectNs,
                openRetryNsMax,
                keepAliveNs,
                requestTimeoutNs);
    }

    public static GatewayConfig defaults() {
        return new GatewayConfig(
                1 << 20, 32 << 20, 8, 1024, 2_000_000_000L, 20_000_000L, 1_000_000_000L, 10_000_000_000L, 0);
    }
}
