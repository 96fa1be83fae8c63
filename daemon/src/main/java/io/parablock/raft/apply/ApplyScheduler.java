package io.parablock.raft.apply;

import io.parablock.lookbehind.SlotSet;
import io.parablock.raft.log.Entry;
import io.parablock.raft.log.EntryKind;
import io.parablock.raft.log.RaftLog;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Which committed slots may be applied now (protocol.md §6): k is issued once it is committed and durable here and every j
 * in Dep(k) was issued before it. The shell applies in the order of issue, so "issued before" is "applied before".
 *
 * <p>Each reason to wait has one trigger: commit, durability, the issue of the one slot that k waits for, or the issued
 * prefix coming within the span. Single-threaded, no allocation per slot.
 *
 * <p>Invariant: applied ⊆ issued ⊆ committed.
 */
public final class ApplyScheduler {
    private final int span;
    private final boolean strict;
    private final boolean inOrder;
    private final long bytesMax;
    private final RaftLog log;
    private final SlotSet committed;
    private final SlotSet issued;
    private final SlotSet applied;
    private final int windowMask;
    private final long[] firstWaiter;
    private final long[] nextWaiter;
    private final boolean[] parked;
    /** Issued slots whose waiters are still to be freed; at most the span can be issued in one go. */
    private final long[] work;

    private int workCount;
    /** Every slot up to it is inside the span and was tried when it came in; later events try it again by name. */
    private long windowScanned;

    /** Some slot waits for another one to be applied, because of the room alone. */
    private boolean backlogFull;
    /** ... and it waits for bytes: no later one may take them away from it. */
    private boolean bytesFull;

    private boolean paused;
    /** Issued and not applied, without no-ops. */
    private int underWay;

    private long underWayBytes;
    private final int[] issuedBytes;

    private long appliedOutOfOrder;
    private long conflictsWaited;

    /**
     * @param inOrder overlapping slots wait for each other; off only in mutation tests
     * @param bytesMax of payload that may be issued and not applied: the shell holds it in memory. One slot always may
     * @param start the checkpoint's slot: everything up to it is applied
     */
    public ApplyScheduler(
            int span, boolean strict, boolean inOrder, long bytesMax, RaftLog log, SlotSet committed, long start) {
        this.span = span;
        this.strict = strict;
        this.inOrder = inOrder;
        this.bytesMax = bytesMax;
        this.log = log;
        this.committed = committed;
        this.issued = new SlotSet(4 * span);
        this.applied = new SlotSet(4 * span);
        this.windowMask = 4 * span - 1;
        this.firstWaiter = new long[4 * span];
        this.nextWaiter = new long[4 * span];
        this.parked = new boolean[4 * span];
        this.issuedBytes = new int[4 * span];
        this.work = new long[4 * span];
        this.windowScanned = start + span + 1;
        issued.reset(start);
        applied.reset(start);
    }

    public long appliedPrefix() {
        return applied.watermark();
    }

    public long issuedPrefix() {
        return issued.watermark();
    }

    /** The highest slot that the store was ever asked for since the start. */
    public long issuedHighest() {
        return issued.highest();
    }

    /** Nothing is issued until {@link #resume} or {@link #reset} (an install is overwriting the store). */
    public void pause() {
        paused = true;
    }

    public void resume(List<Entry> out) {
        paused = false;
        restart(out);
    }

    /** True when the store has done everything that it was asked for. */
    public boolean isIdle() {
        return underWay == 0;
    }

    /** The store is at slot b, and whatever it had of later slots must be applied again. */
    public void reset(long b, List<Entry> out) {
        issued.reset(b);
        applied.reset(b);
        workCount = 0;
        backlogFull = false;
        windowScanned = b + span + 1;
        resume(out);
    }

    public boolean isApplied(long slot) {
        return applied.contains(slot);
    }

    public boolean isIssued(long slot) {
        return issued.contains(slot);
    }

    public long appliedOutOfOrder() {
        return appliedOutOfOrder;
    }

    public long conflictsWaited() {
        return conflictsWaited;
    }

    /** The slots (from, to] became committed. */
    public void onCommitted(long from, long to, List<Entry> out) {
        long first = Math.max(from, issued.watermark()) + 1;
        long last = Math.min(to, windowScanned);
        for (long k = first; k <= last; k++) {
            if (bytesFull || k > backlogEnd()) {
                // Nor may any above it.
                backlogFull = true;
                break;
            }
            tryIssue(k, out);
        }
        settle(out);
    }

    private long backlogEnd() {
        return applied.watermark() + 4L * span;
    }

    /** Slot k became durable here. */
    public void onDurable(long k, List<Entry> out) {
        if (tryIssue(k, out)) {
            settle(out);
        }
    }

