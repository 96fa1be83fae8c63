package io.parablock.blockdev.nbd.netty;

import io.netty.util.concurrent.EventExecutor;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** What the clients of a server share. Thread-safe. */
final class AllClients {
    private final RequestBudget budget;
    private final ReplyBacklog backlog;
    private final ClientLog log;
    private final ClientCounts counts = new ClientCounts();
    private final Map<EventExecutor, ClientRounds> rounds = new ConcurrentHashMap<>();
    private final Map<EventExecutor, LeavingClients> ends = new ConcurrentHashMap<>();
    private final AtomicInteger leaving = new AtomicInteger();

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

    ClientCounts counts() {
        return counts;
    }

    /** Of the clients of this event loop; to be used on it. */
    ClientRounds rounds(EventExecutor loop) {
        return rounds.computeIfAbsent(loop, ClientRounds::new);
    }

    /** Of the clients of this event loop; to be used on it. */
    LeavingClients ends(EventExecutor loop) {
        return ends.computeIfAbsent(loop, l -> new LeavingClients(l, leaving));
    }

    /** Connected still, but only until their turn to be closed comes. */
    int leaving() {
        return leaving.get();
    }
}
