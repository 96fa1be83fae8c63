package io.parablock.config;

/** Sizes and times as an operator would write them. */
final class UnitText {
    private static final String[] SIZES = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    private static final String[] TIMES = {"ms", "s", "min", "h", "d"};
    private static final int[] TIME_STEPS = {1000, 60, 60, 24};
    private static final int SIZE_STEP = 1024;

    private UnitText() {}

    /** In the largest unit that leaves no remainder: 64MiB. */
    static String size(long bytes) {
        int unit = 0;
        long value = bytes;
        while (value != 0 && value % SIZE_STEP == 0 && unit < SIZES.length - 1) {
            value /= SIZE_STEP;
            unit++;
        }
        return value + SIZES[unit];
    }

    /** In the largest unit that leaves no remainder: 10min; 0 has none. */
    static String time(long ms) {
        int unit = 0;
        long value = ms;
        while (value != 0 && unit < TIME_STEPS.length && value % TIME_STEPS[unit] == 0) {
            value /= TIME_STEPS[unit];
            unit++;
        }
        return value == 0 ? "0" : value + TIMES[unit];
    }
}
