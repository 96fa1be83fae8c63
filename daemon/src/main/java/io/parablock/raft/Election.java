package io.parablock.raft;

import io.parablock.raft.log.Entry;
import io.parablock.raft.log.RaftLog;
import io.parablock.raft.log.SlotRun;
import io.parablock.raft.message.Message;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Pre-vote, votes with reports, election timeouts (protocol.md §3). */
final class Election {
    /** Values told in one report: more than a window. A candidate that lacks more fetches those unseen. */
    private static final int CRCS_MAX = 4096;

    private final CoreState state;
    private final long startedNs;
    private long random;
    private long deadlineNs;
    private long lastLeaderContactNs;
    private boolean heardLeader;
    private long lastSentNs;
    /** The campaign of this term was asked for by the leader. */
    private boolean transfer;
    /** This campaign is for a merge over every voter (protocol.md §11). */
    private boolean everyVoter;
    /** A voter hears a leader, or may. */
    private boolean someoneIsLed;

    private final Set<Integer> preVotes = new HashSet<>();
    /** Those that have answered this campaign's question, and whether they have amnesia. */
    private final TreeMap<Integer, Boolean> amnesiacs = new TreeMap<>();
    /** Granted votes of this term, with their reports; ordered, so that every run decides alike. */
    private final TreeMap<Integer, Message.VoteReply> votes = new TreeMap<>();
    /** The disk that gave each of them. */
    private final TreeMap<Integer, Long> voterDisks = new TreeMap<>();

    Election(CoreState state, long seed) {
        this.state = state;
        this.random = seed;
        this.startedNs = state.nowNs;
        resetTimer();
        if (state.config.voters().length == 1) {
            // There is nobody whose leadership it could disturb.
            deadlineNs = state.nowNs;
        }
    }

    /** Those that count in the configuration in force; a merge may find a newer one (protocol.md §3, §9). */
    Map<Integer, Message.VoteReply> votes() {
        boolean allCount = true;
        for (int voter : votes.keySet()) {
            allCount &= counts(voter);
        }
        if (allCount) {
            return votes;
        }
        TreeMap<Integer, Message.VoteReply> counted = new TreeMap<>();
        votes.forEach((voter, reply) -> {
            if (counts(voter)) {
                counted.put(voter, reply);
            }
        });
        return counted;
    }

    private boolean counts(int voter) {
        return votes.containsKey(voter) && isOfMember(voter, voterDisks.getOrDefault(voter, 0L));
    }

    private boolean isMember() {
        return isOfMember(state.config.nodeId(), state.config.incarnation());
    }

    private boolean isOfMember(int node, long disk) {
        return state.configs.inForce().counts(node, disk)
                || (!state.guards.learnerCountsNot && !state.configs.inForce().isTaken(node))
                || (!state.guards.diskCountsByIncarnation
                        && state.configs.inForce().isTaken(node));
    }

    /** SplitMix64: the only randomness of the core, from the constructor's seed. */
    private long nextRandom() {
        random += 0x9E3779B97F4A7C15L;
        long z = random;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }

    void resetTimer() {
        long t = state.config.electionTimeoutNs();
        deadlineNs = state.nowNs + t + Math.floorMod(nextRandom(), t);
    }

    /** A candidacy that could not finish: the others go first. */
    void backOff() {
        resetTimer();
        deadlineNs += 2 * state.config.electionTimeoutNs();
    }

    /** The time that this node stood still does not count. */
    void onStall(long gapNs) {
        deadlineNs += Math.min(gapNs, state.config.electionTimeoutNs());
    }

    void onLeaderContact() {
        heardLeader = true;
        lastLeaderContactNs = state.nowNs;
        resetTimer();
    }

    /** The leader's last heartbeat is not overdue. */
    boolean heardLately() {
        return heardLeader && state.nowNs - lastLeaderContactNs < 2 * state.config.heartbeatIntervalNs();
    }

    /** A leader was heard within the minimum election timeout. */
    private boolean hasLiveLeader() {
        return heardLeader && state.nowNs - lastLeaderContactNs < state.config.electionTimeoutNs();
    }

    private boolean mayCampaign() {
        return state.mayVote() && mayLead();
    }

    private boolean mayLead() {
        // The flag may become durable while this node leads: as soon as it is on its way, there is no way back.
        boolean installs = state.installing || state.installStepUnderWay;
        return !(installs && state.guards.installingNeverCampaigns) && isMember();
    }

    /** This candidate's merge is one over every voter. */
    boolean isOfEveryVoter() {
        return everyVoter;
    }

