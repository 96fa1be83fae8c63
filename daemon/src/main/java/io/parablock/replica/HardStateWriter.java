package io.parablock.replica;

import io.parablock.raft.Output;
import io.parablock.raft.state.HardState;

/** Makes SYNCREC and META durable before anything that depends on them leaves (protocol.md §1). On the group's thread. */
final class HardStateWriter {
    private final Identity identity;
    private final ReplicaPorts ports;
    private final boolean mapped;
    private HardState persisted;

    HardStateWriter(Identity identity, ReplicaPorts ports, boolean mapped, HardState recovered) {
        this.identity = identity;
        this.ports = ports;
        this.mapped = mapped;
        this.persisted = recovered;
    }

    /** SYNCREC, then META; both are durable when this returns. */
    void persist(Output out) {
        if (out.syncRecord != null) {
            if (mapped) {
                // The merged entries are forced in this mode too (protocol.md §11).
                ports.wal().forceAndWait();
            }
            ports.state().saveSyncRecord(StateCodec.encodeSyncRecord(out.syncRecord));
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
}
