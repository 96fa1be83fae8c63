package io.parablock.transport.impair;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Lets what is written out when an {@link ImpairedLink} says so. What is not late passes as if this were not here. Above a number
 * of held bytes the channel is not writable, until half of them have gone; it is for the writer to heed that.
 *
 * <p>A {@link Runnable} that is written runs when its turn comes, after all that was written before it has been passed on.
 *
 * <p>First in the pipeline, next to the socket. A connection that closes loses what is held, and a write that looked sent was lost
 * all the same, as with TCP.
 */
public final class ImpairedLane extends ChannelDuplexHandler {
    /** Named limit: what a held message counts besides its bytes, so that small ones are bounded too. */
    static final int MESSAGE_BYTES = 128;

    /** Of this handler's own flag of writability; nobody else here has one. */
    private static final int WRITABILITY_INDEX = 1;

    private final ImpairedLink link;
    private final HeldMessages held;
    private final long heldBytesMax;
    private final LongSupplier clockNs;
    private @Nullable Runnable release;
    private boolean armed;
    private boolean full;
    private boolean gone;

    /**
     * @param link of this connection alone, or of several one after the other
     * @param sentBytesMax held bytes whose writes are reported as done at once, as if they were in the socket's buffer
     * @param heldBytesMax above it the channel is not writable
     * @param clockNs that of the release times
     */
    public ImpairedLane(ImpairedLink link, long sentBytesMax, long heldBytesMax, LongSupplier clockNs) {
        this.link = link;
        this.held = new HeldMessages(sentBytesMax);
        this.heldBytesMax = heldBytesMax;
        this.clockNs = clockNs;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        link.restart();
        release = () -> {
            armed = false;
            release(ctx);
        };
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        if (gone) {
            pass(ctx, message, promise);
            return;
        }
        long nowNs = clockNs.getAsLong();
        long bytes = message instanceof ByteBuf b ? b.readableBytes() : 0;
        long releaseNs = link.releaseNs(nowNs, bytes);
        if (held.isEmpty() && releaseNs <= nowNs) {
            pass(ctx, message, promise);
        } else {
            held.add(message, bytes + MESSAGE_BYTES, releaseNs, promise);
            noteFull(ctx);
            arm(ctx, nowNs);
        }
    }

    private static void pass(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        if (message instanceof Runnable turn) {
            turn.run();
            promise.trySuccess();
        } else {
            ctx.write(message, promise);
        }
    }

    private void arm(ChannelHandlerContext ctx, long nowNs) {
        Runnable task = release;
        // The order is kept: nothing that comes later is due before what the timer runs for.
        if (!armed && task != null && !held.isEmpty()) {
            armed = true;
            ctx.executor().schedule(task, Math.max(0, held.nextReleaseNs() - nowNs), TimeUnit.NANOSECONDS);
        }
    }

    private void release(ChannelHandlerContext ctx) {
        long nowNs = clockNs.getAsLong();
        boolean any = false;
        while (!held.isEmpty() && held.nextReleaseNs() <= nowNs) {
            HeldMessages.Held next = held.take();
            Object message = next.message;
            ChannelPromise promise = next.promise;
            if (message != null) {
                pass(ctx, message, promise == null ? ctx.newPromise() : promise);
                any = true;
            }
            // Only now: it keeps a promise, whose listener may write, and that must not overtake this one.
            held.give(next);
        }
        if (any) {
            ctx.flush();
        }
        noteFull(ctx);
        arm(ctx, nowNs);
    }

    private void noteFull(ChannelHandlerContext ctx) {
        boolean now = full ? held.bytes() > heldBytesMax / 2 : held.bytes() > heldBytesMax;
        if (now != full) {
            full = now;
            ChannelOutboundBuffer out = ctx.channel().unsafe().outboundBuffer();
            if (out != null) {
                out.setUserDefinedWritability(WRITABILITY_INDEX, !full);
            }
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        drop();
        ctx.fireChannelInactive();
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        drop();
    }

    private void drop() {
        gone = true;
        held.drop(new ClosedChannelException());
    }
}
