package io.parablock.main;

import io.parablock.events.EventKind;
import io.parablock.events.EventLog;
import io.parablock.raft.membership.Members;
import io.parablock.replica.Recovery;
import io.parablock.replica.ReplicaEvents;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the replicas of a node tell: it becomes events, and what the node has to do about it is done. */
final class NodeEvents implements ReplicaEvents {
    private static final Logger LOG = LoggerFactory.getLogger(NodeEvents.class);
    private static final String GROUP = "group ";
    /** Named limit of the events of one recovery: a rotten disk has a note for each record. The log has the others. */
    private static final int NOTES_MAX = 8;

    /** Takes note on the disk that a replica is cured of amnesia. */
    @FunctionalInterface
    interface Cured {
        void onCured(int groupId) throws IOException;
    }

    private final int nodeId;
    private final EventLog events;
    private final IntFunction<@Nullable NodeGroup> groups;
    private final Cured disk;
    private final ElectionCounts elections;
    private final Node.FatalHandler fatal;
    private volatile MembersListener members = (groupId, applied) -> {};
    private final Map<Integer, LeadershipEvents> leaders = new ConcurrentHashMap<>();

    /** @param groups null for one that is still being made */
    NodeEvents(
            int nodeId,
            EventLog events,
            IntFunction<@Nullable NodeGroup> groups,
            Cured disk,
            ElectionCounts elections,
            Node.FatalHandler fatal) {
        this.nodeId = nodeId;
        this.events = events;
        this.groups = groups;
        this.disk = disk;
        this.elections = elections;
        this.fatal = fatal;
    }

    private NodeGroup group(int groupId) {
        return Objects.requireNonNull(groups.apply(groupId));
    }

    private LeadershipEvents leaders(int groupId) {
        return leaders.computeIfAbsent(groupId, g -> new LeadershipEvents(g, nodeId, events, System::nanoTime));
    }

    private long term(int groupId) {
        NodeGroup g = groups.apply(groupId);
        return g == null ? 0 : g.term();
    }

    /** What recovery found on the disk. */
    void onRecovered(int groupId, Recovery.Recovered recovered) {
        // From here on there is no leader.
        LeadershipEvents unused = leaders(groupId);
        elections.onGroup(groupId);
        String prefix = GROUP + groupId + ": ";
        List<String> notes = recovered.notes();
        for (int i = 0; i < notes.size(); i++) {
            String note = notes.get(i);
            if (i < NOTES_MAX || i == notes.size() - 1) {
                onEvent(groupId, note.startsWith(prefix) ? note.substring(prefix.length()) : note);
            } else {
                LOG.warn(note);
            }
        }
    }

    @Override
    public void onLeaderChanged(int groupId, int leaderNode, boolean ready) {
        elections.onLeader(groupId, leaderNode == nodeId, ready);
        leaders(groupId).onLeader(leaderNode, ready, term(groupId));
        group(groupId).onLeader(leaderNode == nodeId && !ready ? 0 : leaderNode, ready);
    }

    @Override
    public void onFatal(int groupId, String line, Throwable cause) {
        LOG.debug("fatal", cause);
        fatal.onFatal(line);
    }

    @Override
    public void onCured(int groupId) {
        try {
            disk.onCured(groupId);
        } catch (IOException e) {
            fatal.onFatal(GROUP + groupId + " is cured, and the disk does not take note: " + e.getMessage());
        }
    }

    @Override
    public void onWritesLost(int groupId) {
        tellWritesLost(events, groupId);
        group(groupId).onWritesLost();
    }

    static void tellWritesLost(EventLog events, int groupId) {
        events.tell(
                EventKind.WRITES_LOST, groupId, "answered writes that were not flushed may be lost, all sessions end");
    }

    /** Told whose disks count. */
    @FunctionalInterface
    interface MembersListener {
        void onMembers(int groupId, Members applied);
    }

    void onMembers(MembersListener listener) {
        members = listener;
    }

    @Override
    public void onMembers(int groupId, Members applied) {
        members.onMembers(groupId, applied);
    }

    @Override
    public void onDamage(int groupId, String line) {
        onEvent(groupId, line);
    }

    @Override
    public void onEvent(int groupId, String line) {
        ReplicaLines.Told told = ReplicaLines.of(line);
        elections.onEvent(groupId, told);
        Map<String, Object> fields = told.fields();
        switch (told.kind()) {
            case LEADERSHIP_LOST -> leaders(groupId).onSteppingDown(text(fields, "reason"), term(groupId));
            case READ_FAILED ->
                // As often as a client asks.
                events.tellSeldom(
                        told.kind(),
                        "group " + groupId,
                        groupId,
                        line,
                        fields.get("offset_bytes"),
                        fields.get("reason"));
            case ENTRIES_REFUSED ->
                events.tellSeldom(told.kind(), GROUP + groupId + line, groupId, line, fields.get("from"));
            case HANDOVER_BEGUN -> {
                leaders(groupId).onHandover(number(fields, "to"));
                events.tell(told.kind(), groupId, line, fields);
            }
            case HANDOVER_FAILED -> {
                leaders(groupId).onHandover(0);
                events.tell(told.kind(), groupId, line, fields);
            }
            default -> events.tell(told.kind(), groupId, line, fields);
        }
    }

    private static String text(Map<String, Object> fields, String name) {
        return String.valueOf(fields.get(name));
    }

    private static long number(Map<String, Object> fields, String name) {
        return fields.get(name) instanceof Long n ? n : 0;
    }
}
