package io.parablock.raft;

import io.parablock.raft.log.Entry;
import io.parablock.raft.log.OriginRun;
import io.parablock.raft.log.OriginRuns;
import io.parablock.raft.log.RaftLog;
import io.parablock.raft.log.SlotRun;
import io.parablock.raft.merge.Merge;
import io.parablock.raft.message.Message;
import io.parablock.raft.session.SessionTable;
import io.parablock.raft.state.SyncRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The merge stage of a leader candidate (protocol.md §3): settle every hole, fetch what is missing, write the SYNCREC. */
final class MergeStage {
    /** Election timeouts without progress after which a leader candidate gives up. */
    private static final long GIVE_UP_TIMEOUTS = 4;

    private final CoreState state;
    private final Election election;
    private Merge.@Nullable Result result;
    private long lastFetchNs;
    private long lastProgressNs;
    /** Slots asked for and not yet received. */
    private int requested;
    /** Fetched entries that the WAL still writes. */
    private int writing;
    /** In a merge over every voter, the entry that ends all sessions. The log gets it with the SYNCREC. */
    private @Nullable Entry closing;

    private boolean closingIsDurable;

    MergeStage(CoreState state, Election election) {
        this.state = state;
        this.election = election;
    }

    /** A quorum of votes is in, or one more than before. Returns true when the merged log is durable: lead. */
    boolean onVotes() {
        if (state.role != Role.LEADER_CANDIDATE) {
            lastProgressNs = state.nowNs;
        }
        state.role = Role.LEADER_CANDIDATE;
        state.leader = state.config.nodeId();
        requested = 0;
        writing = 0;
        return advance();
    }

    /** A slot became durable here. Returns true when the merged log is durable: lead. */
    boolean onDurable(long slot, long origin) {
        if (closing != null && slot == closing.slot() && origin == closing.origin()) {
            closingIsDurable = true;
            return advance();
        }
        writing = Math.max(0, writing - 1);
        return writing == 0 && advance();
    }

    /** Time passed, or something became durable. Returns true when the merged log is durable: lead. */
    boolean advance() {
        // The candidate's own writes of S that were under way count once they are durable, never as absent.
        Merge.Result r = Merge.settle(
                state.log,
                state.syncTerm,
                state.mSync,
                state.unknownAboveDurable,
                election.votes(),
                state.config.voters().length,
                state.guards.learnerCountsNot ? state.configs.inForce().vacancies() : 0,
                state.guards.slotsBeforeConfigDecided ? state.configs.latestSlot() : 0,
                election.isOfEveryVoter());
        result = r;
        boolean complete = true;
        List<Merge.Settled> fetch = new ArrayList<>();
        for (Merge.Settled s : r.missing()) {
            if (s.fate() != Merge.Fate.NOOP) {
                complete = false;
                if (s.fate() == Merge.Fate.FETCH) {
                    fetch.add(s);
                }
            }
        }
        complete &= !anyWriting(r.m());
        // What was fetched may have brought a newer configuration, whose quorum it takes.
        complete &= election.hasQuorum() || !state.guards.mergeByNewestConfig;
        if (complete && election.isOfEveryVoter() && !closingIsDurable) {
            endSessions(r.m() + 1);
            return false;
        }
        if (complete) {
            finish(r);
            return true;
        }
        fetchFrom(fetch);
        return false;
    }

    /**
     * Answered writes may be missing from this merged log, and their clients are to see an error (protocol.md §11). As a part
     * of the merged log it cannot be lost with this leader.
     */
    private void endSessions(long slot) {
        if (closing == null) {
            closing = SessionTable.closeEvery(slot, state.term);
            state.output.appends.add(closing);
        }
    }

    private boolean anyWriting(long m) {
        return !state.log.runs(state.log.contigPrefix(), m, RaftLog.WRITING).isEmpty();
    }

    private void fetchFrom(List<Merge.Settled> missing) {
        if (missing.isEmpty() || (requested > 0 && state.nowNs - lastFetchNs < state.config.retransmitNs())) {
            return;
        }
        lastFetchNs = state.nowNs;
        Map<Integer, List<OriginRun>> bySource = new TreeMap<>();
        int count = 0;
        for (Merge.Settled s : missing) {
            if (count++ >= state.config.fetchSlotsMax()) {
                break;
            }
            FollowerLog.addRun(
                    bySource.computeIfAbsent(s.source(), n -> new ArrayList<>()),
                    s.slot(),
                    state.effectiveOrigin(s.slot()));
        }
        requested = Math.min(missing.size(), state.config.fetchSlotsMax());
        bySource.forEach((source, wanted) -> state.send(source, new Message.Fetch(state.term, wanted)));
    }