    void tick() {
        if (state.role == Role.LEADER || state.role == Role.LEADER_CANDIDATE) {
            return;
        }
        if (state.nowNs >= deadlineNs) {
            resetTimer();
            if (mayCampaign()) {
                startPreVote(false);
            } else if (state.mayVoteWithEveryVoter() && mayLead()) {
                startPreVote(true);
            }
        } else if (state.role == Role.CANDIDATE && state.nowNs - lastSentNs >= state.config.heartbeatIntervalNs()) {
            sendVotes();
        }
    }

    private void startPreVote(boolean ofEveryVoter) {
        everyVoter = ofEveryVoter;
        someoneIsLed = false;
        amnesiacs.clear();
        amnesiacs.put(state.config.nodeId(), state.amnesiac);
        state.role = Role.PRE_CANDIDATE;
        state.leader = 0;
        heardLeader = false;
        state.output.stateChanged = true;
        preVotes.clear();
        preVotes.add(state.config.nodeId());
        if (isPreElected()) {
            campaign(false);
            return;
        }
        state.sendToOthers(new Message.PreVote(state.term + 1, state.syncTerm, state.log.contigPrefix(), everyVoter));
    }

    /** The leader of this term hands over (protocol.md §8): no pre-vote, and the voters need not miss it first. */
    void onTimeoutNow() {
        if (state.role == Role.FOLLOWER && state.isSynced() && mayCampaign()) {
            resetTimer();
            everyVoter = false;
            campaign(true);
        }
    }

    /** A merge over every voter is for the case alone that no quorum is free of amnesia. */
    private boolean isPreElected() {
        return preVotes.size() >= needed() && (!everyVoter || noQuorumIsFreeOfAmnesia());
    }

    private int needed() {
        return everyVoter ? everyone() : state.config.quorum();
    }

    private int everyone() {
        return state.guards.everyVoterHeard ? state.config.voters().length : state.config.quorum();
    }

    private boolean noQuorumIsFreeOfAmnesia() {
        long free = amnesiacs.values().stream().filter(amnesiac -> !amnesiac).count();
        return amnesiacs.size() >= everyone() && free < state.config.quorum();
    }

    private void campaign(boolean byTransfer) {
        transfer = byTransfer;
        heardLeader = false;
        state.term++;
        state.votedFor = state.config.nodeId();
        if (everyVoter) {
            state.becomeSuspect();
        }
        state.persistHardState();
        state.role = Role.CANDIDATE;
        state.leader = 0;
        state.elections++;
        state.output.stateChanged = true;
        state.output.event = "campaigning in term " + state.term + " (accepted term " + state.syncTerm
                + ", contiguous prefix " + state.log.contigPrefix() + (byTransfer ? ", asked by the leader)" : ")")
                + (everyVoter
                        ? " for a merge over every voter: no quorum is free of amnesia, so writes that were not"
                                + " flushed may be lost, and all sessions end"
                        : "");
        votes.clear();
        voterDisks.clear();
        sendVotes();
    }

    /** Sends Vote to every voter that has not granted yet; also used while the merge waits for more voters. */
    void sendVotes() {
        lastSentNs = state.nowNs;
        for (int voter : state.config.voters()) {
            if (voter != state.config.nodeId() && !counts(voter)) {
                state.send(
                        voter,
                        new Message.Vote(state.term, state.syncTerm, state.log.contigPrefix(), transfer, everyVoter));
            }
        }
    }

    boolean hasQuorum() {
        return votes().size() + 1 >= needed() && isMember();
    }

    long lastSentNs() {
        return lastSentNs;
    }

    // ---------------------------------------------------------------- voter

    /**
     * In a merge over every voter the greatest (syncTerm, contigPrefix) leads, so that nobody's checkpoint lies above the
     * merged log.
     */
    private boolean logIsGoodEnough(long syncTerm, long contigPrefix, boolean ofEveryVoter) {
        if (ofEveryVoter && state.installing) {
            // It may not lead, and its store counts for nothing.
            return syncTerm > state.syncTerm
                    || (syncTerm == state.syncTerm && contigPrefix >= Math.max(state.log.base(), state.checkpoint));
        }
        if (state.isStrict() || ofEveryVoter) {
            return syncTerm > state.syncTerm
                    || (syncTerm == state.syncTerm && contigPrefix >= state.log.contigPrefix());
        }
        boolean longEnough = contigPrefix >= state.log.base() || !state.guards.voteByLogBase;
        return syncTerm > state.syncTerm || (syncTerm == state.syncTerm && longEnough);
    }

    /**
     * A leader may rest on a lease: it was heard within the minimum election timeout, or may have been, before a restart
     * (protocol.md §8). Only that leader itself gets a vote now, and whoever it has told to take over.
     */
    boolean isDeaf(int from, Message.Vote m) {
        boolean isThatLeader = m.term() == state.term && from == state.leader;
        return mayBeLed() && !m.transfer() && !isThatLeader && state.guards.voteRefusedWhileLed;
    }

    private boolean mayBeLed() {
        return hasLiveLeader() || state.nowNs - startedNs < state.config.electionTimeoutNs();
    }

