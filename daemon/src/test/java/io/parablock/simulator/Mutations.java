package io.parablock.simulator;

import io.parablock.raft.Mutation;
import io.parablock.replica.FormationMutation;
import io.parablock.simulator.disk.DiskMutation;

/** What is taken away from the parts of a run, to prove that a checker sees its absence. */
record Mutations(Mutation core, FormationMutation formation, DiskMutation disk) {
    static final Mutations NONE = new Mutations(Mutation.NONE, FormationMutation.NONE, DiskMutation.NONE);

    /** What a node's disk is known by: its id alone, where ids are used again. */
    long incarnationOf(SimulatedNode n) {
        return formation == FormationMutation.NONE ? n.disk().standing().incarnation() : n.id();
    }

    static Mutations of(Mutation core) {
        return new Mutations(core, FormationMutation.NONE, DiskMutation.NONE);
    }

    static Mutations of(FormationMutation formation) {
        return new Mutations(Mutation.NONE, formation, DiskMutation.NONE);
    }

    static Mutations of(DiskMutation disk) {
        return new Mutations(Mutation.NONE, FormationMutation.NONE, disk);
    }
}
