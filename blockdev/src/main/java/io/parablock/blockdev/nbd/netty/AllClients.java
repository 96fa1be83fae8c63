package io.parablock.blockdev.nbd.netty;

import io.netty.util.concurrent.EventExecutor;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** What the clients of a server share. Thread-safe. */
final class AllClients {
    private final RequestBudget budget;
    private final ReplyBacklog backlog;
    private final ClientLog log;
    private final Map<EventExecutor, ClientRounds> rounds = new ConcurrentHashMap<>();

    /** @param loop one of those that serve the clients */
    AllClients(NbdServerConfig config, EventExecutor loop) {
        this.budget = new RequestBudget(config.totalBytesMax(), config.connectionsMax());
        this.backlog = new ReplyBacklog(config.totalBytesMax());
        this.log = new ClientLog(loop);
    }

    RequestBudget budget() {
        return budget;
    }

    ReplyBacklog backlog() {
        return backlog;
    }

    ClientLog log() {
        return log;
    }

    /** Of the clients of this event loop; to be used on it. */
    ClientRounds rounds(EventExecutor loop) {
        return rounds.computeIfAbsent(loop, ClientRounds::new);
    }
}
