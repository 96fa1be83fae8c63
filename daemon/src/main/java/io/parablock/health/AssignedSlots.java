package io.parablock.health;

import java.util.ArrayDeque;

/** When a leader had assigned which slot, by its samples: what makes seconds of a lag in slots. Not thread-safe. */
final class AssignedSlots {
    /** Named limit: further back a lag is told as "at least". */
    private static final int SAMPLES_MAX = 120;

    private record Sample(long atNs, long lastSlot) {}

    private final ArrayDeque<Sample> samples = new ArrayDeque<>();

    void add(long nowNs, long lastSlot) {
        if (!samples.isEmpty() && lastSlot < samples.getLast().lastSlot) {
            samples.clear();
        }
        samples.addLast(new Sample(nowNs, lastSlot));
        if (samples.size() > SAMPLES_MAX) {
            samples.removeFirst();
        }
    }

    void clear() {
        samples.clear();
    }

    /** For how long at least a node that holds all up to {@code heldTo} has lacked the next slot; 0 if it may be new. */
    long behindNs(long heldTo, long nowNs) {
        for (Sample s : samples) {
            if (s.lastSlot > heldTo) {
                return Math.max(0, nowNs - s.atNs);
            }
        }
        return 0;
    }
}
