package io.parablock.perf.impair;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.ReferenceCountUtil;
import org.jspecify.annotations.Nullable;

/** One end of a connection that is passed on: what it reads goes to the other end. Of the event loop that both ends share. */
final class ProxyEnd extends ChannelInboundHandlerAdapter {
    private @Nullable Channel own;
    private @Nullable ProxyEnd other;
    private @Nullable ChannelFuture lastWrite;
    /** No bytes come in here any more; under epoll it is an error to ask for some. */
    private boolean inputEnded;

    /** No bytes go out here any more. */
    private boolean ended;

    /** Before anything is read. */
    void join(Channel channel, ProxyEnd otherEnd) {
        own = channel;
        other = otherEnd;
        if (!channel.isActive()) {
            // It broke while the target was dialled.
            channel.eventLoop().execute(() -> breakOff(otherEnd));
        }
    }

    private static void breakOff(@Nullable ProxyEnd end) {
        if (end != null && end.own != null) {
            end.own.close();
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ProxyEnd to = other;
        if (to == null || to.own == null) {
            ReferenceCountUtil.release(message);
        } else {
            to.lastWrite = to.own.write(fitted(ctx, (ByteBuf) message));
        }
    }

    /** What is held is counted by its bytes: a large buffer must not be held for a few. */
    private static ByteBuf fitted(ChannelHandlerContext ctx, ByteBuf read) {
        int bytes = read.readableBytes();
        if (bytes >= read.capacity() / 2) {
            return read;
        }
        ByteBuf copy = ctx.alloc().directBuffer(bytes, bytes).writeBytes(read);
        read.release();
        return copy;
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        ProxyEnd to = other;
        if (to != null && to.own != null) {
            to.own.flush();
        }
    }

    /** Of what goes out here: it comes from the other end. */
    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        ProxyEnd from = other;
        if (from != null && from.own != null && !from.inputEnded) {
            from.own.config().setAutoRead(ctx.channel().isWritable());
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        ProxyEnd to = other;
        boolean ends = event == ChannelInputShutdownEvent.INSTANCE;
        inputEnded |= ends;
        if (ends && to != null && to.own != null) {
            // As late as a message, and behind all that was read.
            Runnable turn = to::endOutput;
            to.own.write(turn);
        }
        ctx.fireUserEventTriggered(event);
    }

    private void endOutput() {
        ChannelFuture last = lastWrite;
        if (last == null || last.isDone()) {
            shutDown();
        } else {
            last.addListener(f -> shutDown());
        }
    }

    private void shutDown() {
        ended = true;
        ProxyEnd from = other;
        if (own == null || from == null) {
            return;
        }
        if (from.ended) {
            own.close();
            breakOff(from);
        } else {
            ((DuplexChannel) own).shutdownOutput();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        breakOff(other);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ctx.close();
    }
}
