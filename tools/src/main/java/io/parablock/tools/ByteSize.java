package io.parablock.tools;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A number of bytes as people write it: 4096, 512MiB, 1GiB, 10G. */
record ByteSize(long bytes) {
    static final int BLOCK_BYTES = 4096;

    private static final Pattern FORM = Pattern.compile("(\\d{1,18})\\s*([KMGT]?)(i?B)?", Pattern.CASE_INSENSITIVE);
    private static final String UNITS = "KMGT";

    static ByteSize parse(String text) {
        Matcher matcher = FORM.matcher(text.trim());
        if (!matcher.matches()) {
            throw new IllegalArgumentException("'" + text + "' is no size; write it like 512MiB or 1GiB");
        }
        String unit = matcher.group(2).toUpperCase(Locale.ROOT);
        int shift = unit.isEmpty() ? 0 : 10 * (UNITS.indexOf(unit) + 1);
        long count = Long.parseLong(matcher.group(1));
        long bytes = count << shift;
        if (bytes >> shift != count || bytes <= 0) {
            throw new IllegalArgumentException("'" + text + "' is not a possible size");
        }
        return new ByteSize(bytes);
    }

    /** In the largest unit that has no fraction. */
    @Override
    public String toString() {
        for (int i = UNITS.length(); i > 0; i--) {
            long unit = 1L << (10 * i);
            if (bytes % unit == 0) {
                return bytes / unit + UNITS.substring(i - 1, i) + "iB";
            }
        }
        return bytes + "B";
    }

    /** Reads a volume's size from the command line. */
    static final class Converter implements ITypeConverter<ByteSize> {
        @Override
        public ByteSize convert(String value) {
            try {
                ByteSize size = parse(value);
                if (size.bytes % BLOCK_BYTES != 0) {
                    throw new TypeConversionException("'" + value + "' is no multiple of " + BLOCK_BYTES + " bytes");
                }
                return size;
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(String.valueOf(e.getMessage()));
            }
        }
    }
}
