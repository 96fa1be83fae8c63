package io.parablock.raft.log;

/** The slots first..last, both included, all with the same origin term. */
public record OriginRun(long first, long last, long origin) {
    public OriginRun {
        if (first < 1 || last < first || origin < 1) {
            throw new IllegalArgumentException("bad origin run " + first + ".." + last + "@" + origin);
        }
    }
}
