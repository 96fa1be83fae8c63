package io.parablock.simulator.check;

import io.parablock.raft.log.Entry;
import io.parablock.raft.log.SlotRun;
import io.parablock.raft.message.Message;
import java.util.HashMap;
import java.util.Map;

/** Reads the core's messages as they leave a node, and tells what they say. */
public final class WireFeed {
    private record Campaign(int candidate, long term) {}

    private record Asked(long syncTerm, long contigPrefix) {}

    private final ClusterEvents events;
    private final Map<Campaign, Asked> asked = new HashMap<>();

    public WireFeed(ClusterEvents events) {
        this.events = events;
    }

    /** A message leaves a node, whatever becomes of it. */
    public void onSent(int from, int to, Message message) {
        if (message instanceof Message.AppendAck a) {
            onAppendAck(from, a);
        } else if (message instanceof Message.HeartbeatAck h) {
            if (h.syncTerm() == h.term()) {
                events.onSyncAckSent(from, h.term());
                events.onPrefixSent(from, h.term(), h.contigPrefix());
            }
        } else if (message instanceof Message.SyncAck a) {
            events.onSyncAckSent(from, a.term());
        } else if (message instanceof Message.Append a) {
            for (Entry e : a.entries()) {
                events.onEntrySent(from, a.term(), EntryView.of(e));
            }
        } else if (message instanceof Message.Entries a) {
            for (Entry e : a.entries()) {
                events.onEntrySent(from, 0, EntryView.of(e));
            }
        } else if (message instanceof Message.SyncBegin s) {
            events.onSyncBeginSent(from, s.term(), s.m());
        } else if (message instanceof Message.Vote v) {
            // The prefix may grow while the candidate asks again; a report covers at least what lies above the last
            // one.
            asked.put(new Campaign(from, v.term()), new Asked(v.syncTerm(), v.contigPrefix()));
            if (v.everyVoter()) {
                events.onEveryVoterCampaign(from, v.term());
            }
            events.onVoteRequested(from, v.term(), v.syncTerm(), v.contigPrefix());
        } else if (message instanceof Message.VoteReply v && v.granted()) {
            onVote(from, to, v);
        } else if (message instanceof Message.InstallBegin b) {
            events.onInstallOffered(from, to, b.term(), b.installId(), b.image(), b.storeBytes());
        } else if (message instanceof Message.InstallEnd e) {
            events.onInstallEndSent(from, to, e.installId(), e.e());
        } else if (message instanceof Message.InstallAck a) {
            events.onInstallAckSent(from, a.installId(), a.receivedBytes(), a.done());
        }
    }

    private void onAppendAck(int from, Message.AppendAck a) {
        if (!a.slots().isEmpty()) {
            events.onSyncAckSent(from, a.term());
        }
        for (SlotRun r : a.slots()) {
            events.onAckSent(from, a.term(), r.first(), r.last());
        }
        if (a.contigPrefix() > 0) {
            events.onPrefixSent(from, a.term(), a.contigPrefix());
        }
    }

    private void onVote(int voter, int candidate, Message.VoteReply v) {
        Asked question = asked.getOrDefault(new Campaign(candidate, v.term()), new Asked(-1, 0));
        events.onVoteSent(
                voter,
                new VoteReport(
                        v.term(),
                        candidate,
                        question.syncTerm(),
                        question.contigPrefix(),
                        v.syncTerm(),
                        v.mSync(),
                        v.logBase(),
                        v.appliedPrefix(),
                        v.present(),
                        v.unknown()));
    }
}
