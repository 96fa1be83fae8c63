package io.parablock.replica;

import io.parablock.raft.RaftNode;

/** Lets the simulator look at a replica's core without a way in for anybody else. */
public final class ReplicaInside {
    private ReplicaInside() {}

    public static RaftNode core(Replica replica) {
        return replica.core();
    }
}
