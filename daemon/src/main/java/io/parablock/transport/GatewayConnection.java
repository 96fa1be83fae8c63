package io.parablock.transport;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.parablock.replica.client.ClientMessage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One connection of a gateway that was let in. It may ask, as a client does, say that it is there, and nothing else. */
final class GatewayConnection extends SimpleChannelInboundHandler<ByteBuf> {
    private static final Logger LOG = LoggerFactory.getLogger(GatewayConnection.class);

    private final GatewayHello hello;
    private final GatewayConnections gateways;
    private final PeerHandler handler;
    private final SignsOfLife signs;
    private boolean heard;
    /** Frames that were decoded before the close must not be looked at any more. */
    private boolean closing;

    /** @param signs stands before it */
    GatewayConnection(GatewayHello hello, GatewayConnections gateways, PeerHandler handler, SignsOfLife signs) {
        this.hello = hello;
        this.gateways = gateways;
        this.handler = handler;
        this.signs = signs;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, ByteBuf frame) {
        if (closing) {
            return;
        }
        FrameReader r = new FrameReader(frame, ctx.alloc());
        noteHeard(ctx);
        if (r.type() == FrameType.ALIVE) {
            signs.onAlive(r);
            return;
        }
        if (!r.type().isRequest()) {
            throw new CodecException("a gateway may not send " + r.type());
        }
        ClientMessage asked = r.client();
        if (asked instanceof ClientMessage.OpenSession m) {
            requireBoot(m.gatewayBoot());
        } else if (asked instanceof ClientMessage.KeepAlive m) {
            requireBoot(m.gatewayBoot());
        }
        handler.onClient(r.groupId(), hello.gateway(), asked);
    }

    /** The leader would end the sessions of the boot before. */
    private void requireBoot(long boot) {
        if (boot != hello.boot()) {
            throw new CodecException("a request of boot " + boot + ", and the gateway's is " + hello.boot());
        }
    }

    /** A gateway that objects to this node comes and goes: only it knows why, and its log says so. */
    private void noteHeard(ChannelHandlerContext ctx) {
        if (!heard) {
            heard = true;
            gateways.onHeard(hello);
            if (hello.lane() == Lane.CONTROL) {
                handler.onGatewayAttached(hello.gateway(), ctx.channel().remoteAddress());
            }
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        handler.onReadComplete();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        if (gateways.remove(hello, ctx.channel())) {
            handler.onGatewayGone(hello.gateway());
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (!closing) {
            closing = true;
            LOG.warn(
                    "closing lane {} of gateway {} from {}: {}",
                    hello.lane(),
                    hello.gateway(),
                    ctx.channel().remoteAddress(),
                    PeerTransport.reason(cause));
            ctx.close();
        }
    }
}
