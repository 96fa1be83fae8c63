package io.parablock.tools;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigUtil;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * What this command knows of a node's configuration file: how the demo writes it, and what to read back from it.
 *
 * @param nbd the first address that is listed
 */
record NodeConfig(int id, Path dataDir, InetSocketAddress nbd, InetSocketAddress http) {
    static final String LOOPBACK = "127.0.0.1";

    static void write(Path file, DemoSettings settings, int node) throws IOException {
        StringBuilder text = new StringBuilder("# Written by `parablock demo`; keys in docs/operating.md.\n");
        key(text, "cluster.id", quoted(DemoSettings.EXPORT));
        key(text, "node.id", Integer.toString(node));
        key(text, "node.data_dir", quoted(settings.dir().resolve("node" + node).toString()));
        text.append("peers = [\n");
        for (int peer = 1; peer <= settings.nodes(); peer++) {
            text.append("  { id = ").append(peer).append(", address = ");
            text.append(quoted(LOOPBACK + ":" + settings.peerPort(peer))).append(" }\n");
        }
        text.append("]\n");
        key(text, "nbd.listen", quoted(LOOPBACK + ":" + settings.nbdPort(node)));
        key(text, "http.listen", quoted(LOOPBACK + ":" + settings.httpPort(node)));
        text.append("volumes = [ { name = ").append(quoted(DemoSettings.EXPORT));
        text.append(", size = ").append(quoted(settings.size().toString())).append(" } ]\n");
        key(text, "mode", settings.mode());
        key(text, "durability", settings.durability());
        if (!settings.walEngine().isEmpty()) {
            key(text, "wal.engine", settings.walEngine());
        }
        for (Map.Entry<String, String> extra : new TreeMap<>(settings.extra()).entrySet()) {
            key(text, extra.getKey(), extra.getValue());
        }
        Files.writeString(file, text);
    }

    static NodeConfig read(Path file) {
        try {
            Config config = ConfigFactory.parseFile(file.toFile()).resolve();
            return new NodeConfig(
                    config.getInt("node.id"),
                    Path.of(config.getString("node.data_dir")),
                    address(config.getString("nbd.listen").split(",")[0]),
                    address(config.getString("http.listen")));
        } catch (ConfigException | IllegalArgumentException e) {
            throw new CommandFailure(file + ": " + e.getMessage());
        }
    }

    private static void key(StringBuilder text, String key, String value) {
        text.append(key).append(" = ").append(value).append('\n');
    }

    private static String quoted(String value) {
        return ConfigUtil.quoteString(value);
    }

    /** Where its status server is. */
    URI uri() {
        return URI.create("http://" + http.getHostString() + ":" + http.getPort());
    }

    static InetSocketAddress address(String text) {
        int colon = text.lastIndexOf(':');
        if (colon < 0) {
            throw new IllegalArgumentException("'" + text + "' is no address; write host:port");
        }
        return new InetSocketAddress(text.substring(0, colon), Integer.parseInt(text.substring(colon + 1)));
    }

    static InetSocketAddress loopback(int port) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }
}
