package io.parablock.config;

import com.typesafe.config.Config;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** Reads values with their ranges; every error names the key. */
final class KeyReader {
    private static final int PORT_MAX = 65_535;
    private static final String AUTO = "auto";
    private static final String UNIX = "unix:";
    /** What the system's address of a unix socket has room for. */
    private static final int UNIX_PATH_BYTES_MAX = 107;

    private final Config config;
    private final String prefix;

    /** @param prefix what an error puts before the key, for example {@code volumes[0].} */
    KeyReader(Config config, String prefix) {
        this.config = config;
        this.prefix = prefix;
    }

    boolean has(String key) {
        return config.hasPath(key);
    }

    String text(String key) {
        try {
            String value = config.getString(key);
            if (value.isBlank()) {
                throw new ConfigException(prefix + key + " is required");
            }
            return value;
        } catch (com.typesafe.config.ConfigException.Missing e) {
            throw new ConfigException(prefix + key + " is required");
        } catch (com.typesafe.config.ConfigException e) {
            throw wrong(key, "text");
        }
    }

    int number(String key, int min, int max) {
        long value;
        try {
            value = config.getLong(key);
        } catch (com.typesafe.config.ConfigException.Missing e) {
            throw new ConfigException(prefix + key + " is required");
        } catch (com.typesafe.config.ConfigException e) {
            throw wrong(key, "a number");
        }
        if (value < min || value > max) {
            throw new ConfigException(prefix + key + " must be in " + min + ".." + max + ", not " + value);
        }
        return (int) value;
    }

    /** {@code auto} is 0. */
    int numberOrAuto(String key, int min, int max) {
        if (has(key) && text(key).equalsIgnoreCase(AUTO)) {
            return 0;
        }
        try {
            config.getLong(key);
        } catch (com.typesafe.config.ConfigException.WrongType e) {
            throw wrong(key, "auto or a number");
        }
        return number(key, min, max);
    }

    /** {@code auto} is 0. */
    long bytesOrAuto(String key, long min, long max, long multipleOf) {
        return has(key) && text(key).equalsIgnoreCase(AUTO) ? 0 : bytes(key, min, max, multipleOf);
    }

    int powerOfTwo(String key, int min, int max) {
        int value = number(key, min, max);
        if (Integer.bitCount(value) != 1) {
            throw new ConfigException(prefix + key + " must be a power of two, not " + value);
        }
        return value;
    }

    long bytes(String key, long min, long max, long multipleOf) {
        long value;
        try {
            value = config.getBytes(key);
        } catch (com.typesafe.config.ConfigException.Missing e) {
            throw new ConfigException(prefix + key + " is required");
        } catch (com.typesafe.config.ConfigException e) {
            throw wrong(key, "a size such as 64MiB");
        }
        if (value < min || value > max) {
            throw new ConfigException(
                    prefix + key + " must be in " + size(min) + ".." + size(max) + ", not " + size(value));
        }
        if (value % multipleOf != 0) {
            throw new ConfigException(prefix + key + " must be a multiple of " + multipleOf + " bytes, not " + value);
        }
        return value;
    }

    /** In nanoseconds. */
    long time(String key, long minMs, long maxMs) {
        long ns;
        try {
            ns = config.getDuration(key, TimeUnit.NANOSECONDS);
        } catch (com.typesafe.config.ConfigException.Missing e) {
            throw new ConfigException(prefix + key + " is required");
        } catch (com.typesafe.config.ConfigException e) {
            throw wrong(key, "a time such as 50ms");
        }
        if (ns < TimeUnit.MILLISECONDS.toNanos(minMs) || ns > TimeUnit.MILLISECONDS.toNanos(maxMs)) {
            throw new ConfigException(prefix + key + " must be in " + minMs + ".." + maxMs + " ms, not " + raw(key));
        }
        return ns;
    }

    <E extends Enum<E>> E choice(String key, Class<E> type) {
        String value = text(key);
        for (E e : type.getEnumConstants()) {
            if (e.name().toLowerCase(Locale.ROOT).equals(value.toLowerCase(Locale.ROOT))) {
                return e;
            }
        }
        throw wrong(key, "one of " + Arrays.toString(type.getEnumConstants()).toLowerCase(Locale.ROOT));
    }

    boolean flag(String key) {
        try {
            return config.getBoolean(key);
        } catch (com.typesafe.config.ConfigException e) {
            throw wrong(key, "true or false");
        }
    }

    /** 0 to 1. */
    double probability(String key) {
        double value;
        try {
            value = config.getDouble(key);
        } catch (com.typesafe.config.ConfigException.Missing e) {
            throw new ConfigException(prefix + key + " is required");
        } catch (com.typesafe.config.ConfigException e) {
            throw wrong(key, "a number from 0 to 1");
        }
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
            throw new ConfigException(prefix + key + " is required");
        }
        if (values.isEmpty()) {
            throw new ConfigException(prefix + key + " is required");
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

    private ConfigException wrong(String key, String expected) {
        return new ConfigException(prefix + key + " must be " + expected + ", not " + raw(key));
    }

    private String raw(String key) {
        return config.hasPath(key) ? config.getValue(key).unwrapped().toString() : "empty";
    }

    private static String size(long bytes) {
        String[] units = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
        int unit = 0;
        long value = bytes;
        while (value != 0 && value % 1024 == 0 && unit < units.length - 1) {
            value /= 1024;
            unit++;
        }
        return value + units[unit];
    }
}
