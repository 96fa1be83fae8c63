package io.parablock.health;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Figures as an operator reads them. */
final class Words {
    private static final String[] SIZES = {"B", "KiB", "MiB", "GiB", "TiB"};
    private static final int MINUTE = 60;
    private static final int HOUR = 3600;
    private static final int DAY = 86_400;

    private Words() {}

    /** 1.5 GiB. */
    static String bytes(long bytes) {
        return bytes((double) bytes);
    }

    static String bytes(double bytes) {
        int unit = 0;
        double value = bytes;
        while (Math.abs(value) >= 1024 && unit < SIZES.length - 1) {
            value /= 1024;
            unit++;
        }
        return String.format(Locale.ROOT, unit == 0 ? "%.0f %s" : "%.1f %s", value, SIZES[unit]);
    }

    /** 3 min 20 s. */
    static String seconds(long seconds) {
        if (seconds < MINUTE) {
            return seconds + " s";
        }
        if (seconds < HOUR) {
            return seconds / MINUTE + " min " + seconds % MINUTE + " s";
        }
        return seconds < DAY
                ? seconds / HOUR + " h " + seconds % HOUR / MINUTE + " min"
                : seconds / DAY + " d " + seconds % DAY / HOUR + " h";
    }

    /** node 2, nodes 2 and 3. */
    static String nodes(List<Integer> ids) {
        if (ids.size() == 1) {
            return "node " + ids.get(0);
        }
        String most =
                ids.subList(0, ids.size() - 1).stream().map(String::valueOf).collect(Collectors.joining(", "));
        return "nodes " + most + " and " + ids.get(ids.size() - 1);
    }
}
