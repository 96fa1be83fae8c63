package io.parablock.perf;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** What processes have used of the processors. */
public final class ProcessorTime {
    private ProcessorTime() {}

    /** Seconds that {@code processes} have used since they started, to a hundredth; what cannot be told is 0. */
    public static double seconds(List<ProcessHandle> processes) {
        return processes.stream()
                        .map(p -> p.info().totalCpuDuration())
                        .flatMap(Optional::stream)
                        .mapToDouble(Duration::toMillis)
                        .sum()
                / 1e3;
    }
}
