package io.parablock.raft;

import io.parablock.raft.log.Entry;

/** Invariants that can be checked on one node (protocol.md §14). */
final class CoreInvariants {
    private final CoreState state;

    CoreInvariants(CoreState state) {
        this.state = state;
    }

    /** @return the number of the first one that is broken, or 0 */
    int firstBroken() {
        if (state.syncTerm > state.term) {
            return 3;
        }
        if (state.log.base() > state.checkpoint || state.checkpoint > state.apply.appliedPrefix()) {
            return 13;
        }
        if (state.apply.appliedPrefix() > state.committed.watermark()) {
            return 9;
        }
        if (state.role == Role.LEADER && !state.isSynced()) {
            return 4;
        }
        for (long s = state.log.base() + 1; s <= state.log.last(); s++) {
            Entry e = state.log.get(s);
            if (e != null && !state.isEffective(s, e.origin())) {
                return 4;
            }
            if (state.apply.isIssued(s) && !state.committed.contains(s)) {
                return 9;
            }
        }
        return 0;
    }
}
