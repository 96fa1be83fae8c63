package io.parablock.http;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.GlobalEventExecutor;
import io.parablock.metrics.NodeMeters;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** {@code /} (see {@link LivePage}), {@code /status}, {@code /metrics} and what its {@link Routes} have besides. On threads of its own. */
public final class StatusServer implements AutoCloseable {
    private static final int THREADS = 2;
    private static final int WAITING_MAX = 64;
    private static final int BACKLOG = 64;
    private static final int CONNECTIONS_MAX = 128;
    private static final String PROMETHEUS_TEXT = "text/plain; version=0.0.4; charset=utf-8";

    /** Reads the process's figures; may wait for its threads, for a bounded time. */
    @FunctionalInterface
    public interface Source {
        Reading read() throws IOException;
    }

    private final Routes routes;
    private final NodeMeters meters;
    private final LiveSampler sampler;
    private final EventLoopGroup loop;
    private final ChannelGroup clients = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    private final Channel listener;
    private final ExecutorService pool;

    private StatusServer(InetSocketAddress listen, Source source, Routes routes, NodeMeters meters) {
        this.sampler = new LiveSampler(source, meters);
        new LivePage(sampler, routes).addTo(routes);
        this.routes = routes.page("/status", query -> Answer.json(source.read().json()))
                .page("/metrics", query -> {
                    source.read().figures(meters);
                    return Answer.text(PROMETHEUS_TEXT, meters.scrape());
                });
        this.meters = meters;
        this.pool = new ThreadPoolExecutor(
                THREADS, THREADS, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(WAITING_MAX), task -> {
                    Thread t = new Thread(task, "http");
                    t.setDaemon(true);
                    return t;
                });
        this.loop = new MultiThreadIoEventLoopGroup(
                1, new DefaultThreadFactory("http-io", true), NioIoHandler.newFactory());
        this.listener = listen(listen);
    }

    /**
     * Binds; {@link #start} begins to serve.
     *
     * @param routes what else is served
     * @throws IOException if the address cannot be listened on
     */
    public static StatusServer bind(InetSocketAddress listen, Source source, Routes routes, NodeMeters meters)
            throws IOException {
        return new StatusServer(listen, source, routes, meters);
    }

    private Channel listen(InetSocketAddress address) {
        ServerBootstrap server = new ServerBootstrap()
                .group(loop)
                .channel(NioServerSocketChannel.class)
                .option(ChannelOption.SO_REUSEADDR, true)
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .option(ChannelOption.AUTO_READ, false)
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel ch) {
                        if (clients.size() >= CONNECTIONS_MAX) {
                            ch.close();
                            return;
                        }
                        clients.add(ch);
                        ch.pipeline().addLast(new HttpConnection(StatusServer.this::serve));
                    }
                });
        try {
            return server.bind(address).syncUninterruptibly().channel();
        } catch (Throwable e) {
            loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
            throw e;
        }
    }

    /** @param recent for the last commits, oldest first: how many lower slots were still uncommitted then; thread-safe */
    public void commitOrder(Supplier<int[]> recent) {
        sampler.commitOrder(recent);
    }

    public void start() {
        listener.config().setAutoRead(true);
        sampler.start();
    }

    private void serve(RequestHead head, HttpConnection to) {
        try {
            pool.execute(() -> to.answer(head.method(), routes.answer(head, to.isFromThisMachine())));
        } catch (RejectedExecutionException busy) {
            to.answer(head.method(), Answer.error(503, "busy"));
        }
    }

    public InetSocketAddress address() {
        return (InetSocketAddress) listener.localAddress();
    }

    @Override
    public void close() {
        sampler.close();
        listener.close().awaitUninterruptibly();
        clients.close().awaitUninterruptibly();
        loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
        pool.shutdownNow();
        meters.close();
    }
}
