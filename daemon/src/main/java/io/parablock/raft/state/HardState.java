package io.parablock.raft.state;

/**
 * The part of META that the core owns (protocol.md §1); durable before any message that depends on it.
 *
 * @param votedFor the node voted for in {@code term}, or 0 for none (node ids start at 1)
 */
public record HardState(long term, int votedFor, long syncTerm, long mSync) {
    /** A node that has never taken part. */
    public static final HardState FRESH = new HardState(0, 0, 0, 0);
}
