package io.parablock.raft;

import io.parablock.raft.log.Entry;
import io.parablock.raft.membership.Members;
import io.parablock.raft.message.Message;

/** The parts of one node, and which of them a message or a change of role concerns. */
final class Roles {
    private final CoreState state;
    final Election election;
    final MergeStage merge;
    final FollowerLog follower;
    final Leader leader;
    final InstallReceiver installs;
    final Cure cure;
    final Repair repair;
    private final FetchServer fetchServer;

    Roles(CoreState state, long seed) {
        this.state = state;
        this.election = new Election(state, seed);
        this.merge = new MergeStage(state, election);
        this.follower = new FollowerLog(state);
        this.leader = new Leader(state);
        this.fetchServer = new FetchServer(state);
        this.installs = new InstallReceiver(state);
        this.cure = new Cure(state, follower, seed);
        this.repair = new Repair(state);
    }

    // ---------------------------------------------------------------- messages

    /**
     * @param disk the incarnation of the sender's
     * @param boot changes when the peer's process restarts
     */
    void step(int from, long disk, long boot, Message message) {
        if (isOfDeadDisk(from, disk, message)) {
            return;
        }
        if (!state.curable) {
            onlyFollow(from, message);
            return;
        }
        if (leader.cures.isOfDeadBoot(from, boot, message)) {
            return;
        }
        leader.onSender(from, disk, boot);
        if (message instanceof Message.PreVote m) {
            election.onPreVote(from, m);
        } else if (message instanceof Message.PreVoteReply m) {
            if (m.term() > state.term) {
                becomeFollower(m.term(), 0);
            } else {
                election.onPreVoteReply(from, disk, m);
                becomeLeaderIfElected();
            }
        } else if (message instanceof Message.TimeoutNow m
                && (m.term() == state.term || !state.guards.transferInTerm)) {
            election.onTimeoutNow();
            becomeLeaderIfElected();
        } else if (message.term() < state.term) {
            if (message.asksForAnswer()) {
                state.send(from, new Message.TermRefusal(state.term));
            }
        } else if (!(message instanceof Message.Vote m && election.isDeaf(from, m))) {
            // A vote that is not heard gets no answer, and brings no new term either: it is asked for again.
            if (message.term() > state.term) {
                becomeFollower(message.term(), 0);
            }
            stepInTerm(from, disk, boot, message);
        }
    }

    /** A disk that was given up, or one that is not what the leader counts at that seat (protocol.md §9). */
    private boolean isOfDeadDisk(int from, long disk, Message message) {
        Members members = state.configs.inForce();
        boolean leads = state.role == Role.LEADER || state.role == Role.LEADER_CANDIDATE;
        boolean isOther = members.isTaken(from) && !members.counts(from, disk);
        return state.guards.diskCountsByIncarnation
                && (members.gaveUp(from, disk) || (leads && isOther && message.isForLeader()));
    }

    /**
     * META or SYNCREC is lost (protocol.md §12), and with it what this node had promised: even the answer to a heartbeat might
     * break its word to a newer leader. It only listens for whom its clients must turn to.
     */
    private void onlyFollow(int from, Message message) {
        boolean ofLeader = message instanceof Message.Heartbeat
                || message instanceof Message.Append
                || message instanceof Message.SyncBegin;
        if (ofLeader && message.term() >= state.term) {
            if (message.term() > state.term) {
                becomeFollower(message.term(), 0);
            }
            followLeader(from);
        }
    }

