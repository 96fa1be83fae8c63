package io.parablock.tools;

import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValueFactory;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A time as configurations write it: 20ms, 1.5s, 500us; a bare number is milliseconds. */
record TimeSpan(long ns) {
    static TimeSpan parse(String text) {
        try {
            long ns = ConfigFactory.empty()
                    .withValue("time", ConfigValueFactory.fromAnyRef(text))
                    .getDuration("time", TimeUnit.NANOSECONDS);
            if (ns >= 0) {
                return new TimeSpan(ns);
            }
        } catch (ConfigException e) {
            // Told below.
        }
        throw new IllegalArgumentException("'" + text + "' is no time; write it like 20ms or 1.5s");
    }

    /** Reads a time from the command line. */
    static final class Converter implements ITypeConverter<TimeSpan> {
        @Override
        public TimeSpan convert(String value) {
            try {
                return parse(value);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(String.valueOf(e.getMessage()));
            }
        }
    }
}
