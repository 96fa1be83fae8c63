package io.parablock.simulator;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a run ended.
 *
 * @param violation one line, or null if everything held
 * @param cause where it was found, if production code or a checker threw
 * @param timeline empty unless it was recorded
 */
record Outcome(
        SimulationSettings settings,
        long hash,
        long events,
        long virtualNs,
        long answered,
        long failed,
        FaultCounts faults,
        InstallCounts installs,
        @Nullable String violation,
        @Nullable Throwable cause,
        List<String> timeline) {
    /** The line that a failure is reported with: all that it takes to see it again. */
    String line() {
        return failure(settings, String.valueOf(violation));
    }

    static String failure(SimulationSettings settings, String violation) {
        return settings + " commit=" + BuildCommit.id() + " violation=" + violation;
    }
}
