package io.parablock.simulator.check;

import io.parablock.raft.state.Checkpoint;
import io.parablock.raft.state.HardState;
import io.parablock.raft.state.SyncRecord;
import java.util.List;

/**
 * Hands each event on to those that listen to its kind, in one fixed order, and keeps in mind which nodes were told of. Most
 * events mean nothing to most listeners.
 */
abstract class EventFan extends Listeners implements ClusterEvents {
    static final int ALL_NODES = -1;

    private final ClusterEvents[] started = with("onStarted");
    private final ClusterEvents[] crashed = with("onCrashed");
    private final ClusterEvents[] amnesia = with("onAmnesia");
    private final ClusterEvents[] cured = with("onCured");
    private final ClusterEvents[] wiped = with("onWiped");
    private final ClusterEvents[] hardStateDurable = with("onHardStateDurable");
    private final ClusterEvents[] syncRecordDurable = with("onSyncRecordDurable");
    private final ClusterEvents[] checkpointDurable = with("onCheckpointDurable");
    private final ClusterEvents[] installBegun = with("onInstallBegun");
    private final ClusterEvents[] installPiece = with("onInstallPiece");
    private final ClusterEvents[] installPieceWritten = with("onInstallPieceWritten");
    private final ClusterEvents[] entryDurable = with("onEntryDurable");
    private final ClusterEvents[] durableTold = with("onDurableTold");
    private final ClusterEvents[] entryLost = with("onEntryLost");
    private final ClusterEvents[] forceBegun = with("onForceBegun");
    private final ClusterEvents[] forceEnded = with("onForceEnded");
    private final ClusterEvents[] truncated = with("onTruncated");
    private final ClusterEvents[] voteRequested = with("onVoteRequested");
    private final ClusterEvents[] everyVoterCampaign = with("onEveryVoterCampaign");
    private final ClusterEvents[] voteSent = with("onVoteSent");
    private final ClusterEvents[] ackSent = with("onAckSent");
    private final ClusterEvents[] syncAckSent = with("onSyncAckSent");
    private final ClusterEvents[] prefixSent = with("onPrefixSent");
    private final ClusterEvents[] syncBeginSent = with("onSyncBeginSent");
    private final ClusterEvents[] entrySent = with("onEntrySent");
    private final ClusterEvents[] installOffered = with("onInstallOffered");
    private final ClusterEvents[] installEndSent = with("onInstallEndSent");
    private final ClusterEvents[] installAckSent = with("onInstallAckSent");
    private final ClusterEvents[] leader = with("onLeader");
    private final ClusterEvents[] proposed = with("onProposed");
    private final ClusterEvents[] answered = with("onAnswered");
    private final ClusterEvents[] amnesiacMerge = with("onAmnesiacMerge");
    private final ClusterEvents[] applyStarted = with("onApplyStarted");
    private final ClusterEvents[] applied = with("onApplied");
    private final ClusterEvents[] readArrived = with("onReadArrived");
    private final ClusterEvents[] readServed = with("onReadServed");
    private final ClusterEvents[] flushArrived = with("onFlushArrived");
    private final ClusterEvents[] flushAnswered = with("onFlushAnswered");

    private int touched = ALL_NODES;

    EventFan(List<ClusterEvents> all) {
        super(all);
    }

    /** The nodes touched or told of since the last call, a bit for each id. */
    final int takeTouched() {
        int was = touched;
        touched = 0;
        return was;
    }

    /** Something of a node's memory may have changed. */
    public final void touch(int node) {
        touched |= 1 << node;
    }

    final void touchAll() {
        touched = ALL_NODES;
    }

    @Override
    public void onStarted(int node, long boot) {
        touch(node);
        for (ClusterEvents c : started) {
            c.onStarted(node, boot);
        }
    }

    @Override
    public void onCrashed(int node) {
        touch(node);
        for (ClusterEvents c : crashed) {
            c.onCrashed(node);
        }
    }

    @Override
    public void onAmnesia(int node) {
        touch(node);
        for (ClusterEvents c : amnesia) {
            c.onAmnesia(node);
        }
    }

    @Override
    public void onCured(int node) {
        touch(node);
        for (ClusterEvents c : cured) {
            c.onCured(node);
        }
    }

    @Override
    public void onWiped(int node) {
        touch(node);
        for (ClusterEvents c : wiped) {
            c.onWiped(node);
        }
    }

    @Override
    public void onHardStateDurable(int node, HardState hard) {
        touch(node);
        for (ClusterEvents c : hardStateDurable) {
            c.onHardStateDurable(node, hard);
        }
    }

    @Override
    public void onSyncRecordDurable(int node, SyncRecord record) {
        touch(node);
        for (ClusterEvents c : syncRecordDurable) {
            c.onSyncRecordDurable(node, record);
        }
    }

    @Override
    public void onCheckpointDurable(int node, Checkpoint checkpoint, boolean installed) {
        touch(node);
        for (ClusterEvents c : checkpointDurable) {
            c.onCheckpointDurable(node, checkpoint, installed);
        }
    }

    @Override
    public void onInstallBegun(int node) {
        touch(node);
        for (ClusterEvents c : installBegun) {
            c.onInstallBegun(node);
        }
    }

    @Override
    public void onInstallPiece(int node, long installId, long offsetBytes, long lengthBytes) {
        touch(node);
        for (ClusterEvents c : installPiece) {
            c.onInstallPiece(node, installId, offsetBytes, lengthBytes);
        }
    }

    @Override
    public void onInstallPieceWritten(int node, long installId, long offsetBytes, long lengthBytes) {
        touch(node);
        for (ClusterEvents c : installPieceWritten) {
            c.onInstallPieceWritten(node, installId, offsetBytes, lengthBytes);
        }
    }

