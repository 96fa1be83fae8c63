package io.parablock.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Reads values and holds them against their ranges in {@link KeyCatalogue}; every error names the key and the place. */
final class KeyReader {
    private static final int PORT_MAX = 65_535;
    private static final long NS_PER_MS = 1_000_000;
    private static final String AUTO = "auto";
    private static final String UNIX = "unix:";
    /** What the system's address of a unix socket has room for. */
    private static final int UNIX_PATH_BYTES_MAX = 107;

    private final Config config;
    private final String prefix;
    private final String catalogued;
    private final String objectPlace;

    /** Of a process. */
    KeyReader(Config config) {
        this(config, "", "", "");
    }

    private KeyReader(Config config, String prefix, String catalogued, String objectPlace) {
        this.config = config;
        this.prefix = prefix;
        this.catalogued = catalogued;
        this.objectPlace = objectPlace;
    }

    /** Of an object in a list; an error says {@code volumes[0].size}. */
    static KeyReader ofObject(Config object, String list, int index) {
        Config defaults = object;
        for (Key key : KeyCatalogue.members(list).values()) {
            if (!key.otherwise().isEmpty() && !object.hasPath(key.member())) {
                defaults = defaults.withFallback(ConfigFactory.parseString(key.member() + " = " + key.otherwise()));
            }
        }
        String place = Origin.of(object.origin()).prefix();
        return new KeyReader(defaults, list + "[" + index + "].", list + "[].", place);
    }

    private Key key(String name) {
        return KeyCatalogue.key(catalogued + name);
    }

    boolean has(String key) {
        return config.hasPath(key);
    }

    /** What to throw: the place, the key, and {@code why}. */
    ConfigException error(String key, String why) {
        String place = has(key) ? Origin.of(config.getValue(key).origin()).prefix() : "";
        return new ConfigException(place.isEmpty() ? objectPlace : place, prefix + key + " " + why);
    }

    /** @throws ConfigException if the relation {@code why} of {@code key} with {@code other} does not hold */
    void require(boolean holds, String key, String why, String other) {
        if (!holds) {
            ConfigException wrong = error(key, why + " " + other);
            // Whichever of them somebody wrote.
            throw wrong.place().isEmpty() ? new ConfigException(error(other, "").place(), wrong.line()) : wrong;
        }
    }

    private ConfigException wrong(String key, String expected) {
        return error(key, "must be " + expected + ", not " + raw(key));
    }

    private String raw(String key) {
        return has(key) ? config.getValue(key).unwrapped().toString() : "empty";
    }

    private <T> T value(String key, String expected, Supplier<T> getter) {
        try {
            return getter.get();
        } catch (com.typesafe.config.ConfigException.Missing e) {
            throw error(key, "is required");
        } catch (com.typesafe.config.ConfigException e) {
            throw wrong(key, (key(key).range().orAuto() ? "auto or " : "") + expected);
        }
    }

    private void check(String name, long value) {
        Key key = key(name);
        KeyRange range = key.range();
        if (!range.contains(value)) {
            throw wrong(name, (range.orZero() ? "0 or in " : "in ") + range.bounds(key.type()));
        }
        if (range.powerOfTwo() && Long.bitCount(value) != 1) {
            throw wrong(name, "a power of two");
        }
        if (value % range.multipleOf() != 0) {
            throw wrong(name, "a multiple of " + UnitText.size(range.multipleOf()));
        }
    }

    private boolean isAuto(String key) {
        return key(key).range().orAuto() && has(key) && raw(key).equalsIgnoreCase(AUTO);
    }

    String text(String key) {
        String text = value(key, "text", () -> config.getString(key));
        if (text.isBlank()) {
            throw error(key, "is required");
        }
        return text;
    }

    /** {@code auto}, where it is allowed, is 0. */
    int number(String key) {
        if (isAuto(key)) {
            return 0;
        }
        Number number = value(key, "a number", () -> config.getNumber(key));
        if (number.doubleValue() != Math.rint(number.doubleValue())) {
            throw wrong(key, "a whole number");
        }
        check(key, number.longValue());
        return number.intValue();
    }

    /** {@code auto}, where it is allowed, is 0. */
    long bytes(String key) {
        if (isAuto(key)) {
            return 0;
        }
        long bytes = value(key, "a size such as 64MiB", () -> config.getBytes(key));
        check(key, bytes);
        return bytes;
    }

    /** In nanoseconds. */
    long time(String key) {
        long ns = value(key, "a time such as 50ms", () -> config.getDuration(key, TimeUnit.NANOSECONDS));
        // A fraction of a millisecond must not pass as the bound on either side of it.
        check(key, Math.floorDiv(ns, NS_PER_MS));
        check(key, -Math.floorDiv(-ns, NS_PER_MS));
        return ns;
    }

    <E extends Enum<E>> E choice(String key, Class<E> type) {
        String word = text(key);
        for (E e : type.getEnumConstants()) {
            if (e.name().toLowerCase(Locale.ROOT).equals(word.toLowerCase(Locale.ROOT))) {
                return e;
            }
        }
        throw wrong(key, "one of " + key(key).range().words());
    }

    boolean flag(String key) {
        return value(key, "true or false", () -> config.getBoolean(key));
    }

    /** 0 to 1. */
    double probability(String key) {
        double value = value(key, "a number from 0 to 1", () -> config.getDouble(key));
        // Written so that NaN is refused.
        if (!(value >= 0 && value <= 1)) {
            throw wrong(key, "a number from 0 to 1");
        }
        return value;
    }

    /** One or several, as a list or with commas between them. */
    List<String> words(String key) {
        List<String> values;
        try {
            values = config.getStringList(key);
        } catch (com.typesafe.config.ConfigException.WrongType notAList) {
            values = List.of(text(key).split(","));
        } catch (com.typesafe.config.ConfigException.Missing e) {
            throw error(key, "is required");
        }
        if (values.isEmpty()) {
            throw error(key, "is required");
        }
        return values.stream().map(String::strip).toList();
    }

    /** {@link #words}, each host:port or unix:path. */
    List<SocketAddress> listeners(String key) {
        return words(key).stream().map(value -> listener(key, value)).toList();
    }

    private SocketAddress listener(String key, String value) {
        if (!value.startsWith(UNIX)) {
            return address(key, value);
        }
        String path = value.substring(UNIX.length());
        int bytes = path.getBytes(StandardCharsets.UTF_8).length;
        if (bytes == 0 || bytes > UNIX_PATH_BYTES_MAX) {
            throw wrong(key, "unix: and a path of 1.." + UNIX_PATH_BYTES_MAX + " bytes");
        }
        return UnixDomainSocketAddress.of(path);
    }

    InetSocketAddress address(String key) {
        return address(key, text(key));
    }

    private InetSocketAddress address(String key, String value) {
        int colon = value.lastIndexOf(':');
        if (colon <= 0) {
            throw wrong(key, "host:port");
        }
        try {
            int port = Integer.parseInt(value.substring(colon + 1));
            if (port < 0 || port > PORT_MAX) {
                throw wrong(key, "host:port with a port in 0.." + PORT_MAX);
            }
            return InetSocketAddress.createUnresolved(value.substring(0, colon), port);
        } catch (NumberFormatException e) {
            throw wrong(key, "host:port");
        }
    }
}
