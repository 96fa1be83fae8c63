package io.parablock.replica;

import io.parablock.raft.membership.Members;

/** What a replica tells its node. Called on the group's thread. */
public interface ReplicaEvents {
    /** @param leaderNode 0 when none is known; {@code ready} when this node leads and takes proposals */
    void onLeaderChanged(int groupId, int leaderNode, boolean ready);

    /** The replica has stopped for good and sends nothing any more (architecture.md decision 10). */
    void onFatal(int groupId, String line, Throwable cause);

    /** The replica's amnesia is over (protocol.md §11): what it holds is on stable storage. */
    default void onCured(int groupId) {}

    /**
     * Answered writes that were not flushed may be lost (protocol.md §11, the merge over every voter): whoever may have written
     * before gets errors from here on.
     */
    default void onWritesLost(int groupId) {}

    /**
     * Whose disks count as of the applied prefix (protocol.md §9): committed for good. Said at the start and whenever it
     * changes.
     */
    default void onMembers(int groupId, Members applied) {}

    /** A line for the operator's log: something on the replica's own disk is damaged. */
    default void onDamage(int groupId, String line) {}

    /** A line for the operator's log: elections, merges, refusals. */
    default void onEvent(int groupId, String line) {}
}
