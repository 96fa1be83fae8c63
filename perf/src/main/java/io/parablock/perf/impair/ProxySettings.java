package io.parablock.perf.impair;

import io.parablock.transport.impair.LinkImpairment;
import java.net.InetSocketAddress;

/**
 * What a proxy does.
 *
 * @param listen where clients connect; port 0 for a free one
 * @param to where each of their connections goes on
 * @param wrong in each direction of each connection; a message is what one read of a socket brings
 * @param bufferBytes that are held in each direction of each connection; more is not read
 * @param connectionsMax at once; others are closed
 * @param seed each direction of each connection draws from a generator of its own that comes from it
 */
public record ProxySettings(
        InetSocketAddress listen,
        InetSocketAddress to,
        LinkImpairment wrong,
        long bufferBytes,
        int connectionsMax,
        long seed) {
    public static final long BUFFER_BYTES_MIN = 64L << 10;
    public static final long BUFFER_BYTES_MAX = 1L << 30;
    public static final int CONNECTIONS_MAX = 65_536;

    public ProxySettings {
        if (bufferBytes < BUFFER_BYTES_MIN || bufferBytes > BUFFER_BYTES_MAX) {
            throw new IllegalArgumentException("a buffer of " + bufferBytes + " bytes, range 64 KiB to 1 GiB");
        }
        if (connectionsMax < 1 || connectionsMax > CONNECTIONS_MAX) {
            throw new IllegalArgumentException(connectionsMax + " connections, range 1 to " + CONNECTIONS_MAX);
        }
    }
}
