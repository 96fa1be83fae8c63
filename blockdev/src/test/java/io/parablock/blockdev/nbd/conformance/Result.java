package io.parablock.blockdev.nbd.conformance;

/** What one check found; {@code why} is empty for a passed check and one line otherwise. */
public record Result(String name, String heading, Outcome outcome, String why) {
    /** How a check ended. */
    public enum Outcome {
        PASSED,
        FAILED,
        SKIPPED
    }

    public boolean failed() {
        return outcome == Outcome.FAILED;
    }

    @Override
    public String toString() {
        return outcome + " " + name + (why.isEmpty() ? "" : ": " + why);
    }
}
