package io.parablock.blockdev.nbd.netty;

import io.netty.util.concurrent.EventExecutor;
import java.util.concurrent.TimeUnit;

/**
 * What one connection may begin before everything else on the event loop has its turn: other clients' requests wait for all
 * that was begun before them. On the event loop.
 */
final class TurnLimit {
    /** Named limit: requests. */
    static final int REQUESTS_MAX = 256;

    /** Named limit: bytes to be read or written; the last request of a turn may go beyond it. */
    static final long BYTES_MAX = 256 << 10;

    private final EventExecutor loop;
    private final Runnable onNextTurn;
    private int requests;
    private long bytes;

    /** @param onNextTurn called when more may be begun, after {@link #isReached} */
    TurnLimit(EventExecutor loop, Runnable onNextTurn) {
        this.loop = loop;
        this.onNextTurn = onNextTurn;
    }

    boolean isReached() {
        return requests >= REQUESTS_MAX || bytes >= BYTES_MAX;
    }

    /** A request has been begun; one that had to be may be beyond the limit. */
    void begin(long requestBytes) {
        boolean reached = isReached();
        requests++;
        bytes += requestBytes;
        if (!reached && isReached()) {
            // A task that is queued may come before the sockets have been looked at; what is scheduled by one never
            // does.
            loop.schedule(this::next, 0, TimeUnit.NANOSECONDS);
        }
    }

    private void next() {
        requests = 0;
        bytes = 0;
        onNextTurn.run();
    }
}