    void onPreVote(int from, Message.PreVote m) {
        boolean leads = state.role == Role.LEADER || state.role == Role.LEADER_CANDIDATE;
        if (leads || (state.guards.voteRefusedWhileLed ? mayBeLed() : hasLiveLeader())) {
            state.send(from, new Message.PreVoteReply(0, m.term(), false, m.everyVoter(), state.amnesiac));
            return;
        }
        boolean granted = mayVote(m.everyVoter())
                && m.term() > state.term
                && logIsGoodEnough(m.syncTerm(), m.contigPrefix(), m.everyVoter());
        state.send(from, new Message.PreVoteReply(state.term, m.term(), granted, m.everyVoter(), state.amnesiac));
    }

    private boolean mayVote(boolean ofEveryVoter) {
        return ofEveryVoter ? state.mayVoteWithEveryVoter() : state.mayVote();
    }

    /** @param disk of the sender */
    void onPreVoteReply(int from, long disk, Message.PreVoteReply m) {
        if (!isOfMember(from, disk)) {
            return;
        }
        if (state.role != Role.PRE_CANDIDATE || m.proposedTerm() != state.term + 1 || m.everyVoter() != everyVoter) {
            return;
        }
        amnesiacs.put(from, m.amnesiac());
        someoneIsLed |= m.term() == 0;
        if (m.granted()) {
            preVotes.add(from);
        }
        if (isPreElected()) {
            campaign(false);
        } else if (!everyVoter
                && !someoneIsLed
                && noQuorumIsFreeOfAmnesia()
                && state.mayVoteWithEveryVoter()
                && mayLead()) {
            startPreVote(true);
        }
    }

    /** The caller has raised the term to the candidate's (§2: first the term, then the report, then persist, then reply). */
    void onVote(int from, Message.Vote m) {
        boolean free = state.votedFor == 0 || state.votedFor == from || !state.guards.oneVote;
        boolean granted = free
                && mayVote(m.everyVoter())
                && (state.role == Role.FOLLOWER || state.role == Role.PRE_CANDIDATE)
                && logIsGoodEnough(m.syncTerm(), m.contigPrefix(), m.everyVoter());
        List<SlotRun> present = List.of();
        List<SlotRun> unknown = List.of();
        List<SlotRun> unknownAboveD = List.of();
        if (granted) {
            state.votedFor = from;
            state.role = Role.FOLLOWER;
            if (m.everyVoter()) {
                state.becomeSuspect();
            }
            state.persistHardState();
            resetTimer();
            if (state.syncTerm == m.syncTerm()) {
                long last = state.log.last();
                present = state.log.runs(m.contigPrefix(), last, RaftLog.DURABLE);
                unknown = state.log.runs(m.contigPrefix(), last, RaftLog.UNKNOWN);
                unknownAboveD = aboveDurable(unknown);
            }
        }
        state.send(
                from,
                new Message.VoteReply(
                        state.term,
                        granted,
                        state.syncTerm,
                        state.mSync,
                        state.log.base(),
                        state.apply.appliedPrefix(),
                        state.committed.watermark(),
                        present,
                        crcs(present),
                        unknown,
                        unknownAboveD));
    }

    private List<Integer> crcs(List<SlotRun> runs) {
        List<Integer> crcs = new ArrayList<>();
        for (SlotRun r : runs) {
            for (long s = r.first(); s <= r.last() && crcs.size() < CRCS_MAX; s++) {
                Entry e = state.log.get(s);
                if (e == null) {
                    throw new AssertionError("slot " + s + " is durable and has no entry");
                }
                crcs.add(e.payloadCrc());
            }
        }
        return crcs;
    }

    /**
     * @param disk of the sender
     * @return true if the vote is new
     */
    boolean onVoteReply(int from, long disk, Message.VoteReply m) {
        if (m.term() != state.term
                || !m.granted()
                || (state.role != Role.CANDIDATE && state.role != Role.LEADER_CANDIDATE)) {
            return false;
        }
        if (m.syncTerm() > state.syncTerm) {
            throw new AssertionError("vote granted by node " + from + " whose accepted term " + m.syncTerm()
                    + " is above the candidate's " + state.syncTerm);
        }
        boolean isNew = !counts(from);
        voterDisks.put(from, disk);
        return votes.put(from, m) == null || isNew;
    }

    /** Those of these UNKNOWN slots that lie above D. */
    private List<SlotRun> aboveDurable(List<SlotRun> unknown) {
        List<SlotRun> out = new ArrayList<>();
        for (SlotRun r : unknown) {
            for (long s = r.first(); s <= r.last(); s++) {
                if (state.unknownAboveDurable.contains(s)) {
                    out.add(new SlotRun(s, s));
                }
            }
        }
        return out;
    }
}
