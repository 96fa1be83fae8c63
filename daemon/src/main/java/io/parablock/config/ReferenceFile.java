package io.parablock.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** {@code parablock-reference.conf}: the default of every key, and above each in a comment what it means. */
final class ReferenceFile {
    static final String NAME = "parablock-reference.conf";

    /** Where a value comes from that nobody has given. */
    static final String ORIGIN = "default";

    private static final Config CONFIG = ConfigFactory.parseResources(
            ReferenceFile.class.getClassLoader(),
            NAME,
            ConfigParseOptions.defaults().setAllowMissing(false).setOriginDescription(ORIGIN));

    private ReferenceFile() {}

    static Config config() {
        return CONFIG;
    }

    /** In the order of the file. */
    static List<String> names() {
        return CONFIG.entrySet().stream()
                .sorted(Comparator.comparingInt(e -> e.getValue().origin().lineNumber()))
                .map(Map.Entry::getKey)
                .toList();
    }

    static String meaning(String name) {
        return CONFIG.getValue(name).origin().comments().stream()
                .map(String::strip)
                .collect(Collectors.joining(" "))
                .strip();
    }

    static String valueText(String name) {
        return text(CONFIG.getValue(name));
    }

    /** As a file would say it. */
    static String text(ConfigValue value) {
        boolean plain = value.valueType() == ConfigValueType.STRING
                && String.valueOf(value.unwrapped()).matches("[A-Za-z0-9_]+");
        return plain
                ? String.valueOf(value.unwrapped())
                : value.render(ConfigRenderOptions.concise().setJson(false));
    }
}
