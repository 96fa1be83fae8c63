package io.parablock.tools;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** {@code --watch [SECONDS] [--times N] [--json]}: the same options for every command that shows something again and again. */
final class Repetition {
    private static final double SECONDS_MIN = 0.1;
    private static final double SECONDS_MAX = 86_400;

    /** Whether to go on. */
    @FunctionalInterface
    interface Look {
        boolean show(boolean first) throws InterruptedException;
    }

    @Option(
            names = "--watch",
            paramLabel = "SECONDS",
            arity = "0..1",
            fallbackValue = "2",
            description = "again and again, so often (default: ${FALLBACK-VALUE}), until Ctrl-C")
    private @Nullable Double seconds;

    @Option(names = "--times", paramLabel = "N", description = "with --watch: end after so many")
    private @Nullable Integer times;

    @Option(names = "--json", description = "as JSON, for scripts; with --watch a line each")
    private boolean asJson;

    boolean asJson() {
        return asJson;
    }

    boolean isWanted() {
        if (seconds == null && times != null) {
            throw CommandFailure.wrongArgument("--times goes with --watch");
        }
        if (seconds != null && !(seconds >= SECONDS_MIN && seconds <= SECONDS_MAX)) {
            throw CommandFailure.wrongArgument(
                    "--watch is from " + SECONDS_MIN + " to " + (int) SECONDS_MAX + " seconds: " + seconds);
        }
        if (times != null && times < 1) {
            throw CommandFailure.wrongArgument("--times is at least 1: " + times);
        }
        return seconds != null;
    }

    /** Of a command for which {@link #isWanted}. */
    void run(Look look) throws InterruptedException {
        long pauseMs = seconds == null ? 0 : (long) (seconds * 1000);
        int left = times == null ? Integer.MAX_VALUE : times;
        boolean first = true;
        while (look.show(first) && --left > 0) {
            first = false;
            Thread.sleep(pauseMs);
        }
    }
}
