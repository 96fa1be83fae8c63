package io.parablock.simulator.check;

import io.parablock.raft.state.Checkpoint;
import io.parablock.raft.state.HardState;
import io.parablock.raft.state.SyncRecord;
import java.util.List;

/** All the checkers of a cluster behind one ear. Call {@link #afterEvent} after every event of the simulation. */
public final class CheckerSuite implements ClusterEvents {
    private final ClusterView view;
    private final long scanEvery;
    private final Ledger ledger;
    private final List<Checker> checkers;
    private long events;

    /** @param scanEvery a full look after so many events */
    public CheckerSuite(Shape shape, ClusterView view, long scanEvery) {
        this.view = view;
        this.scanEvery = scanEvery;
        this.ledger = new Ledger(shape, view);
        this.checkers = List.of(
                new ElectionChecker(ledger),
                new IdentityChecker(ledger),
                new SyncChecker(ledger),
                new CommitChecker(ledger),
                new ConfigChecker(ledger),
                new NoopChecker(ledger),
                new LookBehindChecker(ledger),
                new ApplyChecker(ledger),
                new DeviceChecker(ledger, view),
                new ReadChecker(ledger),
                new TruncationChecker(ledger),
                new InstallChecker(ledger),
                new DedupeChecker(ledger),
                new DurabilityChecker(ledger),
                new FlushChecker(ledger),
                new AmnesiaChecker(ledger),
                new ReplicaEqualityChecker(ledger));
    }

    Ledger ledger() {
        return ledger;
    }

    public void afterEvent() {
        for (Checker c : checkers) {
            c.onEvent(view);
        }
        if (++events % scanEvery == 0) {
            checkers.forEach(c -> c.scan(view));
        }
    }

    /** Faults have stopped, everything is answered, nothing is in flight. */
    public void atQuiescence() {
        for (Checker c : checkers) {
            c.onEvent(view);
            c.scan(view);
            c.atQuiescence(view);
        }
    }

    /** The slots of which a quorum has acknowledged a value. */
    public long committedSlots() {
        long count = 0;
        for (long s = 1; s <= ledger.lastCommitted(); s++) {
            count += ledger.committed(s) == null ? 0 : 1;
        }
        return count;
    }

    @Override
    public void onStarted(int node, long boot) {
        ledger.onStarted(node, boot);
        for (Checker c : checkers) {
            c.onStarted(node, boot);
        }
    }

    @Override
    public void onCrashed(int node) {
        ledger.onCrashed(node);
        for (Checker c : checkers) {
            c.onCrashed(node);
        }
    }

    @Override
    public void onAmnesia(int node) {
        for (Checker c : checkers) {
            c.onAmnesia(node);
        }
    }

    @Override
    public void onCured(int node) {
        for (Checker c : checkers) {
            c.onCured(node);
        }
    }

    @Override
    public void onWiped(int node) {
        ledger.onWiped(node);
        for (Checker c : checkers) {
            c.onWiped(node);
        }
    }

    @Override
    public void onHardStateDurable(int node, HardState hard) {
        ledger.onHardStateDurable(node, hard);
        for (Checker c : checkers) {
            c.onHardStateDurable(node, hard);
        }
    }

    @Override
    public void onSyncRecordDurable(int node, SyncRecord record) {
        ledger.onSyncRecordDurable(node, record);
        for (Checker c : checkers) {
            c.onSyncRecordDurable(node, record);
        }
    }

    @Override
    public void onCheckpointDurable(int node, Checkpoint checkpoint, boolean installed) {
        ledger.onCheckpointDurable(node, checkpoint, installed);
        for (Checker c : checkers) {
            c.onCheckpointDurable(node, checkpoint, installed);
        }
    }

    @Override
    public void onInstallBegun(int node) {
        ledger.onInstallBegun(node);
        for (Checker c : checkers) {
            c.onInstallBegun(node);
        }
    }

    @Override
    public void onInstallPiece(int node, long installId, long offsetBytes, long lengthBytes) {
        ledger.onInstallPiece(node, installId, offsetBytes, lengthBytes);
        for (Checker c : checkers) {
            c.onInstallPiece(node, installId, offsetBytes, lengthBytes);
        }
    }

    @Override
    public void onInstallPieceWritten(int node, long installId, long offsetBytes, long lengthBytes) {
        ledger.onInstallPieceWritten(node, installId, offsetBytes, lengthBytes);
        for (Checker c : checkers) {
            c.onInstallPieceWritten(node, installId, offsetBytes, lengthBytes);
        }
    }

    @Override
    public void onEntryDurable(int node, EntryView entry) {
        ledger.onEntryDurable(node, entry);
        for (Checker c : checkers) {
            c.onEntryDurable(node, entry);
        }
    }

    @Override
    public void onDurableTold(int node, long slot, long origin) {
        ledger.onDurableTold(node, slot, origin);
        for (Checker c : checkers) {
            c.onDurableTold(node, slot, origin);
        }
    }

    @Override
    public void onEntryLost(int node, long slot, long origin, boolean unknown) {
        ledger.onEntryLost(node, slot, origin, unknown);
        for (Checker c : checkers) {
            c.onEntryLost(node, slot, origin, unknown);
        }
    }

