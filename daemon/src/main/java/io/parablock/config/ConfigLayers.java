package io.parablock.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigOrigin;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigResolveOptions;
import com.typesafe.config.ConfigSyntax;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What a file, the environment and the properties say, over the defaults; every key is one that there is. */
final class ConfigLayers {
    private static final String ENV_PREFIX = "PARABLOCK_";
    private static final String PROPERTY_PREFIX = "parablock.";

    /** Properties of the launcher, not of the configuration. */
    private static final Set<String> PROPERTIES_OF_OTHERS = Set.of("home", "archive");

    /** Variables of the launcher and of the tests. */
    private static final Set<String> ENV_OF_OTHERS =
            Set.of("PARABLOCK_HOME", "PARABLOCK_JAVA", "PARABLOCK_JAVA_OPTS", "PARABLOCK_E2E");

    private static final String PIPELINE = "pipeline";
    private static final String PIPELINE_KIND = "pipeline.kind";
    private static final String HTTP_LISTEN = "http.listen";

    private final List<String> known;

    private ConfigLayers(Role role) {
        this.known = KeyCatalogue.keys().stream()
                .filter(k -> !k.isOfObjects() && role.has(k))
                .map(Key::name)
                .toList();
    }

    /**
     * Everything, resolved.
     *
     * @throws ConfigException for an unknown key
     * @throws com.typesafe.config.ConfigException if an override is not HOCON
     */
    static Config merged(Config file, Map<String, String> environment, Properties properties, Role role) {
        ConfigLayers layers = new ConfigLayers(role);
        Config given = layers.ofProperties(properties)
                .withFallback(layers.ofEnvironment(environment))
                .withFallback(withPipelineWord(file))
                .resolve(ConfigResolveOptions.noSystem());
        for (Map.Entry<String, ConfigValue> e : given.entrySet()) {
            layers.requireKnown(e.getKey(), Origin.of(e.getValue().origin()).prefix());
        }
        return given.withFallback(defaults(role));
    }

    /** A node's default would be in the way of a node on the same machine. */
    private static Config defaults(Role role) {
        Config reference = ReferenceFile.config();
        return role == Role.GATEWAY ? reference.withoutPath(HTTP_LISTEN) : reference;
    }

    /** {@code pipeline = inline} is short for {@code pipeline.kind = inline}. */
    private static Config withPipelineWord(Config file) {
        if (file.hasPath(PIPELINE) && !(file.getValue(PIPELINE) instanceof ConfigObject)) {
            return file.withoutPath(PIPELINE).withValue(PIPELINE_KIND, file.getValue(PIPELINE));
        }
        return file;
    }

    private Config ofEnvironment(Map<String, String> environment) {
        Config out = ConfigFactory.empty();
        for (String name : environment.keySet().stream().sorted().toList()) {
            if (name.startsWith(ENV_PREFIX) && !ENV_OF_OTHERS.contains(name)) {
                String key = name.substring(ENV_PREFIX.length())
                        .toLowerCase(Locale.ROOT)
                        .replace("__", ".");
                out = with(out, key, String.valueOf(environment.get(name)), Origin.ofVariable(name));
            }
        }
        return out;
    }

    private Config ofProperties(Properties properties) {
        Config out = ConfigFactory.empty();
        for (String name : properties.stringPropertyNames().stream().sorted().toList()) {
            if (name.startsWith(PROPERTY_PREFIX)
                    && !PROPERTIES_OF_OTHERS.contains(name.substring(PROPERTY_PREFIX.length()))) {
                String key = name.substring(PROPERTY_PREFIX.length());
                out = with(out, key, String.valueOf(properties.getProperty(name)), Origin.ofProperty(name));
            }
        }
        return out;
    }

    private Config with(Config config, String name, String value, String origin) {
        String key = name.equals(PIPELINE) ? PIPELINE_KIND : name;
        requireKnown(key, origin);
        if (KeyCatalogue.key(key).type() == KeyType.OBJECTS) {
            ConfigParseOptions options = ConfigParseOptions.defaults().setOriginDescription(origin);
            return config.withFallback(ConfigFactory.parseString(key + " = " + value, options));
        }
        return config.withValue(key, ConfigValueFactory.fromAnyRef(value, origin));
    }

    private void requireKnown(String name, String place) {
        if (!known.contains(name)) {
            throw new ConfigException(place, unknown(name));
        }
    }

    private String unknown(String name) {
        if (KeyCatalogue.find(name) != null) {
            return name + " is a node's key; a gateway without a replica does not have it";
        }
        String begins =
                known.stream().filter(k -> k.startsWith(name + ".")).findFirst().orElse("");
        return begins.isEmpty()
                ? unknown(name, KeyCatalogue.nearest(name, known))
                : name + " is the beginning of keys, such as " + begins;
    }

    static String unknown(String name, String nearest) {
        return "unknown key " + name + "; did you mean " + nearest + "?";
    }

    /**
     * Every key that has a value.
     *
     * @param file null for none
     * @throws ConfigException with the place; values are not checked yet
     */
    static Config read(@Nullable Path file, Map<String, String> environment, Properties properties, Role role) {
        return placed(
                file == null ? "" : file.toString(),
                () -> merged(file == null ? ConfigFactory.empty() : parsed(file), environment, properties, role));
    }

    private static Config parsed(Path file) {
        if (Files.isDirectory(file)) {
            throw new ConfigException("this is a folder, and not a configuration");
        }
        if (!Files.isReadable(file)) {
            throw new ConfigException("cannot read the configuration" + (Files.exists(file) ? "" : ": no such file"));
        }
        ConfigParseOptions options = ConfigParseOptions.defaults()
                .setSyntax(ConfigSyntax.CONF)
                .setAllowMissing(false)
                .setIncluder(new RequiredIncludes());
        return ConfigFactory.parseFile(file.toFile(), options);
    }

    /** Whatever is wrong says where: its own place, or else {@code file}. */
    static <T> T placed(String file, Supplier<T> reader) {
        try {
            return reader.get();
        } catch (com.typesafe.config.ConfigException e) {
            throw of(e, file);
        } catch (ConfigException e) {
            throw e.place().isEmpty() ? new ConfigException(file, e.line()) : e;
        }
    }

    /** The library's own message begins with its word for the place. */
    private static ConfigException of(com.typesafe.config.ConfigException e, String file) {
        String message = String.valueOf(e.getMessage()).lines().collect(Collectors.joining(" "));
        ConfigOrigin origin = e.origin();
        if (origin == null) {
            return new ConfigException(file, message);
        }
        String word = origin.description() + ": ";
        String place = Origin.of(origin).prefix();
        return new ConfigException(
                place.isEmpty() ? file : place, message.startsWith(word) ? message.substring(word.length()) : message);
    }
}
