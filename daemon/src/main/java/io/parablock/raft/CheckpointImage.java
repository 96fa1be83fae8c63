package io.parablock.raft;

import io.parablock.raft.log.OriginRun;
import io.parablock.raft.log.OriginRuns;
import io.parablock.raft.state.Checkpoint;
import java.util.List;

/** The state at the contiguous applied prefix (protocol.md §7): for CKPT, and as the base of an install. */
final class CheckpointImage {
    private CheckpointImage() {}

    static Checkpoint of(CoreState state) {
        Checkpoint durable = state.durable;
        long a = state.apply.appliedPrefix();
        long logBase = Math.max(state.log.base(), truncatable(state, a));
        if (a == durable.a()) {
            // After an install syncTerm may be older than the origins that came with it.
            return new Checkpoint(a, durable.origins(), durable.sessions(), logBase, 0, false, durable.members());
        }
        long mSync = state.mSync;
        OriginRuns to = new OriginRuns(state.origins.upTo(Math.min(a, mSync)));
        if (a > mSync) {
            to.append(mSync + 1, a, state.syncTerm);
        }
        List<OriginRun> runs = to.upTo(a);
        return new Checkpoint(a, runs, state.appliedSessions.image(), logBase, 0, false, state.configs.checkpointed());
    }

    private static long truncatable(CoreState state, long a) {
        long below = Math.min(state.pinned, state.guards.truncateBelowFloor ? state.floor : a);
        return Math.min(state.guards.truncateBelowCheckpoint ? a : state.log.contigPrefix(), below);
    }
}
