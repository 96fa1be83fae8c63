package io.parablock.blockdev.nbd.netty;

import java.util.List;

/** What an {@link NbdServer} tells of its exports and clients at one moment. */
public final class NbdReadings {
    private NbdReadings() {}

    /**
     * One export, since the server began to listen.
     *
     * @param connections clients that are attached now
     * @param commands each kind of request, whether there was one or not
     */
    public record Export(String name, int connections, List<Command> commands) {
        public Export {
            commands = List.copyOf(commands);
        }
    }

    /**
     * Requests of one kind.
     *
     * @param op read, write, flush, trim, zero, prefetch, block_status or other
     * @param bytes asked for, or brought
     * @param errors answers with an error; such requests need not be among {@code requests}
     */
    public record Command(String op, long requests, long bytes, long errors) {}

    /**
     * One attached client.
     *
     * @param address as the system names it; empty on a unix socket
     * @param sinceMs when it attached, in milliseconds of the Unix epoch
     * @param bytes asked for, or brought, by reads and writes
     */
    public record Client(String address, String export, long sinceMs, long inFlight, long requests, long bytes) {}
}
