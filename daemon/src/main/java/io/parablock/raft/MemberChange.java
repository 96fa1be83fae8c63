package io.parablock.raft;

import io.parablock.raft.log.Entry;
import io.parablock.raft.log.EntryKind;
import io.parablock.raft.membership.Members;
import io.parablock.raft.membership.Seat;
import io.parablock.raft.progress.PeerProgress;
import org.jspecify.annotations.Nullable;

/**
 * The leader's side of a change of members (protocol.md §9): a seat becomes vacant when an operator gives its disk up, and a
 * vacant one is filled as soon as another disk has caught up there.
 *
 * <pre>
 *   wanted ─► no slot is assigned ─► all earlier ones committed ─► CONFIG, alone in flight ─► committed ─► slots again
 * </pre>
 */
final class MemberChange {
    private final CoreState state;
    private final Leader leader;
    private final Peers peers;
    private final AckMap acks;
    private int node;
    private @Nullable Seat wanted;
    private long wantedAtNs;
    private long notBeforeNs;
    /** Of the CONFIG in flight, or 0. */
    private long slot;

    MemberChange(CoreState state, Leader leader, Peers peers, AckMap acks) {
        this.state = state;
        this.leader = leader;
        this.peers = peers;
        this.acks = acks;
    }

    /** Not the leader any more. */
    void stop() {
        wanted = null;
        slot = 0;
        notBeforeNs = 0;
    }

    /** No slot is assigned meanwhile. */
    boolean isUnderWay() {
        return (slot != 0 && state.guards.configAlone) || (wanted != null && state.guards.configAfterDrain);
    }

    /** An operator gives up this disk of that node. Done already, or not to be done now: nothing happens. */
    void giveUp(int of, long incarnation) {
        Members members = state.configs.inForce();
        if (state.role != Role.LEADER || wanted != null || !members.counts(of, incarnation)) {
            return;
        }
        PeerProgress p = peers.of(of);
        String obstacle = p == null || answers(p)
                ? "that node answers"
                : members.seats().size() - members.vacancies() - 1 < members.majority()
                        ? "the other nodes would be no majority"
                        : "";
        if (!obstacle.isEmpty()) {
            state.output.event = "the disk of node " + of + " is not given up: " + obstacle;
            return;
        }
        want(of, members.seat(of).vacated());
    }

    private boolean answers(PeerProgress p) {
        return p.disk() != 0 && state.nowNs - p.confirmedSentNs() <= state.config.electionTimeoutNs();
    }

    private void want(int of, Seat next) {
        node = of;
        wanted = next;
        wantedAtNs = state.nowNs;
    }

    /** Time has passed, or something was acknowledged. */
    void advance() {
        if (slot != 0 && state.committed.watermark() < slot) {
            return;
        }
        if (slot != 0) {
            finish();
        }
        if (wanted == null && state.nowNs >= notBeforeNs) {
            wantLearner();
        }
        Seat next = wanted;
        if (next == null) {
            return;
        }
        if (isDrained() && holdsAll(next)) {
            propose(next);
        } else if (state.nowNs - wantedAtNs > state.config.electionTimeoutNs()) {
            wanted = null;
            notBeforeNs = state.nowNs + 2 * state.config.electionTimeoutNs();
            leader.openWindow();
        }
    }

    private void wantLearner() {
        Members members = state.configs.inForce();
        for (PeerProgress p : peers.all()) {
            boolean vacant = !members.isTaken(p.node());
            if (vacant && isNear(p) && !members.gaveUp(p.node(), p.disk())) {
                want(p.node(), members.seat(p.node()).filledWith(p.disk()));
                return;
            }
        }
    }

    private boolean isNear(PeerProgress p) {
        return state.guards.learnerHoldsAll
                ? hasCaughtUp(p, leader.lastAssigned() - state.config.span())
                : p.disk() != 0;
    }

    private boolean hasCaughtUp(PeerProgress p, long to) {
        return p.disk() != 0
                && p.connected()
                && p.synced()
                && !p.installing()
                && !leader.installs.isMixed(p.node())
                && p.contigPrefix() >= to;
    }

    /**
     * Whoever fills a seat holds every slot before its CONFIG, as the disk before it may have: a slot that this one and others
     * had acknowledged may be missing elsewhere for ever so long, and each quorum must find it still.
     */
    private boolean holdsAll(Seat next) {
        PeerProgress p = peers.of(node);
        return next.isVacant()
                || !state.guards.learnerHoldsAll
                || (p != null && p.disk() == next.incarnation() && hasCaughtUp(p, leader.lastAssigned()));
    }

    private boolean isDrained() {
        long m = leader.mergedTo();
        if ((state.committed.watermark() < m && state.guards.configAfterMerged)
                || leader.transfer.isActive()
                || state.isAboutToInstall()) {
            return false;
        }
        for (long s = m + 1; s <= leader.lastAssigned() && state.guards.configAfterDrain; s++) {
            if (!state.committed.contains(s)) {
                return false;
            }
        }
        return true;
    }

    private void propose(Seat next) {
        Members before = state.configs.inForce();
        Entry e = leader.propose(EntryKind.CONFIG, node, 0, 0, next.generation(), next.incarnation(), 0, 0, null);
        slot = e.slot();
        wanted = null;
        if (next.isVacant()) {
            PeerProgress unused = peers.renew(node, leader.mergedTo());
            leader.forgetDisk(node);
        }
        // The quorum is one of both configurations: the seat that changes counts in one of them only.
        count(next.isVacant() || !state.guards.configByBoth ? state.configs.inForce() : before);
        state.output.event = "slot " + slot + " changes the members to " + state.configs.inForce();
    }

    private void count(Members members) {
        acks.count(members, !state.guards.learnerCountsNot);
    }

    private void finish() {
        slot = 0;
        count(state.configs.inForce());
        state.output.stateChanged = true;
        leader.openWindow();
    }

    /** One word or two for status; empty when nothing changes. */
    String phase() {
        return slot != 0 ? "committing" : wanted != null ? "draining" : "";
    }
}
