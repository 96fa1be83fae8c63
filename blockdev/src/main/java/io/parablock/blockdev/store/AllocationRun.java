package io.parablock.blockdev.store;

import java.util.List;

/**
 * Consecutive bytes that all take space, or all do not.
 *
 * @param lengthBytes a positive multiple of 512
 * @param hole they take none and read as zeros; false is always sound
 */
public record AllocationRun(long lengthBytes, boolean hole) {
    /** Adds to the end of {@code runs}, joined with the last one if that is of the same kind. */
    public void addTo(List<AllocationRun> runs) {
        int last = runs.size() - 1;
        if (last >= 0 && runs.get(last).hole == hole) {
            runs.set(last, new AllocationRun(runs.get(last).lengthBytes + lengthBytes, hole));
        } else {
            runs.add(this);
        }
    }
}
