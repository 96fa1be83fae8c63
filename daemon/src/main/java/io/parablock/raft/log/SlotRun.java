package io.parablock.raft.log;

/** The slots first..last, both included. */
public record SlotRun(long first, long last) {
    public SlotRun {
        if (first < 1 || last < first) {
            throw new IllegalArgumentException("bad slot run " + first + ".." + last);
        }
    }
}
