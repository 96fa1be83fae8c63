package io.parablock.main;

import io.parablock.blockdev.nbd.netty.NbdServer;
import io.parablock.config.NodeConfig;
import io.parablock.events.EventKind;
import io.parablock.events.EventLog;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The limits of NBD clients that are reached, as events; nobody else tells of them. On one thread. */
final class ClientLimitWatch {
    private final NodeConfig.Limits limits;
    private final EventLog events;
    private final Supplier<@Nullable NbdServer> clients;

    private long refusedBefore;

    /** @param clients null while there is no server */
    ClientLimitWatch(NodeConfig.Limits limits, EventLog events, Supplier<@Nullable NbdServer> clients) {
        this.limits = limits;
        this.events = events;
        this.clients = clients;
    }

    /** Once a second. */
    void look() {
        NbdServer server = clients.get();
        if (server == null) {
            return;
        }
        long refused = server.refused();
        if (refused > refusedBefore) {
            long more = refused - refusedBefore;
            refusedBefore = refused;
            int limit = limits.nbdConnections();
            events.tellSeldom(
                    EventKind.CLIENTS_REFUSED,
                    "",
                    0,
                    more + " NBD clients were refused: limits.nbd_connections is " + limit,
                    more,
                    server.connections(),
                    limit);
        }
        int waiting = server.waiting();
        if (waiting > 0) {
            long limit = limits.nbdTotalBytes();
            long inWork = server.inWorkBytes();
            events.tellSeldom(
                    EventKind.CLIENT_BYTES_EXHAUSTED,
                    "",
                    0,
                    waiting + " NBD clients wait for room: " + inWork
                            + " bytes are in work, and limits.nbd_total_bytes is " + limit,
                    inWork,
                    limit,
                    waiting);
        }
    }
}
