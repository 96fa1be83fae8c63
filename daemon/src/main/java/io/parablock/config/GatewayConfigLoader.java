package io.parablock.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;

/** Reads the file of a gateway that runs without a replica, as {@link ConfigLoader} reads a node's. */
public final class GatewayConfigLoader {
    private static final String HTTP_LISTEN = "http.listen";

    private GatewayConfigLoader() {}

    /** @throws ConfigException with one line that names the place or the key */
    public static GatewayProcessConfig load(Path file) {
        return load(file, System.getenv(), System.getProperties());
    }

    public static GatewayProcessConfig load(Path file, Map<String, String> environment, Properties properties) {
        Config config = ConfigLayers.read(file, environment, properties, Role.GATEWAY);
        return ConfigLayers.placed(file.toString(), () -> read(config));
    }

    /** The text of a file. */
    public static GatewayProcessConfig parse(String text) {
        return ConfigLayers.placed(
                "",
                () -> read(ConfigLayers.merged(
                        ConfigFactory.parseString(text), Map.of(), new Properties(), Role.GATEWAY)));
    }

    static GatewayProcessConfig read(Config config) {
        KeyReader r = new KeyReader(config);
        return new GatewayProcessConfig(
                r.text("cluster.id"),
                ConfigLoader.peers(config),
                ConfigLoader.nbd(r),
                r.has(HTTP_LISTEN) ? r.address(HTTP_LISTEN) : null,
                ConfigLoader.pipeline(r),
                ConfigLoader.transport(r),
                ConfigLoader.gateway(
                        r, (int) KeyCatalogue.key("raft.session_window").range().max()),
                ConfigLoader.limits(r),
                ConfigLoader.log(r));
    }
}
