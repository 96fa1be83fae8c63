package io.parablock.tools;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** A folder of nodes of which only the HTTP servers are there, and say what a test wants. */
final class FakeNodes implements AutoCloseable {
    final Path dir;
    private final List<HttpServer> servers = new ArrayList<>();
    private final Map<String, String> pages = new ConcurrentHashMap<>();

    FakeNodes(Path dir) {
        this.dir = dir;
    }

    /** A node that answers with this status; returns its address. */
    String add(int id, String status) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        servers.add(server);
        page(id, "/status", status);
        server.createContext("/", exchange -> answer(id, exchange));
        server.start();
        configure(id, server.getAddress().getPort());
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    /** A node whose process is not there. */
    void addDown(int id) throws IOException {
        // Port 1 is nobody's.
        configure(id, 1);
    }

    /** What a GET of this path, or a POST, is answered with; a body that begins with 4 is an error of that code. */
    void page(int id, String path, String body) {
        pages.put(id + path, body);
    }

    private void answer(int id, HttpExchange exchange) throws IOException {
        String body = pages.get(id + exchange.getRequestURI().toString());
        int code = body == null ? 404 : body.startsWith("4") ? Integer.parseInt(body.substring(0, 3)) : 200;
        byte[] bytes = (body == null ? "" : code == 200 ? body : body.substring(3)).getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(code, bytes.length == 0 ? -1 : bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    private void configure(int id, int httpPort) throws IOException {
        Path data = Files.createDirectories(dir.resolve("node" + id));
        Files.writeString(dir.resolve("node" + id + ".conf"), """
                cluster.id = demo
                node.id = %d
                node.data_dir = "%s"
                peers = [ { id = 1, address = "127.0.0.1:7001" }, { id = 2, address = "127.0.0.1:7002" },
                          { id = 3, address = "127.0.0.1:7003" } ]
                nbd.listen = "127.0.0.1:10809"
                http.listen = "127.0.0.1:%d"
                volumes = [ { name = demo, size = 1GiB } ]
                raft.span = 256
                """.formatted(id, data, httpPort));
    }

    /** A follower or the leader, of term 3. */
    static String status(int id, int leader, String version, String state, String... warnings) {
        List<String> quoted = new ArrayList<>();
        for (String w : warnings) {
            quoted.add('"' + w + '"');
        }
        return """
                {"id":%d,"role":"%s","leader":%s,"term":3,"version":"%s","scrub":{"rounds":2,"progress_percent":40,
                 "bytes":1048576,"bytes_per_second":2097152,"eta_seconds":30,"damaged_records":0,"damaged_bytes":0,
                 "damaged_state":0},
                 "health":{"state":"%s","warnings":[%s],"peers":[]},"groups":[]}""".formatted(
                        id,
                        id == leader ? "leader" : "follower",
                        leader == 0 ? "null" : leader,
                        version,
                        state,
                        String.join(",", quoted));
    }

    @Override
    public void close() {
        servers.forEach(server -> server.stop(0));
    }
}
