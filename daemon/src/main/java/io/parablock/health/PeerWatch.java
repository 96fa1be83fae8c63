package io.parablock.health;

/** One voter, sample after sample, as the leader of one group sees it. Not thread-safe. */
final class PeerWatch {
    private final int id;
    private final int span;
    private final RateWindow lag = new RateWindow();

    /** @param span the in-flight window: a lag within it is nothing to tell */
    PeerWatch(int id, int span) {
        this.id = id;
        this.span = span;
    }

    int id() {
        return id;
    }

    /** @param lagSlots -1 if this node does not lead, or the peer is away */
    void sample(long lagSlots, long nowNs) {
        if (lagSlots < 0) {
            lag.clear();
        } else {
            lag.add(nowNs, lagSlots);
        }
    }

    /** What falls by less than the window is a load that varies. */
    boolean getsNearer(long lagSlots) {
        return -lag.change() >= Math.max(span, lagSlots / 10);
    }

    /**
     * @param slow as {@link SlowFollowerWatch} has judged
     * @param behind and that because of how far it is behind
     */
    PeerHealth judge(boolean connected, long lagSlots, long behindNs, boolean slow, boolean behind) {
        boolean catchesUp = connected && !slow && lagSlots > span;
        Remaining remaining = catchesUp ? new Remaining(lagSlots, -lag.perSecond()) : Remaining.NOTHING;
        return new PeerHealth(id, connected, connected ? lagSlots : -1, behindNs, connected && slow, behind, remaining);
    }
}
