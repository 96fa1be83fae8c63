package io.parablock.raft;

import io.parablock.raft.membership.Members;
import java.util.Arrays;

/** Who has acknowledged what in the leader's term (protocol.md §5): the merged log, and each slot above it. */
final class AckMap {
    private final int[] voters;
    private final int quorum;
    private final int mask;
    /** A bit per voter, by slot. */
    private final int[] ackedBy;

    private int syncedBy;
    /** The bits of those whose acknowledgements count. */
    private int counted = -1;

    /** @param window slots, a power of two */
    AckMap(int[] voters, int quorum, int window) {
        this.voters = voters;
        this.quorum = quorum;
        this.mask = window - 1;
        this.ackedBy = new int[window];
    }

    private int bitOf(int node) {
        return 1 << Arrays.binarySearch(voters, node);
    }

    /**
     * From now on only what the taken seats say counts, whatever was acknowledged before (protocol.md §9).
     *
     * @param learnersToo in a mutation test
     */
    void count(Members members, boolean learnersToo) {
        counted = learnersToo ? -1 : 0;
        for (int voter : voters) {
            counted |= members.isTaken(voter) ? bitOf(voter) : 0;
        }
    }

    void clear() {
        Arrays.fill(ackedBy, 0);
        syncedBy = 0;
    }

    /** The slot is assigned now. */
    void open(long slot) {
        ackedBy[(int) slot & mask] = 0;
    }

    /** @return true if a quorum has acknowledged the slot */
    boolean add(long slot, int node) {
        ackedBy[(int) slot & mask] |= bitOf(node);
        return isQuorum(slot);
    }

    boolean isQuorum(long slot) {
        return Integer.bitCount(ackedBy[(int) slot & mask] & counted) >= quorum;
    }

    /** @return true if it is new */
    boolean addSync(int node) {
        int before = syncedBy;
        syncedBy |= bitOf(node);
        return syncedBy != before;
    }

    boolean isSyncQuorum() {
        return Integer.bitCount(syncedBy & counted) >= quorum;
    }

    /** What the node acknowledged counts no more. */
    void forget(int node) {
        int others = ~bitOf(node);
        syncedBy &= others;
        for (int i = 0; i < ackedBy.length; i++) {
            ackedBy[i] &= others;
        }
    }
}
