package io.parablock.perf.impair;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.GlobalEventExecutor;
import io.parablock.blockdev.nbd.netty.TransportKind;
import io.parablock.transport.impair.ImpairedLane;
import io.parablock.transport.impair.ImpairedLink;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * Passes TCP connections on, in both directions as late as it is told to:
 *
 * <pre>
 *   client ─► ProxyEnd ─► [ ImpairedLane ] ─► target
 *   client ◄─ [ ImpairedLane ] ◄─ ProxyEnd ◄─ target
 * </pre>
 *
 * <p>An end that takes nothing, or a full buffer, keeps the other end from being read. An end that closes its output has the
 * other output closed, behind all bytes; a connection that breaks breaks the other one at once. Everything runs on one event
 * loop; {@link #close} may be called from any other thread.
 */
public final class ImpairmentProxy implements AutoCloseable {
    private static final int CONNECT_TIMEOUT_MS = 5_000;
    private static final int DIRECTIONS = 2;

    private final ProxySettings settings;
    private final TransportKind kind;
    private final Consumer<String> log;
    private final EventLoopGroup loops;
    private final ChannelGroup clients = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    private final AtomicLong connections = new AtomicLong();
    private final Channel listener;

    private ImpairmentProxy(ProxySettings settings, TransportKind kind, Consumer<String> log) throws IOException {
        this.settings = settings;
        this.kind = kind;
        this.log = log;
        if (settings.to().isUnresolved()) {
            throw new IOException("the host " + settings.to().getHostString() + " is unknown");
        }
        if (settings.listen().isUnresolved()) {
            throw new IOException("the host " + settings.listen().getHostString() + " is unknown");
        }
        loops = new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory("proxy", true), kind.ioHandler());
        ChannelFuture bound = new ServerBootstrap()
                .group(loops)
                .channel(kind.serverChannel())
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .childOption(ChannelOption.AUTO_READ, false)
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel client) {
                        accept(client);
                    }
                })
                .bind(settings.listen())
                .awaitUninterruptibly();
        listener = bound.channel();
        if (!bound.isSuccess()) {
            stopLoops();
            throw new IOException("cannot listen at " + text(settings.listen()) + ": "
                    + bound.cause().getMessage());
        }
    }

    /**
     * Serves from here on.
     *
     * @param log hears a line of each connection that failed, on the event loop
     * @throws IOException if it cannot listen, in words for people
     */
    public static ImpairmentProxy listen(ProxySettings settings, TransportKind kind, Consumer<String> log)
            throws IOException {
        return new ImpairmentProxy(settings, kind, log);
    }

    public InetSocketAddress address() {
        return (InetSocketAddress) listener.localAddress();
    }

    /** Connections of clients that are open. */
    public int open() {
        return clients.size();
    }

    private void accept(Channel client) {
        if (clients.size() >= settings.connectionsMax()) {
            log.accept("refusing " + client.remoteAddress() + ": " + clients.size() + " connections are open");
            client.close();
            return;
        }
        clients.add(client);
        long number = connections.getAndIncrement();
        ProxyEnd atClient = new ProxyEnd();
        client.pipeline().addLast(lane(number, 0), atClient);
        // Only when the client's channel has been registered: a target on this machine may be connected at once.
        client.eventLoop().execute(() -> dial(client, atClient, number));
    }

    private void dial(Channel client, ProxyEnd atClient, long number) {
        ProxyEnd atTarget = new ProxyEnd();
        ChannelFuture dialling = new Bootstrap()
                .group(client.eventLoop())
                .channel(kind.socketChannel())
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .option(ChannelOption.AUTO_READ, false)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_TIMEOUT_MS)
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel target) {
                        target.pipeline().addLast(lane(number, 1), atTarget);
                    }
                })
                .connect(settings.to());
        dialling.addListener(f -> {
            if (f.isSuccess()) {
                Channel target = dialling.channel();
                atClient.join(client, atTarget);
                atTarget.join(target, atClient);
                client.config().setAutoRead(true);
                target.config().setAutoRead(true);
            } else {
                log.accept("cannot connect to " + text(settings.to()) + ": "
                        + f.cause().getMessage());
                client.close();
            }
        });
    }

    /** @param direction 0 to the client, 1 to the target */
    private ImpairedLane lane(long number, int direction) {
        long seed = (settings.seed() * ProxySettings.CONNECTIONS_MAX + number) * DIRECTIONS + direction;
        // What waits here has not been sent: the end of a stream must come behind it.
        return new ImpairedLane(new ImpairedLink(settings.wrong(), seed), 0, settings.bufferBytes(), System::nanoTime);
    }

    private static String text(InetSocketAddress address) {
        return address.getHostString() + ":" + address.getPort();
    }

    @Override
    public void close() {
        listener.close().awaitUninterruptibly();
        clients.close().awaitUninterruptibly();
        stopLoops();
    }

    private void stopLoops() {
        loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }
}
