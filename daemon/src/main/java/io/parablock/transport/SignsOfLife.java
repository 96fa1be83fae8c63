package io.parablock.transport;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Ends a connection between a gateway and a node from which nothing comes. Each side says ALIVE every interval of its own and
 * is answered, so that the intervals may differ. TCP's own probes do not do it: there are none while data is unacknowledged,
 * or while the window is shut.
 *
 * <p>Stands first in the pipeline: a part of a frame is a sign too. Of the event loop.
 */
final class SignsOfLife extends ChannelInboundHandlerAdapter {
    /** Named limit: intervals without a byte. Counted, not timed: a pause of this process is not the other one's silence. */
    private static final int SILENT_MAX = 4;

    private final long intervalMs;
    private @Nullable ChannelHandlerContext context;
    private @Nullable ScheduledFuture<?> ticks;
    private int silent;
    /** One that has not left this process says as much as two. */
    private boolean waits;

    /** @param intervalMs {@code transport.gateway_keep_alive} */
    SignsOfLife(long intervalMs) {
        this.intervalMs = intervalMs;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
        ticks = ctx.executor().scheduleWithFixedDelay(this::tick, intervalMs, intervalMs, TimeUnit.MILLISECONDS);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        stop();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        stop();
        ctx.fireChannelInactive();
    }

    private void stop() {
        ScheduledFuture<?> t = ticks;
        if (t != null) {
            t.cancel(false);
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object bytes) {
        silent = 0;
        ctx.fireChannelRead(bytes);
    }

    private void tick() {
        ChannelHandlerContext ctx = context;
        if (ctx != null && silent >= SILENT_MAX) {
            stop();
            ctx.fireExceptionCaught(new CodecException("nothing came for " + SILENT_MAX * intervalMs + " ms"));
        } else {
            silent++;
            say(true);
        }
    }

    /** @param ask for an answer */
    void say(boolean ask) {
        ChannelHandlerContext ctx = context;
        if (ctx != null && !waits) {
            waits = true;
            ctx.writeAndFlush(FrameWriter.alive(ctx.alloc(), ask)).addListener(f -> waits = false);
        }
    }

    /** @throws CodecException if it is not sound */
    void onAlive(FrameReader frame) {
        boolean asks = frame.flag();
        frame.requireEnd();
        if (asks) {
            say(false);
        }
    }
}
