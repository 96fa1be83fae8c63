package io.parablock.raft;

import java.util.Arrays;

/** Who has acknowledged what in the leader's term (protocol.md §5): the merged log, and each slot above it. */
final class AckMap {
    private final int[] voters;
    private final int quorum;
    private final int mask;
    /** A bit per voter, by slot. */
    private final int[] ackedBy;

    private int syncedBy;

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
        return Integer.bitCount(ackedBy[(int) slot & mask]) >= quorum;
    }

    /** @return true if it is new */
    boolean addSync(int node) {
        int before = syncedBy;
        syncedBy |= bitOf(node);
        return syncedBy != before;
    }

    boolean isSyncQuorum() {
        return Integer.bitCount(syncedBy) >= quorum;
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
