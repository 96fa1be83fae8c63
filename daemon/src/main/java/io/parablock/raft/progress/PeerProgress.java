package io.parablock.raft.progress;

import io.parablock.lookbehind.SlotSet;
import java.util.Arrays;

/** What the leader knows of one peer in its term: what it acknowledged, what it was sent and when. Single-threaded. */
public final class PeerProgress {
    private static final int BACKOFF_MAX = 16;

    private final int node;
    private final int window;
    /** Acknowledged slots; the watermark is the peer's contiguous prefix. */
    private final SlotSet acked;
    /** When each slot of the window was last sent. */
    private final long[] sentAtNs;

    private final int mask;
    private boolean connected = true;
    private boolean synced;
    private long boot;
    private long disk;
    /** The first slot that was never sent to this peer since it (re)connected. */
    private long nextSlot;

    private long acceptLimit = Long.MAX_VALUE;
    private long appliedPrefix;
    /** Until it has spoken in this term, its store may not be whole. */
    private boolean installing = true;

    /** When the latest one was sent of what is acknowledged and was sent once. */
    private long newestAckedSentNs;
    /** Slots up to here are acknowledged, or were sent again because later ones had overtaken them. */
    private long overtakenTo;

    private long confirmedRound;
    private long confirmedSentNs;
    private long lastProgressNs;
    private int backoff = 1;

    /** @param window slots above the peer's contiguous prefix that may be on their way, a power of two */
    public PeerProgress(int node, int window, long m, long round, long nowNs) {
        this.node = node;
        this.window = window;
        this.acked = new SlotSet(window);
        this.sentAtNs = new long[window];
        Arrays.fill(sentAtNs, nowNs);
        this.newestAckedSentNs = nowNs;
        this.mask = window - 1;
        this.nextSlot = m + 1;
        this.confirmedRound = round;
        this.confirmedSentNs = nowNs;
        this.lastProgressNs = nowNs;
    }

    public int node() {
        return node;
    }

    public boolean connected() {
        return connected;
    }

    public boolean synced() {
        return synced;
    }

    public long boot() {
        return boot;
    }

    /** The incarnation of the disk that answers there; 0 before it has. */
    public long disk() {
        return disk;
    }

    public void disk(long incarnation) {
        disk = incarnation;
    }

    /** The peer acknowledged the merged log up to m. */
    public void onSynced(long m, long nowNs) {
        if (!synced) {
            synced = true;
            acked.reset(Math.max(m, acked.watermark()));
            nextSlot = Math.max(nextSlot, m + 1);
            lastProgressNs = nowNs;
        }
    }

    public void onConnected(boolean up) {
        connected = up;
        if (up) {
            resendAll();
        }
    }

    /** @return true if this is another process than before */
    public boolean onBoot(long newBoot) {
        boolean changed = boot != 0 && boot != newBoot;
        boot = newBoot;
        if (changed) {
            resendAll();
        }
        return changed;
    }

    /** The peer's log may have lost what it acknowledged (protocol.md §11). */
    public void forget(long m) {
        synced = false;
        acked.reset(m);
        nextSlot = m + 1;
        overtakenTo = m;
        backoff = 1;
    }

    private void resendAll() {
        nextSlot = acked.watermark() + 1;
        overtakenTo = acked.watermark();
        backoff = 1;
    }

    public boolean isAcked(long slot) {
        return synced && acked.contains(slot);
    }

    /** @return true if the acknowledgement is new */
    public boolean ack(long slot, long nowNs) {
        if (!acked.canHold(slot) || !acked.add(slot)) {
            return false;
        }
        if (slot > overtakenTo && slot < nextSlot) {
            newestAckedSentNs = Math.max(newestAckedSentNs, sentAtNs[(int) slot & mask]);
        }
        lastProgressNs = nowNs;
        backoff = 1;
        return true;
    }

    /** The peer says that it holds everything up to {@code prefix}. */
    public void onContigPrefix(long prefix, long nowNs) {
        if (synced && prefix > acked.watermark()) {
            acked.advanceTo(prefix);
            nextSlot = Math.max(nextSlot, acked.watermark() + 1);
            lastProgressNs = nowNs;
            backoff = 1;
        }
    }

    public long contigPrefix() {
        return synced ? acked.watermark() : 0;
    }

    public void acceptLimit(long limit) {
        acceptLimit = limit;
    }

    public void appliedPrefix(long prefix) {
        appliedPrefix = prefix;
    }

    public void installing(boolean now) {
        installing = now;
    }

    /** As it last said: its block store is neither old nor new. */
    public boolean installing() {
        return installing;
    }

    public long appliedPrefix() {
        return appliedPrefix;
    }

    /** The highest slot that may be sent now. */
    public long sendLimit() {
        return Math.min(acked.watermark() + window, acceptLimit);
    }

    public long nextSlot() {
        return nextSlot;
    }

    public void onSent(long slot, long nowNs) {
        sentAtNs[(int) slot & mask] = nowNs;
        nextSlot = Math.max(nextSlot, slot + 1);
    }

    /** True if the slot was sent, is not acknowledged, and its time is up. */
    public boolean isOverdue(long slot, long nowNs, long retransmitNs) {
        return slot < nextSlot
                && !acked.contains(slot)
                && nowNs - sentAtNs[(int) slot & mask] >= retransmitNs * backoff;
    }

    /**
     * The next slot that is not acknowledged although one is that was sent so much later, or 0. Each slot once: what was sent
     * again for it becomes overdue if it is lost as well. After RFC 8985, "RACK".
     *
     * @param reorderWindowNs 0 is never
     */
    public long nextOvertaken(long reorderWindowNs) {
        if (reorderWindowNs == 0 || !connected || !synced) {
            return 0;
        }
        long slot = Math.max(overtakenTo, acked.watermark()) + 1;
        while (slot < nextSlot && acked.contains(slot)) {
            slot++;
        }
        overtakenTo = slot - 1;
        if (slot >= nextSlot || newestAckedSentNs - sentAtNs[(int) slot & mask] < reorderWindowNs) {
            return 0;
        }
        overtakenTo = slot;
        return slot;
    }

    /** Something was overdue: wait longer next time, so that a slow disk is not buried in repeats. */
    public void backOff() {
        backoff = Math.min(BACKOFF_MAX, backoff * 2);
    }

    public void confirm(long round, long sentNs) {
        if (round > confirmedRound) {
            confirmedRound = round;
        }
        confirmedSentNs = Math.max(confirmedSentNs, sentNs);
    }

    public long confirmedRound() {
        return confirmedRound;
    }

    public long confirmedSentNs() {
        return confirmedSentNs;
    }

    public long lastProgressNs() {
        return lastProgressNs;
    }
}