    /** Fetched entries are of S's log, which is this candidate's own effective log: no staging is needed. */
    void onEntries(Message.Entries m) {
        Merge.Result r = result;
        if (r == null) {
            return;
        }
        for (Entry e : m.entries()) {
            byte held = state.log.state(e.slot());
            if (e.slot() <= r.m()
                    && e.slot() > state.log.contigPrefix()
                    && (held == RaftLog.ABSENT || held == RaftLog.UNKNOWN)
                    && state.isEffective(e.slot(), e.origin())) {
                requireReportedValue(e);
                state.log.putWriting(e);
                state.output.appends.add(e);
                requested = Math.max(0, requested - 1);
                writing++;
                lastProgressNs = state.nowNs;
            }
        }
    }

    private void requireReportedValue(Entry e) {
        election.votes().forEach((voter, reply) -> {
            Integer crc = reply.syncTerm() == state.syncTerm ? Merge.crcOf(reply, e.slot()) : null;
            if (crc != null && crc != e.payloadCrc()) {
                throw new AssertionError("invariant 2: node " + voter + " reported another value of slot " + e.slot()
                        + " with origin " + e.origin());
            }
        });
    }

    private void finish(Merge.Result r) {
        long t = state.term;
        OriginRuns runs = new OriginRuns(state.origins.upTo(state.mSync));
        List<SlotRun> noops = new ArrayList<>();
        for (SlotRun old : state.noops) {
            if (old.last() > state.log.base()) {
                noops.add(old);
            }
        }
        int next = 0;
        List<Merge.Settled> missing = r.missing();
        for (long s = state.mSync + 1; s <= r.m(); s++) {
            while (next < missing.size() && missing.get(next).slot() < s) {
                next++;
            }
            boolean noop = next < missing.size() && missing.get(next).slot() == s;
            runs.append(s, s, noop ? t : state.syncTerm);
            if (noop) {
                state.log.putDurable(Entry.noop(s, t));
                addSlot(noops, s);
            }
        }
        long m = r.m();
        Entry last = closing;
        if (last != null) {
            m = last.slot();
            runs.append(m, m, t);
            state.log.putDurable(last);
            state.becomeTrusted();
        }
        state.adopt(new SyncRecord(t, m, runs.upTo(m), List.copyOf(noops)));
        forget();
    }

    static void addSlot(List<SlotRun> runs, long slot) {
        int end = runs.size() - 1;
        if (end >= 0 && runs.get(end).last() == slot - 1) {
            runs.set(end, new SlotRun(runs.get(end).first(), slot));
        } else {
            runs.add(new SlotRun(slot, slot));
        }
    }

    /** Why this candidate cannot lead: every voter was heard and a slot is lost, or nothing came for long. Null: it may. */
    @Nullable
    String obstacle() {
        Merge.Result r = result;
        for (Merge.Settled s : r == null ? List.<Merge.Settled>of() : r.missing()) {
            if (s.fate() == Merge.Fate.LOST) {
                return "refusing to lead: slot " + s.slot() + " is unreadable on node(s) " + nodesWithUnknown(s.slot())
                        + " and on no other voter; an operator must decide";
            }
        }
        boolean stuck = state.nowNs - lastProgressNs > GIVE_UP_TIMEOUTS * state.config.electionTimeoutNs();
        return stuck ? "the merge waits for a slot that no answering voter has" : null;
    }

    private List<Integer> nodesWithUnknown(long slot) {
        List<Integer> nodes = new ArrayList<>();
        if (state.log.state(slot) == RaftLog.UNKNOWN) {
            nodes.add(state.config.nodeId());
        }
        election.votes().forEach((voter, reply) -> {
            if (Merge.contains(reply.unknown(), slot)) {
                nodes.add(voter);
            }
        });
        return nodes;
    }

    void abandon() {
        if (closing != null) {
            state.output.dropped.add(closing);
        }
        forget();
    }

    private void forget() {
        result = null;
        closing = null;
        closingIsDurable = false;
    }
}
