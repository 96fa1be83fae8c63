package io.parablock.metrics;

import io.parablock.raft.membership.Members;
import io.parablock.replica.ReplicaEvents;

/** Tells {@link WriteStages} who leads. */
final class MeasuredEvents implements ReplicaEvents {
    private final ReplicaEvents events;
    private final WriteStages writes;

    MeasuredEvents(ReplicaEvents events, WriteStages writes) {
        this.events = events;
        this.writes = writes;
    }

    @Override
    public void onLeaderChanged(int groupId, int leaderNode, boolean ready) {
        writes.onLeaderChanged(leaderNode, ready);
        events.onLeaderChanged(groupId, leaderNode, ready);
    }

    @Override
    public void onFatal(int groupId, String line, Throwable cause) {
        events.onFatal(groupId, line, cause);
    }

    @Override
    public void onMembers(int groupId, Members applied) {
        events.onMembers(groupId, applied);
    }

    @Override
    public void onCured(int groupId) {
        events.onCured(groupId);
    }

    @Override
    public void onWritesLost(int groupId) {
        events.onWritesLost(groupId);
    }

    @Override
    public void onDamage(int groupId, String line) {
        events.onDamage(groupId, line);
    }

    @Override
    public void onEvent(int groupId, String line) {
        events.onEvent(groupId, line);
    }
}
