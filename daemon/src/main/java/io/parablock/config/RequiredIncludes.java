package io.parablock.config;

import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigIncludeContext;
import com.typesafe.config.ConfigIncluder;
import com.typesafe.config.ConfigIncluderFile;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigParseable;
import java.io.File;

/** {@code include} in a file: HOCON passes over what is not there, which hides a wrong name from the operator. */
final class RequiredIncludes implements ConfigIncluder, ConfigIncluderFile {
    @Override
    public ConfigIncluder withFallback(ConfigIncluder fallback) {
        return this;
    }

    @Override
    public ConfigObject include(ConfigIncludeContext context, String name) {
        ConfigParseable relative = context.relativeTo(name);
        if (relative == null || relative.origin().filename() == null) {
            throw absent(name);
        }
        return relative.parse(required(context));
    }

    @Override
    public ConfigObject includeFile(ConfigIncludeContext context, File file) {
        if (!file.canRead()) {
            throw absent(file.getPath());
        }
        return ConfigFactory.parseFile(file, required(context)).root();
    }

    private static ConfigParseOptions required(ConfigIncludeContext context) {
        return context.parseOptions().setAllowMissing(false).setOriginDescription(null);
    }

    private static ConfigException absent(String name) {
        return new ConfigException("cannot read the included file " + name);
    }
}
