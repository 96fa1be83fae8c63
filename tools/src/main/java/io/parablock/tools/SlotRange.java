package io.parablock.tools;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Slots as people write them: 100..200, both included, or one alone. */
record SlotRange(long first, long last) {
    private static final Pattern FORM = Pattern.compile("(\\d{1,18})(?:\\.\\.(\\d{1,18}))?");

    boolean contains(long slot) {
        return slot >= first && slot <= last;
    }

    /** Reads it from the command line. */
    static final class Converter implements ITypeConverter<SlotRange> {
        @Override
        public SlotRange convert(String value) {
            Matcher matcher = FORM.matcher(value);
            if (matcher.matches()) {
                long first = Long.parseLong(matcher.group(1));
                String end = matcher.group(2);
                long last = end == null ? first : Long.parseLong(end);
                if (first <= last) {
                    return new SlotRange(first, last);
                }
            }
            throw new TypeConversionException("'" + value + "' is no range of slots; write it like 100..200");
        }
    }
}
