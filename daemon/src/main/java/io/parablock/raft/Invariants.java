package io.parablock.raft;

import io.parablock.raft.log.Entry;

/** What must hold on one node, seen from inside (protocol.md §14). */
final class Invariants {
    private Invariants() {}

    /** @throws AssertionError naming the broken one */
    static void check(CoreState state, RaftStatus status) {
        require(state.syncTerm <= state.term, 3, status);
        require(state.log.base() <= state.checkpoint, 13, status);
        require(state.checkpoint <= state.apply.appliedPrefix(), 13, status);
        require(state.apply.appliedPrefix() <= state.committed.watermark(), 9, status);
        require(state.role != Role.LEADER || state.isSynced(), 4, status);
        for (long s = state.log.base() + 1; s <= state.log.last(); s++) {
            Entry e = state.log.get(s);
            require(e == null || state.isEffective(s, e.origin()), 4, status);
            require(!state.apply.isIssued(s) || state.committed.contains(s), 9, status);
        }
    }

    private static void require(boolean holds, int invariant, RaftStatus status) {
        if (!holds) {
            throw new AssertionError("invariant " + invariant + " broken: " + status);
        }
    }
}
