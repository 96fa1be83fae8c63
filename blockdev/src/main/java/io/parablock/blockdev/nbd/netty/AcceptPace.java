package io.parablock.blockdev.nbd.netty;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.concurrent.Future;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Lets new connections in at a bounded pace: their sockets, handshakes and ends are paid with turns of the event loop that
 * serves everybody else. In the pipeline of a listener, in front of what registers its connections; on its event loop.
 *
 * <pre>
 *   kernel's backlog ──► waiting, WAITING_MAX at most ──► so many a second ──► handshake
 * </pre>
 */
final class AcceptPace extends ChannelInboundHandlerAdapter {
    /**
     * Named limit: while so many wait for their turn no more are taken from the kernel's backlog, where they cost nothing. The
     * kernel may have handed over some more by then.
     */
    static final int WAITING_MAX = 64;

    /** Named limit: let in in one turn of the event loop, and at once after a time without newcomers. */
    static final int AT_ONCE_MAX = 8;

    private static final long PAUSE_NS_MIN = 1_000_000;

    /** Changed on any thread, read on the event loop. */
    private volatile long intervalNs;

    private final Predicate<Channel> taken;
    private final LongSupplier nowNs;
    private final ArrayDeque<Channel> waiting = new ArrayDeque<>();
    /** At this pace, without a pause and nobody at once, the next one's moment. */
    private long dueNs;

    private @Nullable Future<?> turn;
    /** Nothing is taken from the backlog. */
    private boolean full;

    /**
     * @param perSecond 0: everybody at once
     * @param taken asked when a connection's turn has come; one that is not taken is closed
     * @param nowNs the time; any origin
     */
    AcceptPace(int perSecond, Predicate<Channel> taken, LongSupplier nowNs) {
        this.intervalNs = intervalNs(perSecond);
        this.taken = taken;
        this.nowNs = nowNs;
        this.dueNs = nowNs.getAsLong() - AT_ONCE_MAX * intervalNs;
    }

    private static long intervalNs(int perSecond) {
        return perSecond == 0 ? 0 : TimeUnit.SECONDS.toNanos(1) / perSecond;
    }

    /** From the next one on; whose moment is set already keeps it. On any thread. */
    void changeTo(int perSecond) {
        intervalNs = intervalNs(perSecond);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object accepted) {
        Channel connection = (Channel) accepted;
        if (waiting.isEmpty() && mayComeIn()) {
            letIn(ctx, connection);
            return;
        }
        waiting.add(connection);
        if (waiting.size() >= WAITING_MAX && !full) {
            full = true;
            ctx.channel().config().setAutoRead(false);
        }
        scheduleTurn(ctx);
    }

    private boolean mayComeIn() {
        long now = nowNs.getAsLong();
        long interval = intervalNs;
        dueNs = Math.max(dueNs, now - (AT_ONCE_MAX - 1) * interval);
        boolean may = dueNs <= now;
        dueNs += may ? interval : 0;
        return may;
    }

    private void letIn(ChannelHandlerContext ctx, Channel connection) {
        if (taken.test(connection)) {
            ctx.fireChannelRead(connection);
        } else {
            // It was never registered anywhere.
            connection.unsafe().closeForcibly();
        }
    }

    private void scheduleTurn(ChannelHandlerContext ctx) {
        if (turn == null) {
            long delayNs = Math.max(PAUSE_NS_MIN, dueNs - nowNs.getAsLong());
            turn = ctx.executor().schedule(() -> onTurn(ctx), delayNs, TimeUnit.NANOSECONDS);
        }
    }

    private void onTurn(ChannelHandlerContext ctx) {
        turn = null;
        for (int n = 0; n < AT_ONCE_MAX && !waiting.isEmpty() && mayComeIn(); n++) {
            letIn(ctx, waiting.remove());
        }
        if (full && waiting.size() <= WAITING_MAX / 2) {
            full = false;
            ctx.channel().config().setAutoRead(true);
        }
        if (!waiting.isEmpty()) {
            scheduleTurn(ctx);
        }
    }

    /** Accepted and not let in. */
    int waiting() {
        return waiting.size();
    }

    /** The listener is closed: who waits has not been greeted and is told the end. */
    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        Future<?> t = turn;
        if (t != null) {
            t.cancel(false);
        }
        waiting.forEach(connection -> connection.unsafe().closeForcibly());
        waiting.clear();
        ctx.fireChannelInactive();
    }
}
