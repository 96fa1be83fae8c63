package io.parablock.http;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.parablock.metrics.NodeMeters;
import io.parablock.replica.ReplicaStatus;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** {@code /}, {@code /status} and {@code /metrics}, read-only, on threads of its own. */
public final class StatusServer implements AutoCloseable {
    private static final int THREADS = 2;
    private static final int WAITING_MAX = 64;
    private static final int BACKLOG = 64;

    /** Reads the node's figures; may wait for its threads, for a bounded time. */
    @FunctionalInterface
    public interface Source {
        NodeReading read() throws IOException;
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
    private final NodeMeters meters;
    private final HttpServer server;
    private final ExecutorService pool;

    private StatusServer(HttpServer server, Source source, NodeMeters meters) {
        this.server = server;
        this.source = source;
        this.meters = meters;
        this.pool = new ThreadPoolExecutor(
                THREADS, THREADS, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(WAITING_MAX), task -> {
                    Thread t = new Thread(task, "http");
                    t.setDaemon(true);
                    return t;
                });
    }

    /** Binds; {@link #start} begins to serve. */
    public static StatusServer bind(InetSocketAddress listen, Source source, NodeMeters meters) throws IOException {
        return new StatusServer(HttpServer.create(listen, BACKLOG), source, meters);
    }

    public void start() {
        server.setExecutor(pool);
        server.createContext("/", e -> {
            if (e.getRequestURI().getPath().equals("/")) {
                answer(e, "text/html; charset=utf-8", () -> INDEX);
            } else {
                refuse(e, 404, "no such page");
            }
        });
        server.createContext("/status", e -> answer(e, "application/json", this::status));
        server.createContext("/metrics", e -> answer(e, "text/plain; version=0.0.4; charset=utf-8", this::metrics));
        server.start();
    }

    public InetSocketAddress address() {
        return server.getAddress();
    }

    private String status() throws IOException {
        return mapper.writeValueAsString(StatusJson.of(source.read())) + "\n";
    }

    private String metrics() throws IOException {
        for (ReplicaStatus g : source.read().groups()) {
            int id = g.groupId();
            meters.figure("term", id, g.raft().term());
            meters.figure("leader", id, g.raft().leader());
            meters.figure("commit.watermark", id, g.raft().commitWatermark());
            meters.figure("applied.watermark", id, g.raft().appliedPrefix());
            meters.figure("holes", id, g.raft().holes());
            meters.figure("in.flight", id, g.raft().inFlight());
            meters.figure("acked.out.of.order", id, g.raft().ackedOutOfOrder());
            meters.figure("committed.out.of.order", id, g.raft().committedOutOfOrder());
            meters.figure("applied.out.of.order", id, g.raft().appliedOutOfOrder());
            meters.figure("conflicts.waited", id, g.raft().conflictsWaited());
            meters.figure("elections", id, g.raft().elections());
            meters.figure("wal.bytes", id, g.walBytes());
            meters.figure("checkpoints", id, g.checkpoints());
            meters.figure("applied.bytes", id, g.appliedBytes());
        }
        return meters.scrape();
    }

    private void answer(HttpExchange exchange, String type, Page page) throws IOException {
        String method = exchange.getRequestMethod();
        if (!method.equals("GET") && !method.equals("HEAD")) {
            refuse(exchange, 405, "only GET");
            return;
        }
        String body;
        try {
            body = page.body();
        } catch (IOException | RuntimeException e) {
            refuse(exchange, 503, String.valueOf(e.getMessage()));
            return;
        }
        send(exchange, 200, type, body);
    }

    private void refuse(HttpExchange exchange, int code, String why) throws IOException {
        String body = JsonNodeFactory.instance.objectNode().put("error", why).toString();
        send(exchange, code, "application/json", body + "\n");
    }

    private static void send(HttpExchange exchange, int code, String type, String body) throws IOException {
        try (exchange) {
            byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", type);
            boolean head = exchange.getRequestMethod().equals("HEAD");
            exchange.sendResponseHeaders(code, head ? -1 : bytes.length);
            if (!head) {
                exchange.getResponseBody().write(bytes);
            }
        }
    }

    @Override
    public void close() {
        server.stop(0);
        pool.shutdownNow();
        meters.close();
    }
}
