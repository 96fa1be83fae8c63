package io.parablock.blockdev.nbd.netty;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Request bytes in work over all connections of a server. Thread-safe. Who finds no room waits; turns come in the order of
 * asking, so that small requests do not starve a large one. One request always has room.
 */
final class RequestBudget {
    /** A connection's request that waits; {@code onTurn} runs once, on any thread, when its bytes are taken. */
    static final class Waiter {
        private final long bytes;
        private final Runnable onTurn;

        Waiter(long bytes, Runnable onTurn) {
            this.bytes = bytes;
            this.onTurn = onTurn;
        }
    }

    private final long bytesMax;
    private final ArrayDeque<Waiter> waiting = new ArrayDeque<>();
    private long inWorkBytes;

    RequestBudget(long bytesMax) {
        this.bytesMax = bytesMax;
    }

    /** @return false if the request has to wait */
    synchronized boolean takeNow(long bytes) {
        boolean room = waiting.isEmpty() && hasRoom(bytes);
        inWorkBytes += room ? bytes : 0;
        return room;
    }

    /** @return false if the request has to wait for {@code waiter.onTurn} */
    synchronized boolean take(Waiter waiter) {
        boolean taken = takeNow(waiter.bytes);
        if (!taken) {
            waiting.add(waiter);
        }
        return taken;
    }

    private boolean hasRoom(long bytes) {
        return inWorkBytes == 0 || inWorkBytes + bytes <= bytesMax;
    }

    void giveBack(long bytes) {
        wake(bytes, null);
    }

    /** Its connection has ended; if its turn has come already, {@code onTurn} gives the bytes back. */
    void forget(Waiter waiter) {
        wake(0, waiter);
    }

    private void wake(long returnedBytes, @Nullable Waiter leaving) {
        List<Waiter> turns = List.of();
        synchronized (this) {
            inWorkBytes -= returnedBytes;
            if (leaving != null) {
                waiting.remove(leaving);
            }
            Waiter next = waiting.peek();
            while (next != null && hasRoom(next.bytes)) {
                inWorkBytes += next.bytes;
                turns = turns.isEmpty() ? new ArrayList<>() : turns;
                turns.add(next);
                waiting.remove();
                next = waiting.peek();
            }
        }
        for (Waiter w : turns) {
            w.onTurn.run();
        }
    }

    synchronized long inWorkBytes() {
        return inWorkBytes;
    }

    synchronized int waiting() {
        return waiting.size();
    }
}
