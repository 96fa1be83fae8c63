package io.parablock.config;

import com.typesafe.config.Config;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * What a process would run with.
 *
 * @param settings of every key that the process has, in the order of {@link KeyCatalogue}
 */
public record EffectiveConfig(List<Setting> settings) {
    /** What stands for the value of a {@link Key#isSecret secret} key. */
    public static final String HIDDEN = "(hidden)";

    /**
     * @param value as a file would say it; empty if the key has none: it is required and not given, or without a default. For
     *     comparisons: {@link #shown} is for people
     */
    public record Setting(Key key, String value, Origin origin) {
        /** What may be printed, logged, or sent to somebody. */
        public String shown() {
            return EffectiveConfig.shown(key, value);
        }
    }

    public EffectiveConfig {
        settings = List.copyOf(settings);
    }

    /**
     * @param file null for none: what is required may be missing then
     * @throws ConfigException as the process would at its start
     */
    public static EffectiveConfig of(
            @Nullable Path file, Role role, Map<String, String> environment, Properties properties) {
        Config config = ConfigLayers.read(file, environment, properties, role);
        if (file != null) {
            check(file, role, environment, properties);
        }
        return of(config, role);
    }

    /** @throws ConfigException as the process would at its start */
    public static void check(Path file, Role role, Map<String, String> environment, Properties properties) {
        switch (role) {
            case NODE -> {
                NodeConfig unused = ConfigLoader.load(file, environment, properties);
            }
            case GATEWAY -> {
                GatewayProcessConfig unused = GatewayConfigLoader.load(file, environment, properties);
            }
        }
    }

    static EffectiveConfig of(Config config, Role role) {
        List<Setting> out = new ArrayList<>();
        for (Key key : KeyCatalogue.keys()) {
            if (!key.isOfObjects() && role.has(key)) {
                out.add(setting(config, key));
            }
        }
        return new EffectiveConfig(out);
    }

    private static Setting setting(Config config, Key key) {
        if (!config.hasPath(key.name())) {
            return new Setting(key, "", new Origin(Origin.Kind.DEFAULT, ""));
        }
        Origin origin = Origin.of(config.getValue(key.name()).origin());
        boolean missing = key.required() && origin.kind() == Origin.Kind.DEFAULT;
        return new Setting(key, missing ? "" : ReferenceFile.text(config.getValue(key.name())), origin);
    }

    /** A list with a secret in its objects is hidden as a whole. */
    static String shown(Key key, String value) {
        boolean secret = key.isSecret()
                || KeyCatalogue.members(key.name()).values().stream().anyMatch(Key::isSecret);
        return secret && !value.isEmpty() ? HIDDEN : value;
    }
}
