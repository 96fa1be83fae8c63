package io.parablock.simulator.check;

import io.parablock.raft.log.OriginRun;
import io.parablock.raft.log.SlotRun;
import io.parablock.raft.state.SyncRecord;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The merged log of a term as its SYNCRECs tell it: the origins of slots 1..m. */
final class MergedLog {
    private final long m;
    private final List<OriginRun> runs;
    private final List<SlotRun> noops;

    MergedLog(SyncRecord record) {
        this.m = record.m();
        this.runs = record.runs();
        this.noops = record.noops();
    }

    /** What is wrong with the record in itself, or null. */
    @Nullable
    static String faultOf(SyncRecord record) {
        long expected = 1;
        for (OriginRun r : record.runs()) {
            if (r.first() != expected) {
                return "gap in its runs at slot " + expected;
            }
            if (r.origin() > record.term()) {
                return "an origin above its term";
            }
            expected = r.last() + 1;
        }
        if (expected != record.m() + 1) {
            return "its runs do not end at m";
        }
        for (SlotRun r : record.noops()) {
            if (r.first() < 1 || r.last() > record.m()) {
                return "a no-op outside 1..m";
            }
        }
        return null;
    }

    long m() {
        return m;
    }

    /** 0 outside 1..m. */
    long origin(long slot) {
        int low = 0;
        int high = runs.size() - 1;
        while (low <= high) {
            int mid = (low + high) >>> 1;
            OriginRun r = runs.get(mid);
            if (slot < r.first()) {
                high = mid - 1;
            } else if (slot > r.last()) {
                low = mid + 1;
            } else {
                return r.origin();
            }
        }
        return 0;
    }

    boolean isNoop(long slot) {
        for (SlotRun r : noops) {
            if (r.first() <= slot && slot <= r.last()) {
                return true;
            }
        }
        return false;
    }

    List<SlotRun> noops() {
        return noops;
    }

    /** The same origins everywhere; the lists of no-ops may start at different log bases. */
    boolean sameOrigins(MergedLog o) {
        return m == o.m && joined(runs).equals(joined(o.runs));
    }

    private static List<OriginRun> joined(List<OriginRun> runs) {
        List<OriginRun> out = new ArrayList<>();
        for (OriginRun r : runs) {
            int end = out.size() - 1;
            if (end >= 0 && out.get(end).origin() == r.origin()) {
                out.set(end, new OriginRun(out.get(end).first(), r.last(), r.origin()));
            } else {
                out.add(r);
            }
        }
        return out;
    }
}
