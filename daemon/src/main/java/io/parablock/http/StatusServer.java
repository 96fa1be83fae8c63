package io.parablock.http;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
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
import io.parablock.config.ConfigException;
import io.parablock.config.LiveConfig;
import io.parablock.metrics.NodeMeters;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * {@code /}, {@code /status} and {@code /metrics}, read-only, and {@code POST /reload}, which nobody but a client on this machine
 * may ask for: there is no authentication. On threads of its own.
 */
public final class StatusServer implements AutoCloseable {
    private static final int THREADS = 2;
    private static final int WAITING_MAX = 64;
    private static final int BACKLOG = 64;
    private static final int CONNECTIONS_MAX = 128;
    private static final String JSON = "application/json";
    private static final String RELOAD = "/reload";

    /** Reads the process's figures; may wait for its threads, for a bounded time. */
    @FunctionalInterface
    public interface Source {
        Reading read() throws IOException;
    }

    /** Reads the process's configuration file again. */
    @FunctionalInterface
    public interface Reload {
        /**
         * @return what has changed, or would after a restart
         * @throws ConfigException nothing has changed
         */
        List<LiveConfig.Change> reload();
    }

    private interface Page {
        String body() throws IOException;
    }

    private static final String INDEX = """
            <!doctype html><meta charset="utf-8"><title>Parablock</title>
            <style>body{font:14px monospace;margin:2em}</style>
            <h1>Parablock</h1><p><a href="status">status</a> &middot; <a href="metrics">metrics</a></p><pre id="s"></pre>
            <script>
            const show = () => fetch('status').then(r => r.json())
              .then(j => { document.getElementById('s').textContent = JSON.stringify(j, null, 2); });
            show(); setInterval(show, 1000);
            </script>
            """;

    private final ObjectMapper mapper = new ObjectMapper();
    private final Source source;
    private final @Nullable Reload reload;
    private final NodeMeters meters;
    private final EventLoopGroup loop;
    private final ChannelGroup clients = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    private final Channel listener;
    private final ExecutorService pool;

    private StatusServer(InetSocketAddress listen, Source source, @Nullable Reload reload, NodeMeters meters) {
        this.source = source;
        this.reload = reload;
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
     * @param reload null if there is no configuration file
     * @throws IOException if the address cannot be listened on
     */
    public static StatusServer bind(InetSocketAddress listen, Source source, @Nullable Reload reload, NodeMeters meters)
            throws IOException {
        return new StatusServer(listen, source, reload, meters);
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

    public void start() {
        listener.config().setAutoRead(true);
    }

    private void serve(RequestHead head, HttpConnection to) {
        try {
            pool.execute(() -> to.answer(head.method(), answer(head, to)));
        } catch (RejectedExecutionException busy) {
            to.answer(head.method(), error(503, "busy"));
        }
    }

    public InetSocketAddress address() {
        return (InetSocketAddress) listener.localAddress();
    }

    private String status() throws IOException {
        return mapper.writeValueAsString(source.read().json()) + "\n";
    }

    private String metrics() throws IOException {
        source.read().figures(meters);
        return meters.scrape();
    }

    private HttpConnection.Answer answer(RequestHead head, HttpConnection from) {
        Reload r = reload;
        if (head.path().equals(RELOAD) && r != null) {
            if (!head.method().equals("POST")) {
                return error(405, "only POST");
            }
            return from.isFromThisMachine() ? reloaded(r) : error(403, "only from the machine itself");
        }
        if (!head.method().equals("GET") && !head.method().equals("HEAD")) {
            return error(405, "only GET");
        }
        return switch (head.path()) {
            case "/" -> page("text/html; charset=utf-8", () -> INDEX);
            case "/status" -> page(JSON, this::status);
            case "/metrics" -> page("text/plain; version=0.0.4; charset=utf-8", this::metrics);
            default -> error(404, "no such page");
        };
    }

    private static HttpConnection.Answer reloaded(Reload reload) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        ArrayNode applied = json.putArray("applied");
        ArrayNode later = json.putArray("after_restart");
        try {
            for (LiveConfig.Change c : reload.reload()) {
                (c.key().reloadable() ? applied : later).add(c.key().name());
            }
        } catch (ConfigException e) {
            return error(422, String.valueOf(e.getMessage()));
        }
        return new HttpConnection.Answer(200, JSON, json + "\n");
    }

    private static HttpConnection.Answer page(String type, Page page) {
        try {
            return new HttpConnection.Answer(200, type, page.body());
        } catch (IOException | RuntimeException e) {
            return error(503, String.valueOf(e.getMessage()));
        }
    }

    static HttpConnection.Answer error(int code, String why) {
        String body = JsonNodeFactory.instance.objectNode().put("error", why).toString();
        return new HttpConnection.Answer(code, JSON, body + "\n");
    }

    @Override
    public void close() {
        listener.close().awaitUninterruptibly();
        clients.close().awaitUninterruptibly();
        loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
        pool.shutdownNow();
        meters.close();
    }
}