    private void stepInTerm(int from, long disk, long boot, Message message) {
        if (message instanceof Message.Vote m) {
            election.onVote(from, m);
        } else if (message instanceof Message.VoteReply m) {
            if (election.onVoteReply(from, disk, m) && election.hasQuorum()) {
                startOrContinueMerge();
            }
        } else if (message instanceof Message.Heartbeat m) {
            followLeader(from);
            follower.onHeartbeat(m);
            cure.onHeartbeat(m.round());
        } else if (message instanceof Message.Append m) {
            followLeader(from);
            follower.onAppend(m);
        } else if (message instanceof Message.SyncBegin m) {
            followLeader(from);
            follower.onSyncBegin(m);
        } else if (message instanceof Message.Force m) {
            followLeader(from);
            follower.forces.add(from, m);
        } else if (message instanceof Message.Fetch m) {
            long base = fetchServer.serve(from, m);
            if (base >= 0) {
                leader.onSyncRequest(from, base);
            }
        } else if (message instanceof Message.Entries m) {
            onEntries(m);
        } else if (message instanceof Message.Install m) {
            stepInstall(from, m);
        } else if (message instanceof Message.Cure m) {
            followLeader(from);
            cure.onCure(m);
        } else if (message instanceof Message.CureRequest m) {
            leader.onCureRequest(from, boot, m);
        } else if (state.role == Role.LEADER || state.role == Role.LEADER_CANDIDATE) {
            stepAsLeader(from, message);
        }
    }

    private void stepInstall(int from, Message.Install message) {
        if (!leader.installs.step(from, message)) {
            followLeader(from);
            if (installs.step(message)) {
                follower.abandonSync();
            }
        }
    }

    private void stepAsLeader(int from, Message message) {
        if (message instanceof Message.AppendAck m) {
            leader.onAppendAck(from, m);
        } else if (message instanceof Message.HeartbeatAck m) {
            leader.onHeartbeatAck(from, m);
        } else if (message instanceof Message.SyncAck) {
            leader.onSyncAck(from);
        } else if (message instanceof Message.SyncRequest) {
            leader.onSyncRequest(from, state.log.base());
        } else if (message instanceof Message.ForceAck m) {
            leader.flushes.onForced(from, m.id());
        } else if (message instanceof Message.GiveUpDisk m) {
            leader.change.giveUp(m.node(), m.incarnation());
        }
    }

    private void onEntries(Message.Entries m) {
        if (state.role == Role.LEADER_CANDIDATE) {
            merge.onEntries(m);
            return;
        }
        if (state.role == Role.FOLLOWER) {
            cure.onEntries(m);
        }
        if (!follower.isSyncing()) {
            repair.onEntries(m);
        } else if (state.role == Role.FOLLOWER) {
            follower.onEntries(m);
        }
    }

    // ---------------------------------------------------------------- roles

    /** The record of this entry cannot be read any more. */
    void onUnreadable(Entry read) {
        boolean syncing = follower.isSyncing();
        if (repair.onUnreadable(read)) {
            becomeFollower(state.term, 0);
        } else if (syncing) {
            // The sync counted on it.
            follower.reset();
        }
    }

    void becomeFollower(long term, int newLeader) {
        boolean led = state.role == Role.LEADER || state.role == Role.LEADER_CANDIDATE;
        if (term > state.term) {
            state.term = term;
            state.votedFor = 0;
            state.persistHardState();
        }
        state.role = Role.FOLLOWER;
        state.leader = newLeader;
        follower.reset();
        installs.reset();
        cure.reset();
        merge.abandon();
        if (led) {
            leader.stepDown();
            election.resetTimer();
        }
        state.output.stateChanged = true;
    }

    private void followLeader(int from) {
        if (state.role == Role.LEADER || state.role == Role.LEADER_CANDIDATE) {
            throw new AssertionError("invariant 1: node " + from + " leads term " + state.term + " too");
        }
        election.onLeaderContact();
        if (state.role != Role.FOLLOWER) {
            becomeFollower(state.term, from);
        }
        if (state.leader != from) {
            state.leader = from;
            state.output.stateChanged = true;
        }
    }

    void becomeLeaderIfElected() {
        if (state.role == Role.CANDIDATE) {
            // What an earlier leader wanted merged or installed must not be taken, nor acknowledged, in the new term.
            follower.reset();
            installs.reset();
            if (election.hasQuorum()) {
                startOrContinueMerge();
            }
        }
    }

    private void startOrContinueMerge() {
        boolean first = state.role == Role.CANDIDATE;
        boolean complete = merge.onVotes();
        if (first) {
            leader.startCandidacy();
        }
        if (complete) {
            leader.takeOffice(election.isOfEveryVoter());
        }
    }
}
