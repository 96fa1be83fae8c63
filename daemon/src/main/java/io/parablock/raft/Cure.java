package io.parablock.raft;

import io.parablock.raft.log.Entry;
import io.parablock.raft.log.OriginRun;
import io.parablock.raft.log.RaftLog;
import io.parablock.raft.message.Message;
import java.util.ArrayList;
import java.util.List;

/**
 * The cure of amnesia (protocol.md §11), on the replica that has it. Until its last step nothing that depends on this log
 * leaves the node, so every step before may be cut short, by a crash or by another leader, and begun anew.
 *
 * <pre>
 *   ask ─► Cure{h}, SyncBegin ─► SYNCREC of the leader's term ─► every slot up to h held ─► forced ─► cured: SyncAck, acks, votes
 *    ▲                                  │ the log does not reach back that far
 *    └──────────────────────────────────┴─► install
 * </pre>
 */
final class Cure {
    /** {@link Output.ForceRequest#from} of the cure's own force; node ids start at 1. */
    static final int FORCE = 0;
    /** Retransmission times without a new slot after which the leader is asked again. */
    private static final int PATIENCE = 4;

    private final CoreState state;
    private final FollowerLog follower;
    /** Tells this start of the process from every other. */
    private final long mark;

    private boolean told;
    /** Every slot of (from, to] must be held and forced; {@code from} is 0 unless a guard is off. */
    private long from;

    private long to;
    private long round;
    private long fetchedTo;
    private long lastFetchNs;
    private long lastAskedNs = Long.MIN_VALUE / 2;
    private long lastProgressNs;
    private long progress;
    private long forcing;
    private long forces;

    Cure(CoreState state, FollowerLog follower, long seed) {
        this.state = state;
        this.follower = follower;
        this.mark = seed;
        if (state.amnesiac) {
            state.output.event = state.curable
                    ? "this replica's log may lack acknowledged entries: it neither votes nor acknowledges until the"
                            + " leader has cured it"
                    : "META or SYNCREC is lost: this replica neither votes nor acknowledges, it must rejoin as a new one";
        }
    }

    /** A new term, leader or role: only the leader of the term that this node is in may cure it. */
    void reset() {
        told = false;
        from = 0;
        to = 0;
        round = 0;
        fetchedTo = 0;
        forcing = 0;
        progress = 0;
    }

    void onHeartbeat(long leaderRound) {
        round = Math.max(round, leaderRound);
    }

    /** h of this start only: an answer to an earlier one may be older than what was acknowledged since. */
    void onCure(Message.Cure m) {
        if (!state.amnesiac || m.mark() != mark || told) {
            return;
        }
        told = true;
        from = m.from();
        to = m.to();
        lastProgressNs = state.nowNs;
        state.output.event = "the cure begins: the leader, node " + state.leader + ", has assigned slots up to " + to
                + ", held here up to " + state.log.contigPrefix();
    }

    /** What was fetched; the others' repair and sync take theirs on their own. */
    void onEntries(Message.Entries m) {
        if (!isUnderWay()) {
            return;
        }
        for (Entry e : m.entries()) {
            byte held = state.log.state(e.slot());
            if ((held == RaftLog.ABSENT || held == RaftLog.UNKNOWN)
                    && e.slot() > Math.max(state.log.base(), state.log.contigPrefix())
                    && e.slot() <= limit()
                    && state.isEffective(e.slot(), e.origin())) {
                state.log.putWriting(e);
                if (e.slot() > state.lookBehind.highest() - state.config.span()) {
                    state.lookBehindPut(e);
                }
                state.output.appends.add(e);
            }
        }
    }

    private boolean isUnderWay() {
        return state.amnesiac && told && state.role == Role.FOLLOWER && state.isSynced() && !state.installing;
    }

    /** After every input: the next step, if it is due. */
    void advance() {
        if (!state.amnesiac || !state.curable || state.role != Role.FOLLOWER || state.leader == 0) {
            return;
        }
        if (state.mustReinstall) {
            state.needsInstall |= !state.installing;
        } else if (!isUnderWay()) {
            if (!state.installing && (!told || !follower.isSyncing())) {
                ask();
            }
        } else if (!isHeld()) {
            fetch();
        } else if (!state.guards.cureForces) {
            finish();
        } else if (forcing == 0) {
            forcing = ++forces;
            state.output.forces.add(new Output.ForceRequest(FORCE, forcing));
        }
    }

    private void ask() {
        if (state.nowNs - lastAskedNs >= state.config.retransmitNs()) {
            lastAskedNs = state.nowNs;
            state.send(state.leader, new Message.CureRequest(state.term, mark, round));
        }
    }

    private boolean isHeld() {
        for (long s = Math.max(from, state.log.contigPrefix()) + 1; s <= to; s++) {
            if (!state.log.isDurable(s)) {
                return false;
            }
        }
        return true;
    }

    /**
     * As {@link CoreState#acceptLimit}, but always far enough: what is committed gets applied as it comes, and the leader
     * assigns at most a span beyond it.
     */
    private long limit() {
        return Math.min(
                state.log.contigPrefix() + (long) CoreState.WINDOW_SPANS * state.config.span(),
                state.apply.appliedPrefix() + Math.max(state.config.retainSlotsMax(), state.config.span()));
    }

    private void fetch() {
        long held = state.log.contigPrefix();
        if (held > progress) {
            progress = held;
            lastProgressNs = state.nowNs;
        } else if (state.nowNs - lastProgressNs >= PATIENCE * state.config.retransmitNs()) {
            // The leader's log may have been cut past what is wanted: its SyncBegin will tell.
            ask();
        }
        int slotsMax = state.config.fetchSlotsMax();
        boolean overdue = state.nowNs - lastFetchNs >= state.config.retransmitNs();
        if (fetchedTo > held + slotsMax / 2 && !overdue) {
            return;
        }
        long start = overdue ? held : Math.max(held, fetchedTo);
        long end = Math.min(Math.min(to, limit()), held + slotsMax);
        List<OriginRun> wanted = new ArrayList<>();
        for (long s = start + 1; s <= end; s++) {
            byte slot = state.log.state(s);
            if (slot != RaftLog.DURABLE && slot != RaftLog.WRITING) {
                FollowerLog.addRun(wanted, s, state.effectiveOrigin(s));
            }
        }
        fetchedTo = overdue ? end : Math.max(fetchedTo, end);
        if (overdue || !wanted.isEmpty()) {
            lastFetchNs = state.nowNs;
        }
        if (!wanted.isEmpty()) {
            state.send(state.leader, new Message.Fetch(state.term, wanted));
        }
    }

    /** The WAL force is done. */
    void onForced(long id) {
        if (id == forcing && isUnderWay()) {
            finish();
        }
    }

    private void finish() {
        state.onCured();
        forcing = 0;
        state.output.cured = true;
        state.output.stateChanged = true;
        state.output.truncateTo = state.log.base();
        state.output.event = "cured of amnesia: every slot up to " + to + " is held and forced; this replica votes and"
                + " acknowledges again";
        follower.onCured();
    }

    /** h while the cure is under way, otherwise 0. */
    long slotsTo() {
        return state.amnesiac ? to : 0;
    }
}
