package io.parablock.health;

import java.util.ArrayDeque;

/** How a figure has changed over the last {@link #SPAN_NS}. Not thread-safe. */
final class RateWindow {
    static final long SPAN_NS = 10_000_000_000L;
    /** Below this nothing is said of a rate. */
    static final long TELLS_NS = 900_000_000L;

    private record Sample(long atNs, long value) {}

    private final ArrayDeque<Sample> samples = new ArrayDeque<>();

    void add(long nowNs, long value) {
        samples.addLast(new Sample(nowNs, value));
        while (nowNs - samples.getFirst().atNs > SPAN_NS) {
            samples.removeFirst();
        }
    }

    /** Of a figure that only grows while something lasts: a smaller value is a new beginning. */
    void addGrowing(long nowNs, long value) {
        if (!samples.isEmpty() && value < samples.getLast().value) {
            samples.clear();
        }
        add(nowNs, value);
    }

    void clear() {
        samples.clear();
    }

    /** What is between the oldest and the newest value. */
    long change() {
        return samples.isEmpty() ? 0 : samples.getLast().value - samples.getFirst().value;
    }

    /** Change in a second; 0 while too little is known. */
    double perSecond() {
        if (samples.isEmpty()) {
            return 0;
        }
        long lasted = samples.getLast().atNs - samples.getFirst().atNs;
        return lasted < TELLS_NS ? 0 : change() * 1e9 / lasted;
    }
}
