package io.parablock.raft;

import io.parablock.raft.log.Entry;
import org.jspecify.annotations.Nullable;

/**
 * When one node's block store may be mended with what another one's holds (protocol.md §12 Scrub; docs/protocol.md, "Repair
 * of blocks"): both count their slots in the log of the same sync term, and no slot that one of the two stores may lack
 * touches the range. Then both hold the same there.
 *
 * <pre>
 *   slots     1 ......... lower applied prefix | ............ higher reach | .....
 *             in both stores                   | known here, none of them  | in neither
 *                                              | touches the range         |
 * </pre>
 */
final class StoreMatch {
    /** Slots looked at for one piece; a store further behind is no source. */
    static final long SLOTS_MAX = 1 << 16;

    private final CoreState state;
    /** What an earlier process of this node may have applied lies at or below it. */
    private long settledFrom;
    /** Blocks wait for another store's copy. */
    private boolean pending;

    StoreMatch(CoreState state) {
        this.state = state;
        this.settledFrom = state.log.last();
    }

    /** What was applied was committed, so the merged log has it. */
    void onAdopted(long m) {
        settledFrom = Math.min(settledFrom, m);
    }

    /** Nothing of an earlier process is left in the store; the end of the install bounds what came with it. */
    void onInstalled() {
        settledFrom = 0;
    }

    /** The cure covers whatever was assigned, and with it what was applied. */
    void onCured() {
        settledFrom = Math.max(settledFrom, state.log.last());
    }

    private boolean isWhole() {
        return state.isReadable()
                && !state.isAboutToInstall()
                && !state.needsInstall
                && !state.mustReinstall
                && !state.amnesiac
                && state.curable;
    }

    void pending(boolean blocksPending) {
        pending = blocksPending;
    }

    /**
     * Such a store holds nothing for the floor: an install from it would take the place of a good copy that lags behind. For
     * ever only as long as the log does not grow past its limit.
     */
    boolean isDamaged() {
        return pending && !isLogTooLong();
    }

    /** The log is cut although blocks wait for a copy, which a node that lags behind may have had. */
    boolean hasGivenUp() {
        return pending && isLogTooLong();
    }

    private boolean isLogTooLong() {
        return state.apply.appliedPrefix() - state.log.base()
                > state.config.install().damagePinSlotsMax();
    }

    /** What the store holds now; null while nobody can tell. */
    @Nullable
    StorePoint point() {
        long applied = state.apply.appliedPrefix();
        return isWhole() && applied >= settledFrom
                ? new StorePoint(state.syncTerm, applied, Math.max(applied, state.apply.issuedHighest()))
                : null;
    }

    /** Whether the own store may be mended at all now. */
    boolean mayMend() {
        return isWhole();
    }

    /**
     * Whether the other store holds in this range what this one has to hold once everything that was issued is applied.
     *
     * @param other true of the other store all the while that the range was read
     */
    boolean matches(StorePoint other, long offsetBytes, long lengthBytes) {
        if (!state.guards.repairMatched) {
            return true;
        }
        if (!isWhole() || other.syncTerm() != state.syncTerm || other.reach() < other.applied()) {
            return false;
        }
        long from = Math.min(other.applied(), state.apply.appliedPrefix());
        long to = Math.max(other.reach(), state.apply.issuedHighest());
        if (to - from > SLOTS_MAX) {
            return false;
        }
        for (long slot = from + 1; slot <= to; slot++) {
            boolean inBoth = slot <= other.applied() && state.apply.isApplied(slot);
            if (!inBoth && mayTouch(slot, offsetBytes, lengthBytes)) {
                return false;
            }
        }
        return true;
    }

    private boolean mayTouch(long slot, long offsetBytes, long lengthBytes) {
        Entry e = state.log.get(slot);
        if (e == null) {
            return true;
        }
        return switch (e.kind()) {
            case WRITE, ZERO, TRIM ->
                e.offsetBytes() < offsetBytes + lengthBytes && offsetBytes < e.offsetBytes() + e.lengthBytes();
            case NOOP, CONFIG, SESSION -> false;
        };
    }
}
