package io.parablock.simulator;

import java.util.ArrayList;
import java.util.List;

/**
 * Virtual time: what happens next is the event with the least (time, sequence). Everything that a run does is in its trace,
 * as a hash, and as text if wanted. Single-threaded.
 */
final class Simulation {
    static final long US = 1_000L;
    static final long MS = 1_000_000L;
    static final long SECOND = 1_000_000_000L;

    private final long seed;
    private final boolean recording;
    private final EventQueue queue = new EventQueue();
    private final List<String> timeline = new ArrayList<>();
    private long nowNs = SECOND;
    private long events;
    private long hash;

    /** @param recording keeps the timeline as text */
    Simulation(long seed, boolean recording) {
        this.seed = seed;
        this.recording = recording;
        this.hash = Seeded.mix(seed);
    }

    long seed() {
        return seed;
    }

    long nowNs() {
        return nowNs;
    }

    long events() {
        return events;
    }

    Seeded random(String concern) {
        return Seeded.of(seed, concern);
    }

    void at(long timeNs, Runnable work) {
        queue.add(Math.max(timeNs, nowNs), work);
    }

    void after(long delayNs, Runnable work) {
        at(nowNs + delayNs, work);
    }

    /** Runs the next event if it is not later than {@code untilNs}; otherwise it becomes {@code untilNs}. */
    boolean step(long untilNs) {
        if (queue.isEmpty() || queue.firstNs() > untilNs) {
            nowNs = Math.max(nowNs, untilNs);
            return false;
        }
        nowNs = queue.firstNs();
        events++;
        queue.remove().run();
        return true;
    }

    // ---------------------------------------------------------------- trace

    /** One event of the trace; the numbers say what kind of thing happened to whom. */
    void trace(int what, long a, long b, long c) {
        long h = hash ^ nowNs;
        h = Seeded.mix(h + what);
        h = h * 31 + a;
        h = h * 31 + b;
        hash = Seeded.mix(h * 31 + c);
    }

    boolean isRecording() {
        return recording;
    }

    /** A line of the timeline and of the trace. */
    void note(String line) {
        trace(line.hashCode(), 0, 0, 0);
        if (recording) {
            timeline.add(String.format("%12.6f  %s", nowNs / 1e9, line));
        }
    }

    /** A line of the timeline only; ask {@link #isRecording} first where it costs. */
    void detail(String line) {
        if (recording) {
            timeline.add(String.format("%12.6f  %s", nowNs / 1e9, line));
        }
    }

    long hash() {
        return hash;
    }

    List<String> timeline() {
        return timeline;
    }
}
