package io.parablock.raft.log;

import java.util.ArrayList;
import java.util.List;

/**
 * The origin terms of slots 1..last as run-lengths, without a gap. Grows at its end only; neighbours of the same origin
 * are one run, so its size is the number of terms and no-op runs, not of slots. Single-threaded.
 */
public final class OriginRuns {
    private final ArrayList<OriginRun> runs = new ArrayList<>();

    public OriginRuns() {}

    /** @throws IllegalArgumentException if the runs do not start at slot 1 or leave a gap */
    public OriginRuns(List<OriginRun> from) {
        for (OriginRun run : from) {
            append(run.first(), run.last(), run.origin());
        }
    }

    public long last() {
        return runs.isEmpty() ? 0 : runs.get(runs.size() - 1).last();
    }

    /** Adds first..last; {@code first} must be {@link #last()} + 1. */
    public void append(long first, long last, long origin) {
        if (first != last() + 1) {
            throw new IllegalArgumentException("origin run starts at slot " + first + " after slot " + last());
        }
        int end = runs.size() - 1;
        if (end >= 0 && runs.get(end).origin() == origin) {
            runs.set(end, new OriginRun(runs.get(end).first(), last, origin));
        } else {
            runs.add(new OriginRun(first, last, origin));
        }
    }

    /** The origin of a slot in 1..last. */
    public long origin(long slot) {
        int low = 0;
        int high = runs.size() - 1;
        while (low <= high) {
            int mid = (low + high) >>> 1;
            OriginRun run = runs.get(mid);
            if (slot < run.first()) {
                high = mid - 1;
            } else if (slot > run.last()) {
                low = mid + 1;
            } else {
                return run.origin();
            }
        }
        throw new IllegalArgumentException("slot " + slot + " is outside 1.." + last());
    }

    /** The runs of slots 1..end. */
    public List<OriginRun> upTo(long end) {
        List<OriginRun> out = new ArrayList<>();
        for (OriginRun run : runs) {
            if (run.first() > end) {
                break;
            }
            out.add(run.last() <= end ? run : new OriginRun(run.first(), end, run.origin()));
        }
        return out;
    }
}