    @Override
    public void onEntryDurable(int node, EntryView entry) {
        touch(node);
        for (ClusterEvents c : entryDurable) {
            c.onEntryDurable(node, entry);
        }
    }

    @Override
    public void onDurableTold(int node, long slot, long origin) {
        touch(node);
        for (ClusterEvents c : durableTold) {
            c.onDurableTold(node, slot, origin);
        }
    }

    @Override
    public void onEntryLost(int node, long slot, long origin, boolean unknown) {
        touch(node);
        for (ClusterEvents c : entryLost) {
            c.onEntryLost(node, slot, origin, unknown);
        }
    }

    @Override
    public void onForceBegun(int node, long forceId) {
        touch(node);
        for (ClusterEvents c : forceBegun) {
            c.onForceBegun(node, forceId);
        }
    }

    @Override
    public void onForceEnded(int node, long forceId) {
        touch(node);
        for (ClusterEvents c : forceEnded) {
            c.onForceEnded(node, forceId);
        }
    }

    @Override
    public void onTruncated(int node, long to) {
        touch(node);
        for (ClusterEvents c : truncated) {
            c.onTruncated(node, to);
        }
    }

    @Override
    public void onVoteRequested(int candidate, long term, long syncTerm, long contigPrefix) {
        touch(candidate);
        for (ClusterEvents c : voteRequested) {
            c.onVoteRequested(candidate, term, syncTerm, contigPrefix);
        }
    }

    @Override
    public void onEveryVoterCampaign(int candidate, long term) {
        touch(candidate);
        for (ClusterEvents c : everyVoterCampaign) {
            c.onEveryVoterCampaign(candidate, term);
        }
    }

    @Override
    public void onVoteSent(int voter, VoteReport report) {
        touch(voter);
        for (ClusterEvents c : voteSent) {
            c.onVoteSent(voter, report);
        }
    }

    @Override
    public void onAckSent(int node, long term, long first, long last) {
        touch(node);
        for (ClusterEvents c : ackSent) {
            c.onAckSent(node, term, first, last);
        }
    }

    @Override
    public void onSyncAckSent(int node, long term) {
        touch(node);
        for (ClusterEvents c : syncAckSent) {
            c.onSyncAckSent(node, term);
        }
    }

    @Override
    public void onPrefixSent(int node, long term, long prefix) {
        touch(node);
        for (ClusterEvents c : prefixSent) {
            c.onPrefixSent(node, term, prefix);
        }
    }

    @Override
    public void onSyncBeginSent(int node, long term, long m) {
        touch(node);
        for (ClusterEvents c : syncBeginSent) {
            c.onSyncBeginSent(node, term, m);
        }
    }

    @Override
    public void onEntrySent(int node, long term, EntryView entry) {
        touch(node);
        for (ClusterEvents c : entrySent) {
            c.onEntrySent(node, term, entry);
        }
    }

    @Override
    public void onInstallOffered(int node, int to, long term, long installId, Checkpoint image, long storeBytes) {
        touch(node);
        for (ClusterEvents c : installOffered) {
            c.onInstallOffered(node, to, term, installId, image, storeBytes);
        }
    }

    @Override
    public void onInstallEndSent(int node, int to, long installId, long e) {
        touch(node);
        for (ClusterEvents c : installEndSent) {
            c.onInstallEndSent(node, to, installId, e);
        }
    }

    @Override
    public void onInstallAckSent(int node, long installId, long receivedBytes, boolean done) {
        touch(node);
        for (ClusterEvents c : installAckSent) {
            c.onInstallAckSent(node, installId, receivedBytes, done);
        }
    }

    @Override
    public void onLeader(int node, long term) {
        touch(node);
        for (ClusterEvents c : leader) {
            c.onLeader(node, term);
        }
    }

    @Override
    public void onProposed(int node, long term, EntryView entry) {
        touch(node);
        for (ClusterEvents c : proposed) {
            c.onProposed(node, term, entry);
        }
    }

    @Override
    public void onAnswered(int node, EntryView entry) {
        touch(node);
        for (ClusterEvents c : answered) {
            c.onAnswered(node, entry);
        }
    }

    @Override
    public void onAmnesiacMerge(int node, long term) {
        touchAll();
        for (ClusterEvents c : amnesiacMerge) {
            c.onAmnesiacMerge(node, term);
        }
    }

    @Override
    public void onApplyStarted(int node, EntryView entry) {
        touch(node);
        for (ClusterEvents c : applyStarted) {
            c.onApplyStarted(node, entry);
        }
    }

    @Override
    public void onApplied(int node, EntryView entry) {
        touch(node);
        for (ClusterEvents c : applied) {
            c.onApplied(node, entry);
        }
    }

    @Override
    public void onReadArrived(int node, long readId, long offsetBytes, long lengthBytes) {
        touch(node);
        for (ClusterEvents c : readArrived) {
            c.onReadArrived(node, readId, offsetBytes, lengthBytes);
        }
    }

    @Override
    public void onReadServed(int node, long readId) {
        touch(node);
        for (ClusterEvents c : readServed) {
            c.onReadServed(node, readId);
        }
    }

    @Override
    public void onFlushArrived(int node, long flushId) {
        touch(node);
        for (ClusterEvents c : flushArrived) {
            c.onFlushArrived(node, flushId);
        }
    }

    @Override
    public void onFlushAnswered(int node, long flushId) {
        touch(node);
        for (ClusterEvents c : flushAnswered) {
            c.onFlushAnswered(node, flushId);
        }
    }
}
