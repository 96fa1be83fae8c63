package io.parablock.blockdev.nbd.netty;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.util.concurrent.EventExecutor;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Ends the connections of an event loop at a bounded pace: an end costs the server more than the client, and under io_uring
 * the loop does nothing else as long as ends bring completions, so that a crowd that leaves at once would hold everybody
 * else up until the last one is closed. On the event loop.
 */
final class LeavingClients {
    /** Named limit: ends in one turn of the event loop, and at once after a time without any. */
    static final int AT_ONCE_MAX = 8;

    /** Between two turns. */
    static final long PAUSE_MS = 1;

    private final EventExecutor loop;
    private final AtomicInteger leaving;
    /** No more than there are connections: each comes once. */
    private final ArrayDeque<Channel> waiting = new ArrayDeque<>();

    /** In this turn. */
    private int ended;

    /** Invariant: if anybody waits. */
    private boolean scheduled;

    /** @param leaving counts those that have been told to end and are not closed, of all event loops */
    LeavingClients(EventExecutor loop, AtomicInteger leaving) {
        this.loop = loop;
        this.leaving = leaving;
    }

    /** Closes the connection, now or in its turn; call once for each. */
    void end(Channel client) {
        leaving.incrementAndGet();
        ChannelFuture unused = client.closeFuture().addListener(closed -> leaving.decrementAndGet());
        if (waiting.isEmpty() && ended < AT_ONCE_MAX) {
            close(client);
        } else {
            waiting.add(client);
        }
    }

    private void close(Channel client) {
        ended++;
        if (!scheduled) {
            scheduled = true;
            loop.schedule(this::onTurn, PAUSE_MS, TimeUnit.MILLISECONDS);
        }
        client.close();
    }

    private void onTurn() {
        scheduled = false;
        ended = 0;
        while (ended < AT_ONCE_MAX && !waiting.isEmpty()) {
            Channel next = waiting.remove();
            if (next.isOpen()) {
                close(next);
            }
        }
    }
}
