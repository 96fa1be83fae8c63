package io.parablock.blockdev.nbd.netty;

/**
 * Named limits of the server.
 *
 * @param handshakeTimeoutMs a client that has not finished its handshake by then is closed
 * @param inFlightBytesMax request bytes of one connection that may be unanswered; above it nothing more is read from it
 * @param totalBytesMax the same over all connections, where a read counts until its reply is written. An eighth of it is
 *     divided evenly among {@code connectionsMax}, where nobody waits for others; of the rest they take turns. A single larger
 *     request has room in both. Above as many bytes of replies that clients do not take, those that take nothing are closed
 *     earlier
 * @param keepAliveSeconds TCP: a silent peer is asked for a sign of life after this; 0 never
 * @param stallMs a client that takes nothing of its replies, or sends nothing of a payload that it has announced, for so long
 *     is closed; 0 never
 * @param stopReply what requests get that come while the server stops
 * @param acceptsPerSecond new connections that each listener lets in; the others wait. 0: everybody at once
 * @param acceptBacklog connections that may wait in the kernel for being let in; it may have a lower limit of its own
 */
public record NbdServerConfig(
        int connectionsMax,
        long handshakeTimeoutMs,
        long inFlightBytesMax,
        long totalBytesMax,
        int keepAliveSeconds,
        long stallMs,
        StopReply stopReply,
        int acceptsPerSecond,
        int acceptBacklog) {
    public static final NbdServerConfig DEFAULT = new NbdServerConfig(1024, 10_000, 64L << 20, 1L << 30);

    private static final int KEEP_ALIVE_SECONDS = 30;
    private static final long STALL_MS = 60_000;
    private static final int ACCEPTS_PER_SECOND = 500;
    private static final int ACCEPT_BACKLOG = 1024;

    public NbdServerConfig(int connectionsMax, long handshakeTimeoutMs, long inFlightBytesMax, long totalBytesMax) {
        this(
                connectionsMax,
                handshakeTimeoutMs,
                inFlightBytesMax,
                totalBytesMax,
                KEEP_ALIVE_SECONDS,
                STALL_MS,
                StopReply.ESHUTDOWN,
                ACCEPTS_PER_SECOND,
                ACCEPT_BACKLOG);
    }
}
