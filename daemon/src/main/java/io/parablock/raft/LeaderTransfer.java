package io.parablock.raft;

import io.parablock.raft.message.Message;
import io.parablock.raft.progress.PeerProgress;
import org.jspecify.annotations.Nullable;

/**
 * The leader hands its office over (protocol.md §2, §8): it assigns no more slots, waits until everything assigned is
 * committed and the target holds all of it, and tells the target to campaign at once. After an election timeout without a
 * new leader it goes on as before.
 */
final class LeaderTransfer {
    private final CoreState state;
    private int target;
    private long startedNs;
    private boolean told;
    private long toldNs;

    LeaderTransfer(CoreState state) {
        this.state = state;
    }

    /** No slot is assigned meanwhile. */
    boolean isActive() {
        return target != 0;
    }

    /** @param wanted the node that is to take over, or 0 for the peer that holds most */
    TransferResult start(PeerProgress[] peers, InstallSender installs, int wanted) {
        if (isActive()) {
            return wanted == 0 || wanted == target ? TransferResult.UNDER_WAY : TransferResult.TO_ANOTHER;
        }
        TransferResult refusal = wanted == 0 ? TransferResult.NOBODY : TransferResult.AWAY;
        PeerProgress best = null;
        for (PeerProgress p : peers) {
            boolean asked = wanted == 0 || (wanted == p.node() && !isFar(p));
            boolean answers = p.connected() && state.nowNs - p.confirmedSentNs() <= state.config.electionTimeoutNs();
            boolean mayLead = p.synced() && state.counts(p.node()) && !installs.isMixed(p.node());
            if (answers && mayLead && asked && isBetter(p, best)) {
                best = p;
            } else if (answers && wanted == p.node()) {
                refusal = TransferResult.BEHIND;
            }
        }
        if (best == null) {
            return refusal;
        }
        target = best.node();
        startedNs = state.nowNs;
        told = false;
        state.output.event = "handing term " + state.term + " over to node " + target;
        return TransferResult.UNDER_WAY;
    }

    /** No slot is assigned until it has all: nobody is to wait for more than what may be on its way in any case. */
    private boolean isFar(PeerProgress p) {
        return state.committed.watermark() - p.contigPrefix() > state.config.span();
    }

    private static boolean isBetter(PeerProgress p, @Nullable PeerProgress than) {
        if (than == null || p.contigPrefix() != than.contigPrefix()) {
            return than == null || p.contigPrefix() > than.contigPrefix();
        }
        return p.appliedPrefix() > than.appliedPrefix();
    }

    int target() {
        return target;
    }

    /**
     * The target may be told to campaign now: it holds everything, and every client has its answer.
     *
     * @param peer the target
     * @param lastAssigned the highest slot with an entry
     */
    boolean isDue(@Nullable PeerProgress peer, long lastAssigned) {
        return isActive()
                && peer != null
                && peer.synced()
                && peer.contigPrefix() >= lastAssigned
                && state.committed.watermark() >= lastAssigned
                && (!told || state.nowNs - toldNs >= state.config.heartbeatIntervalNs());
    }

    void tell() {
        told = true;
        toldNs = state.nowNs;
        state.send(target, new Message.TimeoutNow(state.term));
    }

    /** An election timeout is enough: slots are assigned again. */
    void giveUpIfLate() {
        if (isActive() && state.nowNs - startedNs >= state.config.electionTimeoutNs()) {
            state.output.event = "node " + target + " did not take over in time: term " + state.term + " goes on";
            target = 0;
        }
    }

    void stop() {
        target = 0;
    }
}
