package io.parablock.blockdev.nbd.netty;

/**
 * Named limits of the server.
 *
 * @param handshakeTimeoutMs a client that has not finished its handshake by then is closed
 * @param inFlightBytesMax request bytes of one connection that may be unanswered; above it nothing more is read from it
 * @param totalBytesMax the same over all connections; they take turns. A single larger request has room in both
 */
public record NbdServerConfig(int connectionsMax, long handshakeTimeoutMs, long inFlightBytesMax, long totalBytesMax) {
    public static final NbdServerConfig DEFAULT = new NbdServerConfig(1024, 10_000, 64L << 20, 1L << 30);
}