    /** The store has applied k. */
    public void onApplied(long k, List<Entry> out) {
        applied.add(k);
        underWay--;
        takeBytes(k);
        if (backlogFull && !paused) {
            backlogFull = false;
            bytesFull = false;
            onCommitted(issued.watermark(), windowScanned, out);
        }
    }

    /**
     * The store was not given these issued slots, because one of their records is unreadable; they are issued again once they
     * can be. Whatever was issued after the first of them and might wait for it must be among them.
     */
    public void takeBack(List<Entry> entries, List<Entry> out) {
        long highest = issued.highest();
        List<Long> kept = new ArrayList<>();
        for (long s = applied.watermark() + 1; s <= highest; s++) {
            if (issued.contains(s)) {
                kept.add(s);
            }
        }
        for (Entry e : entries) {
            kept.remove(e.slot());
            takeBytes(e.slot());
        }
        issued.reset(applied.watermark());
        kept.forEach(issued::add);
        underWay -= entries.size();
        windowScanned = issued.watermark() + span + 1;
        restart(out);
    }

    /** After a sync replaced the log: nobody waits, everything is tried again. */
    public void restart(List<Entry> out) {
        Arrays.fill(firstWaiter, 0);
        Arrays.fill(nextWaiter, 0);
        Arrays.fill(parked, false);
        bytesFull = false;
        onCommitted(issued.watermark(), windowScanned, out);
    }

    /** Frees the waiters of everything newly issued and tries the slots that came into the span. */
    private void settle(List<Entry> out) {
        while (true) {
            if (workCount > 0) {
                drainWaiters(work[--workCount], out);
            } else if (!paused && windowScanned < issued.watermark() + span + 1) {
                tryIssue(++windowScanned, out);
            } else {
                return;
            }
        }
    }

    private void drainWaiters(long slot, List<Entry> out) {
        int head = (int) slot & windowMask;
        long w = firstWaiter[head];
        firstWaiter[head] = 0;
        while (w != 0) {
            int i = (int) w & windowMask;
            long next = nextWaiter[i];
            nextWaiter[i] = 0;
            parked[i] = false;
            tryIssue(w, out);
            w = next;
        }
    }

    private boolean tryIssue(long k, List<Entry> out) {
        if (paused
                || bytesFull
                || issued.contains(k)
                || parked[(int) k & windowMask]
                || !committed.contains(k)
                || !log.isDurable(k)
                || k - span - 1 > issued.watermark()) {
            return false;
        }
        if (k > backlogEnd()) {
            backlogFull = true;
            return false;
        }
        Entry e = log.get(k);
        if (e == null) {
            return false;
        }
        if (underWay > 0 && underWayBytes + e.payloadLength() > bytesMax) {
            backlogFull = true;
            bytesFull = true;
            return false;
        }
        if (strict || e.isBarrier()) {
            if (issued.watermark() < k - 1) {
                // In strict mode k - 1 may be issued already, and slots before it taken back.
                park(k, strict && !issued.contains(k - 1) ? k - 1 : issued.watermark() + 1);
                return false;
            }
        } else if (inOrder) {
            long blocker = firstBlocker(e);
            if (blocker != 0) {
                park(k, blocker);
                conflictsWaited++;
                return false;
            }
        }
        if (issued.watermark() < k - 1) {
            appliedOutOfOrder++;
        }
        issued.add(k);
        work[workCount++] = k;
        if (e.kind() == EntryKind.NOOP) {
            applied.add(k);
        } else {
            underWay++;
            underWayBytes += e.payloadLength();
            issuedBytes[(int) k & windowMask] = e.payloadLength();
            out.add(e);
        }
        return true;
    }

    /** The highest slot in Dep(k) that is not issued, 0 for none. */
    private long firstBlocker(Entry e) {
        long[] dep = e.dep();
        for (int w = 0; w < dep.length; w++) {
            long bits = dep[w];
            while (bits != 0) {
                long j = e.slot() - 1 - (w * 64L + Long.numberOfTrailingZeros(bits));
                if (j <= issued.watermark()) {
                    return 0;
                }
                if (!issued.contains(j)) {
                    return j;
                }
                bits &= bits - 1;
            }
        }
        return 0;
    }

    private void takeBytes(long k) {
        int i = (int) k & windowMask;
        underWayBytes -= issuedBytes[i];
        issuedBytes[i] = 0;
    }

    private void park(long k, long on) {
        int i = (int) k & windowMask;
        int head = (int) on & windowMask;
        parked[i] = true;
        nextWaiter[i] = firstWaiter[head];
        firstWaiter[head] = k;
    }
}
