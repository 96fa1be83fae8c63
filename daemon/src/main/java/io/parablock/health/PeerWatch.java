package io.parablock.health;

/** One voter, sample after sample, as the leader of one group sees it. Not thread-safe. */
final class PeerWatch {
    /** Named limit: so many samples in a row make it slow. */
    private static final int SLOW_SAMPLES = 3;

    private final int id;
    private final int span;
    private final RateWindow lag = new RateWindow();
    private int samplesBehind;

    /** @param span the in-flight window: a lag within it is nothing to tell */
    PeerWatch(int id, int span) {
        this.id = id;
        this.span = span;
    }

    int id() {
        return id;
    }

    /** @param lagSlots -1 if this node does not lead, or the peer is away */
    void sample(long lagSlots, long behindNs, long slowNs, long nowNs) {
        if (lagSlots < 0) {
            lag.clear();
            samplesBehind = 0;
            return;
        }
        lag.add(nowNs, lagSlots);
        samplesBehind = behindNs > slowNs ? samplesBehind + 1 : 0;
    }

    PeerHealth judge(boolean connected, long lagSlots, long behindNs, long slowNs) {
        // What falls by less than the window is a load that varies.
        boolean nearer = -lag.change() >= Math.max(span, lagSlots / 10);
        boolean slow = connected && samplesBehind >= SLOW_SAMPLES && behindNs > slowNs && !nearer;
        boolean catchesUp = connected && !slow && lagSlots > span;
        Remaining remaining = catchesUp ? new Remaining(lagSlots, -lag.perSecond()) : Remaining.NOTHING;
        return new PeerHealth(id, connected, connected ? lagSlots : -1, behindNs, slow, remaining);
    }
}
