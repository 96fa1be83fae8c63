package io.parablock.blockdev.nbd.netty;

import io.parablock.blockdev.nbd.Nbd;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.function.LongConsumer;

/**
 * Request bytes in work over all connections of a server. Thread-safe.
 *
 * <pre>
 *   bytesMax ──┬── reserve, an eighth: an allowance of the same size for each of connectionsMax connections
 *              └── common: everything that a connection holds beyond its allowance, in turns
 * </pre>
 *
 * A request is charged whole, at its header. One that fits into the rest of its connection's allowance begins at once; any
 * other waits until its bytes beyond the allowance have room in the common part, in the order of asking. So:
 *
 * <ul>
 *   <li>The bound holds: at most connectionsMax connections have an allowance, and of the common part no more is taken than
 *       there is. Only while nothing of it is taken, a single request may be larger: no read and no write is, because the
 *       reserve leaves {@link Nbd#PAYLOAD_MAX} at least.
 *   <li>Nobody is held up within the own allowance, whatever others announce, hold or do not read: they cannot take a byte of
 *       it. A client that announces a large payload and stays silent holds up other large requests until it is closed
 *       ({@link ClientWatch}), and small ones never.
 *   <li>Nothing starves: while somebody waits nothing else is taken from the common part, so that what the first in line needs
 *       comes back as requests end. Small requests that overtake the line take what the first in line could not have had.
 *   <li>There is no deadlock: no request holds some of its bytes while it waits for others, and those of the connection's
 *       earlier requests come back without it.
 * </ul>
 */
final class RequestBudget {
    /** Which part of the budget the allowances are: one in so many. */
    private static final int RESERVE_PART = 8;

    /** What one connection holds, and the one request for which it waits. */
    final class Share {
        private final long allowanceBytes;
        private final LongConsumer onTurn;
        private long heldBytes;
        /** Of the request that waits, or 0. */
        private long wantedBytes;

        private boolean left;

        private Share(long allowanceBytes, LongConsumer onTurn) {
            this.allowanceBytes = allowanceBytes;
            this.onTurn = onTurn;
        }

        /**
         * @return false if the request has to wait: {@code onTurn} gets its bytes, once, on any thread, when they are taken
         * @throws IllegalStateException if one waits already, or after {@link #leave}
         */
        boolean take(long bytes) {
            synchronized (RequestBudget.this) {
                if (left || wantedBytes != 0) {
                    throw new IllegalStateException("has left, or waits");
                }
                wantedBytes = bytes;
                long common = wantedCommonBytes();
                if (common == 0 || (waiting.isEmpty() && hasRoom(common))) {
                    grant(this);
                    return true;
                }
                waiting.add(this);
                return false;
            }
        }

        /** Without effect after {@link #leave}. */
        void giveBack(long bytes) {
            wake(this, bytes, false);
        }

        /** The connection has ended: all that it holds comes back, and it waits no more; idempotent. */
        void leave() {
            wake(this, 0, true);
        }

        private long commonBytes(long held) {
            return Math.max(0, held - allowanceBytes);
        }

        /** What the request that waits would take of the common part now. */
        private long wantedCommonBytes() {
            return commonBytes(heldBytes + wantedBytes) - commonBytes(heldBytes);
        }

        private void hold(long bytes) {
            commonInWorkBytes -= commonBytes(heldBytes);
            inWorkBytes += bytes - heldBytes;
            heldBytes = bytes;
            commonInWorkBytes += commonBytes(heldBytes);
        }
    }

    private record Turn(Share share, long bytes) {}

    private final long commonMax;
    private final long allowanceBytes;
    private final int connectionsMax;
    private final LinkedHashSet<Share> waiting = new LinkedHashSet<>();
    private int withAllowance;
    private long inWorkBytes;
    /** Invariant: the sum of what each share holds beyond its allowance. */
    private long commonInWorkBytes;

    /**
     * @param bytesMax 0 or more; no reserve is made at or below {@link Nbd#PAYLOAD_MAX}
     * @param connectionsMax so many connections have an allowance; positive
     */
    RequestBudget(long bytesMax, int connectionsMax) {
        long reserve = Math.max(0, Math.min(bytesMax / RESERVE_PART, bytesMax - Nbd.PAYLOAD_MAX));
        this.connectionsMax = connectionsMax;
        this.allowanceBytes = reserve / connectionsMax;
        this.commonMax = bytesMax - allowanceBytes * connectionsMax;
    }

    /** @param onTurn told of each request that had to wait, when its turn has come */
    synchronized Share join(LongConsumer onTurn) {
        // What was accepted right before the end of others may be one too many.
        boolean own = withAllowance < connectionsMax;
        withAllowance += own ? 1 : 0;
        return new Share(own ? allowanceBytes : 0, onTurn);
    }

    private boolean hasRoom(long commonBytes) {
        return commonInWorkBytes == 0 || commonInWorkBytes + commonBytes <= commonMax;
    }

    private static Turn grant(Share share) {
        long bytes = share.wantedBytes;
        share.wantedBytes = 0;
        share.hold(share.heldBytes + bytes);
        return new Turn(share, bytes);
    }

    private void wake(Share share, long returnedBytes, boolean leaves) {
        List<Turn> turns = List.of();
        synchronized (this) {
            if (share.left) {
                return;
            }
            share.hold(leaves ? 0 : share.heldBytes - returnedBytes);
            if (leaves) {
                share.left = true;
                share.wantedBytes = 0;
                withAllowance -= share.allowanceBytes > 0 ? 1 : 0;
                waiting.remove(share);
            }
            if (!waiting.isEmpty()) {
                turns = turns(share);
            }
        }
        for (Turn t : turns) {
            t.share.onTurn.accept(t.bytes);
        }
    }

    private List<Turn> turns(Share returning) {
        List<Turn> turns = new ArrayList<>();
        if (returning.wantedBytes > 0 && returning.wantedCommonBytes() == 0) {
            waiting.remove(returning);
            turns.add(grant(returning));
        }
        Iterator<Share> line = waiting.iterator();
        while (line.hasNext()) {
            Share next = line.next();
            if (!hasRoom(next.wantedCommonBytes())) {
                break;
            }
            line.remove();
            turns.add(grant(next));
        }
        return turns;
    }

    synchronized long inWorkBytes() {
        return inWorkBytes;
    }

    synchronized int waiting() {
        return waiting.size();
    }
}
