package io.parablock.tools;

import picocli.CommandLine.Option;

/** How often and how long something is measured: the same options for the benches of a part. */
final class MeasuredRounds {
    @Option(names = "--seconds", paramLabel = "S", description = "of each measurement (default: ${DEFAULT-VALUE})")
    private double seconds;

    @Option(
            names = "--rounds",
            paramLabel = "N",
            defaultValue = "5",
            description = "how often all is measured (default: ${DEFAULT-VALUE})")
    private int rounds;

    /** @param seconds unless the user says otherwise */
    MeasuredRounds(double seconds) {
        this.seconds = seconds;
    }

    double seconds() {
        return seconds;
    }

    int rounds() {
        return rounds;
    }
}
