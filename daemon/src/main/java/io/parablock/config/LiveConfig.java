package io.parablock.config;

import com.typesafe.config.Config;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.function.Function;

/**
 * The configuration of a running process, and what a changed file would make of it. Keys that a reload does not apply keep what
 * they had at the start. Thread-safe; one reload at a time is the caller's business.
 *
 * @param <C> the configuration as the process reads it
 */
public final class LiveConfig<C> {
    /**
     * A key that the file says otherwise than the process has it.
     *
     * @param before as a file would say it
     * @param after the same
     */
    public record Change(Key key, String before, String after) {
        /** For the operator, in one line. */
        public String line() {
            return key.reloadable()
                    ? key.name() + " is now " + after + ", it was " + before
                    : key.name() + " changed in the file; takes effect after a restart";
        }
    }

    /** What a reload would do. Nothing has changed yet. */
    public static final class Reload<C> {
        private final Config merged;
        private final C config;
        private final List<Change> changes;

        private Reload(Config merged, C config, List<Change> changes) {
            this.merged = merged;
            this.config = config;
            this.changes = List.copyOf(changes);
        }

        /** What runs now, but for the reloadable keys that have changed. */
        public C config() {
            return config;
        }

        public List<Change> changes() {
            return changes;
        }
    }

    /** Where the configuration comes from. */
    private record Sources(Path file, Role role, Map<String, String> environment, Properties properties) {
        Sources {
            environment = Map.copyOf(environment);
            properties = (Properties) properties.clone();
        }

        Config read() {
            return ConfigLayers.read(file, environment, properties, role);
        }

        <C> C placed(Function<Config, C> reader, Config config) {
            return ConfigLayers.placed(file.toString(), () -> reader.apply(config));
        }
    }

    private final Sources sources;
    private final Function<Config, C> reader;
    private volatile Config running;
    private volatile C config;

    private LiveConfig(Sources sources, Function<Config, C> reader, Config running, C config) {
        this.sources = sources;
        this.reader = reader;
        this.running = running;
        this.config = config;
    }

    private static <C> LiveConfig<C> open(Sources sources, Function<Config, C> reader) {
        Config merged = sources.read();
        return new LiveConfig<>(sources, reader, merged, sources.placed(reader, merged));
    }

    /** @throws ConfigException with one line that names the place or the key */
    public static LiveConfig<NodeConfig> ofNode(Path file, Map<String, String> environment, Properties properties) {
        return open(new Sources(file, Role.NODE, environment, properties), ConfigLoader::read);
    }

    /** @throws ConfigException with one line that names the place or the key */
    public static LiveConfig<GatewayProcessConfig> ofGateway(
            Path file, Map<String, String> environment, Properties properties) {
        return open(new Sources(file, Role.GATEWAY, environment, properties), GatewayConfigLoader::read);
    }

    /** What the process has. */
    public C config() {
        return config;
    }

    /**
     * Reads the file again; the environment and the properties of a process do not change.
     *
     * @throws ConfigException if the file, or what would come of it with the keys that stay, is wrong
     */
    public Reload<C> reread() {
        Config before = running;
        Config written = sources.read();
        C unused = sources.placed(reader, written);
        Config after = before;
        List<Change> changes = new ArrayList<>();
        List<EffectiveConfig.Setting> old =
                EffectiveConfig.of(before, sources.role).settings();
        List<EffectiveConfig.Setting> now =
                EffectiveConfig.of(written, sources.role).settings();
        for (int i = 0; i < old.size(); i++) {
            Key key = old.get(i).key();
            String was = old.get(i).value();
            String is = now.get(i).value();
            if (!was.equals(is)) {
                changes.add(new Change(key, EffectiveConfig.shown(key, was), EffectiveConfig.shown(key, is)));
                if (key.reloadable()) {
                    after = after.withValue(key.name(), written.getValue(key.name()));
                }
            }
        }
        return new Reload<>(after, sources.placed(reader, after), changes);
    }

    /** The process has done as {@code reload} says. */
    public void accept(Reload<C> reload) {
        running = reload.merged;
        config = reload.config;
    }
}
