package io.parablock.wal.chronicle;

import java.time.LocalDate;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import net.openhft.chronicle.queue.rollcycles.LargeRollCycles;

/** Cycle numbers and the names that Chronicle gives their files. */
final class CycleNames {
    private static final DateTimeFormatter FORMAT =
            DateTimeFormatter.ofPattern(LargeRollCycles.LARGE_DAILY.format(), Locale.ROOT);

    private CycleNames() {}

    static String nameOf(int cycle) {
        return FORMAT.format(LocalDate.ofEpochDay(cycle));
    }

    static int cycleOf(String name) {
        return (int) LocalDate.parse(name, FORMAT).toEpochDay();
    }
}
