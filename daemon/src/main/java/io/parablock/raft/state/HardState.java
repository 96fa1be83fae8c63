package io.parablock.raft.state;

/**
 * The part of META that the core owns (protocol.md §1); durable before any message that depends on it.
 *
 * @param votedFor the node voted for in {@code term}, or 0 for none (node ids start at 1)
 * @param suspect it voted for a merge over every voter (protocol.md §11), so another node's block store may be the one that
 *     counts: no ordinary vote and no acknowledgement before an install and the cure
 */
public record HardState(long term, int votedFor, long syncTerm, long mSync, boolean suspect) {
    /** Of a node whose block store is in no doubt. */
    public HardState(long term, int votedFor, long syncTerm, long mSync) {
        this(term, votedFor, syncTerm, mSync, false);
    }

    /** A node that has never taken part. */
    public static final HardState FRESH = new HardState(0, 0, 0, 0);
}
