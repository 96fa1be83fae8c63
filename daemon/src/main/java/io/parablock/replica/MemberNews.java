package io.parablock.replica;

import io.parablock.raft.RaftNode;
import io.parablock.raft.membership.Members;
import org.jspecify.annotations.Nullable;

/** Tells the node whose disks count, and gets a committed change into a checkpoint soon (protocol.md §9). */
final class MemberNews {
    private final int groupId;
    private final RaftNode core;
    private final Checkpointer checkpointer;
    private final ReplicaEvents events;
    private @Nullable Members told;

    MemberNews(int groupId, RaftNode core, Checkpointer checkpointer, ReplicaEvents events) {
        this.groupId = groupId;
        this.core = core;
        this.checkpointer = checkpointer;
        this.events = events;
    }

    void tick() {
        Members applied = core.appliedMembers();
        if (!applied.equals(told)) {
            told = applied;
            if (core.hasUnsavedMembers()) {
                checkpointer.writeAgain();
            }
            events.onMembers(groupId, applied);
        }
    }
}
