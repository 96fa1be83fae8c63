package io.parablock.replica;

import io.parablock.raft.Output;
import io.parablock.raft.state.HardState;
import io.parablock.raft.state.RecoveredState;
import io.parablock.raft.state.SyncRecord;
import io.parablock.wal.StateStore;
import org.jspecify.annotations.Nullable;

/**
 * Makes SYNCREC and META durable before anything that depends on them leaves (protocol.md §1), and again where the disk has lost
 * them since. On the group's thread.
 */
final class HardStateWriter {
    private final Identity identity;
    private final ReplicaPorts ports;
    private final boolean mapped;
    private HardState persisted;
    /** Null if none was ever written. */
    private @Nullable SyncRecord persistedSync;

    HardStateWriter(Identity identity, ReplicaPorts ports, boolean mapped, RecoveredState recovered) {
        this.identity = identity;
        this.ports = ports;
        this.mapped = mapped;
        this.persisted = recovered.hardState();
        this.persistedSync = recovered.syncRecord();
    }

    /** SYNCREC, then META; both are durable when this returns. */
    void persist(Output out) {
        if (out.syncRecord != null) {
            if (mapped) {
                // The merged entries are forced in this mode too (protocol.md §11).
                ports.wal().forceAndWait();
            }
            ports.state().saveSyncRecord(StateCodec.encodeSyncRecord(out.syncRecord));
            persistedSync = out.syncRecord;
            out.syncRecord = null;
        }
        HardState hard = out.hardState;
        if (hard != null) {
            if (hard.term() < persisted.term() || hard.syncTerm() < persisted.syncTerm()) {
                throw new AssertionError("the hard state goes back from " + persisted + " to " + hard);
            }
            ports.state().saveMeta(StateCodec.encodeMeta(identity, hard));
            persisted = hard;
            out.hardState = null;
        }
    }

    /**
     * Writes META or SYNCREC again as they are in force. What this process has made durable last, or found at its start, is what
     * the disk should have: nothing newer was ever promised, so this takes nothing back. Not for a replica whose start could not
     * read them.
     */
    void writeAgain(StateStore.Part part) {
        SyncRecord sync = persistedSync;
        if (part == StateStore.Part.META) {
            ports.state().saveMeta(StateCodec.encodeMeta(identity, persisted));
        } else if (part == StateStore.Part.SYNC_RECORD && sync != null) {
            ports.state().saveSyncRecord(StateCodec.encodeSyncRecord(sync));
        }
    }
}
