package io.parablock.blockdev.nbd.conformance;

import java.net.SocketAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The server under test and what it promises beyond the document.
 *
 * @param address TCP or unix-domain
 * @param export a writable export whose content may be destroyed
 * @param sizeBytes its size, at least 16 MiB
 * @param readOnlyExport a read-only export, where there is one
 * @param unixAddress a second listener of the same server, where there is one
 * @param sizes the constraints it must advertise, where they are promised
 * @param handshakeDeadline after which it must have closed a connection that has not finished its handshake
 * @param longEffects whether TRIM and WRITE_ZEROES longer than the maximum payload are served rather than refused
 * @param checkDeadline how long one check may take
 */
public record Target(
        SocketAddress address,
        String export,
        long sizeBytes,
        @Nullable String readOnlyExport,
        @Nullable SocketAddress unixAddress,
        @Nullable BlockSizes sizes,
        @Nullable Duration handshakeDeadline,
        boolean longEffects,
        Duration checkDeadline) {
    private static final long SIZE_BYTES_MIN = 16L << 20;

    public Target {
        if (sizeBytes < SIZE_BYTES_MIN || sizeBytes % 4096 != 0) {
            throw new IllegalArgumentException("the export must be whole blocks and 16 MiB or more: " + sizeBytes);
        }
    }

    public static Target of(SocketAddress address, String export, long sizeBytes) {
        return new Target(address, export, sizeBytes, null, null, null, null, false, Duration.ofSeconds(10));
    }

    public Target withReadOnlyExport(String name) {
        return new Target(
                address, export, sizeBytes, name, unixAddress, sizes, handshakeDeadline, longEffects, checkDeadline);
    }

    public Target withUnixAddress(SocketAddress unix) {
        return new Target(
                address, export, sizeBytes, readOnlyExport, unix, sizes, handshakeDeadline, longEffects, checkDeadline);
    }

    public Target withSizes(BlockSizes promised) {
        return new Target(
                address,
                export,
                sizeBytes,
                readOnlyExport,
                unixAddress,
                promised,
                handshakeDeadline,
                longEffects,
                checkDeadline);
    }

    public Target withHandshakeDeadline(Duration deadline) {
        return new Target(
                address, export, sizeBytes, readOnlyExport, unixAddress, sizes, deadline, longEffects, checkDeadline);
    }

    public Target withLongEffects() {
        return new Target(
                address, export, sizeBytes, readOnlyExport, unixAddress, sizes, handshakeDeadline, true, checkDeadline);
    }

    public Target withCheckDeadline(Duration deadline) {
        return new Target(
                address,
                export,
                sizeBytes,
                readOnlyExport,
                unixAddress,
                sizes,
                handshakeDeadline,
                longEffects,
                deadline);
    }
}
