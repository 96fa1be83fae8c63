package io.parablock.replica;

import io.parablock.raft.RaftConfig;
import io.parablock.raft.RaftNode;
import io.parablock.raft.log.Entry;
import io.parablock.raft.state.RecoveredState;

/** Lets the simulator look at a replica's core without a way in for anybody else. */
public final class ReplicaInside {
    private ReplicaInside() {}

    /** A replica on a core of the caller's. */
    public static Replica replica(
            RaftConfig raftConfig,
            ReplicaConfig config,
            Identity identity,
            RecoveredState recovered,
            ReplicaPorts ports,
            RaftNode core) {
        return new Replica(raftConfig, config, identity, recovered, ports, core);
    }

    public static RaftNode core(Replica replica) {
        return replica.core();
    }

    /** The block store's damage. */
    public static ReplicaStatus.Blocks blocks(Replica replica) {
        return replica.status().blocks();
    }

    /** What goes through the apply stage are blocks mended with a peer's, not an entry of the log. */
    public static boolean isMended(Entry e) {
        return BlockRepair.isPiece(e);
    }

    /** What goes through the apply stage is a piece of an install, not an entry of the log. */
    public static boolean isPiece(Entry e) {
        return InstallFlow.isPiece(e);
    }
}
