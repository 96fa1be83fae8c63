package io.parablock.raft;

import io.parablock.raft.progress.PeerProgress;

/**
 * The highest slot that a quorum holds contiguously with this leader's origins, held back for lagging replicas up to
 * retainSlotsMax (protocol.md §7): every node may cut its log up to there.
 */
final class Floor {
    private final CoreState state;
    private final Rounds rounds;
    private final InstallSender installs;
    private boolean hasGivenUp;

    Floor(CoreState state, Rounds rounds, InstallSender installs) {
        this.state = state;
        this.rounds = rounds;
        this.installs = installs;
    }

    void compute(PeerProgress[] peers) {
        long[] held = new long[peers.length + 1];
        boolean damaged = state.guards.floorWithoutMixed && state.storeMatch.isDamaged();
        held[0] = damaged ? 0 : state.log.contigPrefix();
        long lowest = held[0];
        for (int i = 0; i < peers.length; i++) {
            boolean mixed =
                    state.guards.floorWithoutMixed && (installs.isMixed(peers[i].node()) || peers[i].installing());
            long holds = mixed ? 0 : peers[i].contigPrefix();
            held[i + 1] = rounds.counts(peers[i]) ? holds : 0;
            lowest = Math.min(lowest, holds);
        }
        long needed = Math.max(lowest, state.log.last() - state.config.retainSlotsMax());
        state.floor = Math.max(state.floor, Math.min(rounds.quorumth(held), needed));
    }

    /** At the end of a tick: nothing else is told in its place. */
    void noteGivenUp() {
        boolean givesUp = state.storeMatch.hasGivenUp();
        if (givesUp && !hasGivenUp) {
            if (state.output.event != null) {
                return;
            }
            state.output.event = "the log has grown past "
                    + state.config.install().damagePinSlotsMax()
                    + " slots (scrub.pin_slots_max) while damaged blocks wait for a copy, and is cut now: what only a node"
                    + " that is away still holds may be lost";
        }
        hasGivenUp = givesUp;
    }
}
