package io.parablock.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;

/** Reads the file of a gateway that runs without a replica, as {@link ConfigLoader} reads a node's. */
public final class GatewayConfigLoader {
    private static final String HTTP_LISTEN = "http.listen";

    /** Keys of a node that a gateway has too: each a key, or the beginning of keys. */
    private static final List<String> OURS = List.of(
            "cluster.id",
            "peers",
            "nbd.",
            HTTP_LISTEN,
            "pipeline.",
            "transport.kind",
            "transport.lanes",
            "transport.frame_bytes_max",
            "transport.queue_bytes_",
            "transport.reconnect_",
            "transport.gateway_keep_alive",
            "gateway.",
            "limits.nbd_",
            "log.");

    private GatewayConfigLoader() {}

    /** @throws ConfigException with one line that names the file or the key */
    public static GatewayProcessConfig load(Path file) {
        return load(file, System.getenv(), System.getProperties());
    }

    public static GatewayProcessConfig load(Path file, Map<String, String> environment, Properties properties) {
        return ConfigLoader.inFile(file, config -> load(config, environment, properties));
    }

    /** The text of a file. */
    public static GatewayProcessConfig parse(String text) {
        try {
            return load(ConfigFactory.parseString(text), Map.of(), new Properties());
        } catch (com.typesafe.config.ConfigException e) {
            throw new ConfigException(String.valueOf(e.getMessage()));
        }
    }

    private static GatewayProcessConfig load(Config file, Map<String, String> environment, Properties properties) {
        Config reference = ConfigLoader.reference();
        Set<String> known = new TreeSet<>();
        reference.entrySet().forEach(e -> {
            if (OURS.stream().anyMatch(e.getKey()::startsWith)) {
                known.add(e.getKey());
            }
        });
        Config given = ConfigLoader.merged(file, environment, properties, known);
        Config config = given.withFallback(reference);
        KeyReader r = new KeyReader(config, "");
        return new GatewayProcessConfig(
                r.text("cluster.id"),
                ConfigLoader.peers(config),
                ConfigLoader.nbd(r),
                // A node's default would be in the way of a node on the same machine.
                given.hasPath(HTTP_LISTEN) ? r.address(HTTP_LISTEN) : null,
                ConfigLoader.pipeline(r),
                ConfigLoader.transport(r),
                ConfigLoader.gateway(r, ConfigLoader.SESSION_WINDOW_MAX),
                ConfigLoader.limits(r),
                ConfigLoader.log(r));
    }
}
