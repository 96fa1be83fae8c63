package io.parablock.config;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * What a value may be.
 *
 * @param min of a number; of a size in bytes; of a time in milliseconds
 * @param max the same, included; at least {@code min}
 * @param multipleOf of a size, in bytes
 * @param orZero 0 is allowed besides {@code min..max}
 * @param orAuto the word auto is allowed besides {@code min..max}
 * @param words of {@link KeyType#WORD}: all there are
 */
public record KeyRange(
        long min, long max, long multipleOf, boolean powerOfTwo, boolean orZero, boolean orAuto, List<String> words) {
    /** Nothing to compare with. */
    static final KeyRange ANY = new KeyRange(Long.MIN_VALUE, Long.MAX_VALUE, 1, false, false, false, List.of());

    public KeyRange {
        if (min > max || multipleOf < 1) {
            throw new IllegalArgumentException("a range of " + min + ".." + max + ", multiples of " + multipleOf);
        }
        words = List.copyOf(words);
    }

    static KeyRange of(long min, long max) {
        return new KeyRange(min, max, 1, false, false, false, List.of());
    }

    static KeyRange words(Class<? extends Enum<?>> type) {
        List<String> words = Arrays.stream(type.getEnumConstants())
                .map(e -> e.name().toLowerCase(Locale.ROOT))
                .toList();
        return new KeyRange(Long.MIN_VALUE, Long.MAX_VALUE, 1, false, false, false, words);
    }

    KeyRange inMultiplesOf(long bytes) {
        return new KeyRange(min, max, bytes, powerOfTwo, orZero, orAuto, words);
    }

    KeyRange inPowersOfTwo() {
        return new KeyRange(min, max, multipleOf, true, orZero, orAuto, words);
    }

    KeyRange orZeroToo() {
        return new KeyRange(min, max, multipleOf, powerOfTwo, true, orAuto, words);
    }

    KeyRange orAutoToo() {
        return new KeyRange(min, max, multipleOf, powerOfTwo, orZero, true, words);
    }

    /** Whether there are bounds to compare a number, a size or a time with. */
    public boolean isBounded() {
        return min != Long.MIN_VALUE;
    }

    /** Whether {@code value}, in the unit of the bounds, is one of 0 (if that is allowed) and min..max. */
    public boolean contains(long value) {
        return (orZero && value == 0) || (value >= min && value <= max);
    }

    /** The bounds alone: {@code 100ms..1d}. */
    String bounds(KeyType type) {
        return text(type, min) + ".." + text(type, max);
    }

    /** All of it, for documentation; empty if anything goes. */
    public String text(KeyType type) {
        if (!words.isEmpty()) {
            return String.join(", ", words);
        }
        if (!isBounded()) {
            return "";
        }
        StringBuilder out = new StringBuilder(orAuto ? "auto or " : "");
        out.append(orZero ? "0 or " : "").append(bounds(type));
        if (powerOfTwo) {
            out.append(", a power of two");
        }
        if (multipleOf > 1) {
            out.append(", a multiple of ").append(UnitText.size(multipleOf));
        }
        return out.toString();
    }

    private static String text(KeyType type, long value) {
        return switch (type) {
            case SIZE -> value == 0 ? "0" : UnitText.size(value);
            case TIME -> UnitText.time(value);
            default -> Long.toString(value);
        };
    }
}
