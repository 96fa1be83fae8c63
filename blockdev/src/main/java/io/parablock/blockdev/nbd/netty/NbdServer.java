package io.parablock.blockdev.nbd.netty;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.util.concurrent.GlobalEventExecutor;
import io.parablock.blockdev.nbd.NbdBackend;
import java.net.InetSocketAddress;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Listens for NBD clients. The caller owns the event loops. */
public final class NbdServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(NbdServer.class);
    /** Replies queued for one client above which nothing more is read from it. */
    private static final WriteBufferWaterMark REPLY_QUEUE = new WriteBufferWaterMark(16 << 20, 48 << 20);

    private final Channel listener;
    private final ChannelGroup clients;
    private final RequestBudget budget;

    private NbdServer(Channel listener, ChannelGroup clients, RequestBudget budget) {
        this.listener = listener;
        this.budget = budget;
        this.clients = clients;
    }

    /** @throws io.netty.channel.ChannelException or a bind error if the address cannot be listened on */
    public static NbdServer listen(
            EventLoopGroup loops,
            TransportKind transport,
            InetSocketAddress address,
            NbdBackend backend,
            NbdServerConfig config) {
        ChannelGroup clients = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
        RequestBudget budget = new RequestBudget(config.totalBytesMax());
        Channel listener = new ServerBootstrap()
                .group(loops)
                .channel(transport.serverChannel())
                .option(ChannelOption.SO_REUSEADDR, true)
                .option(ChannelOption.SO_BACKLOG, 1024)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, REPLY_QUEUE)
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel ch) {
                        if (clients.size() >= config.connectionsMax()) {
                            LOG.warn("refusing NBD client {}: {} are connected", ch.remoteAddress(), clients.size());
                            ch.close();
                            return;
                        }
                        clients.add(ch);
                        ch.pipeline().addLast(new NbdConnection(backend, config, budget));
                    }
                })
                .bind(address)
                .syncUninterruptibly()
                .channel();
        return new NbdServer(listener, clients, budget);
    }

    public InetSocketAddress address() {
        return (InetSocketAddress) listener.localAddress();
    }

    public int connections() {
        return clients.size();
    }

    /** Request bytes in work over all connections. */
    public long inWorkBytes() {
        return budget.inWorkBytes();
    }

    /** Connections that wait for a turn. */
    public int waiting() {
        return budget.waiting();
    }

    /** Stops accepting; clients stay. */
    public void stopAccepting() {
        listener.close().syncUninterruptibly();
    }

    @Override
    public void close() {
        stopAccepting();
        clients.close().awaitUninterruptibly();
    }
}