    @Override
    public void onForceBegun(int node, long forceId) {
        ledger.onForceBegun(node, forceId);
        for (Checker c : checkers) {
            c.onForceBegun(node, forceId);
        }
    }

    @Override
    public void onForceEnded(int node, long forceId) {
        ledger.onForceEnded(node, forceId);
        for (Checker c : checkers) {
            c.onForceEnded(node, forceId);
        }
    }

    @Override
    public void onTruncated(int node, long to) {
        ledger.onTruncated(node, to);
        for (Checker c : checkers) {
            c.onTruncated(node, to);
        }
    }

    @Override
    public void onVoteRequested(int candidate, long term, long syncTerm, long contigPrefix) {
        ledger.onVoteRequested(candidate, term, syncTerm, contigPrefix);
        for (Checker c : checkers) {
            c.onVoteRequested(candidate, term, syncTerm, contigPrefix);
        }
    }

    @Override
    public void onVoteSent(int voter, VoteReport report) {
        ledger.onVoteSent(voter, report);
        for (Checker c : checkers) {
            c.onVoteSent(voter, report);
        }
    }

    @Override
    public void onAckSent(int node, long term, long first, long last) {
        ledger.onAckSent(node, term, first, last);
        for (Checker c : checkers) {
            c.onAckSent(node, term, first, last);
        }
    }

    @Override
    public void onSyncAckSent(int node, long term) {
        ledger.onSyncAckSent(node, term);
        for (Checker c : checkers) {
            c.onSyncAckSent(node, term);
        }
    }

    @Override
    public void onPrefixSent(int node, long term, long prefix) {
        ledger.onPrefixSent(node, term, prefix);
        for (Checker c : checkers) {
            c.onPrefixSent(node, term, prefix);
        }
    }

    @Override
    public void onSyncBeginSent(int node, long term, long m) {
        ledger.onSyncBeginSent(node, term, m);
        for (Checker c : checkers) {
            c.onSyncBeginSent(node, term, m);
        }
    }

    @Override
    public void onEntrySent(int node, long term, EntryView entry) {
        ledger.onEntrySent(node, term, entry);
        for (Checker c : checkers) {
            c.onEntrySent(node, term, entry);
        }
    }

    @Override
    public void onInstallOffered(int node, int to, long installId, Checkpoint image, long storeBytes) {
        ledger.onInstallOffered(node, to, installId, image, storeBytes);
        for (Checker c : checkers) {
            c.onInstallOffered(node, to, installId, image, storeBytes);
        }
    }

    @Override
    public void onInstallEndSent(int node, int to, long installId, long e) {
        ledger.onInstallEndSent(node, to, installId, e);
        for (Checker c : checkers) {
            c.onInstallEndSent(node, to, installId, e);
        }
    }

    @Override
    public void onInstallAckSent(int node, long installId, long receivedBytes, boolean done) {
        ledger.onInstallAckSent(node, installId, receivedBytes, done);
        for (Checker c : checkers) {
            c.onInstallAckSent(node, installId, receivedBytes, done);
        }
    }

    @Override
    public void onLeader(int node, long term) {
        ledger.onLeader(node, term);
        for (Checker c : checkers) {
            c.onLeader(node, term);
        }
    }

    @Override
    public void onProposed(int node, long term, EntryView entry) {
        ledger.onProposed(node, term, entry);
        for (Checker c : checkers) {
            c.onProposed(node, term, entry);
        }
    }

    @Override
    public void onAnswered(int node, EntryView entry) {
        ledger.onAnswered(node, entry);
        for (Checker c : checkers) {
            c.onAnswered(node, entry);
        }
    }

    @Override
    public void onAmnesiacMerge(int node, long term) {
        ledger.onAmnesiacMerge(node, term);
        for (Checker c : checkers) {
            c.onAmnesiacMerge(node, term);
        }
    }

    @Override
    public void onApplyStarted(int node, EntryView entry) {
        ledger.onApplyStarted(node, entry);
        for (Checker c : checkers) {
            c.onApplyStarted(node, entry);
        }
    }

    @Override
    public void onApplied(int node, EntryView entry) {
        ledger.onApplied(node, entry);
        for (Checker c : checkers) {
            c.onApplied(node, entry);
        }
    }

    @Override
    public void onReadArrived(int node, long readId, long offsetBytes, long lengthBytes) {
        ledger.onReadArrived(node, readId, offsetBytes, lengthBytes);
        for (Checker c : checkers) {
            c.onReadArrived(node, readId, offsetBytes, lengthBytes);
        }
    }

    @Override
    public void onReadServed(int node, long readId) {
        ledger.onReadServed(node, readId);
        for (Checker c : checkers) {
            c.onReadServed(node, readId);
        }
    }

    @Override
    public void onFlushArrived(int node, long flushId) {
        ledger.onFlushArrived(node, flushId);
        for (Checker c : checkers) {
            c.onFlushArrived(node, flushId);
        }
    }

    @Override
    public void onFlushAnswered(int node, long flushId) {
        ledger.onFlushAnswered(node, flushId);
        for (Checker c : checkers) {
            c.onFlushAnswered(node, flushId);
        }
    }
}
