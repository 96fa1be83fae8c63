package io.parablock.main;

import io.parablock.events.EventKind;
import io.parablock.events.EventLog;
import io.parablock.raft.membership.Members;
import io.parablock.raft.membership.Seat;
import io.parablock.replica.Formation;
import io.parablock.replica.IdentityFile;
import io.parablock.transport.Doorkeeper;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** {@link Formation} on the node's own disk. Thread-safe; the members are durable before anything is done with them. */
final class NodeFormation implements Doorkeeper {
    private static final Formation.Answer STARTING =
            new Formation.Answer(Formation.Verdict.NOT_YET, "the node is about to start");

    private final IdentityFile file;
    private final Formation formation;
    private final EventLog events;
    private final Node.FatalHandler fatal;
    private final Map<Integer, Members> durableOf = new HashMap<>();
    private @Nullable Runnable onFormed;

    NodeFormation(IdentityFile file, List<Integer> voters, EventLog events, Node.FatalHandler fatal) {
        this.file = file;
        this.events = events;
        this.fatal = fatal;
        this.formation =
                new Formation(file.identity().nodeId(), voters, file.identity().standing());
    }

    /** @param whenFormed runs once, as soon as the cluster has formed: now, or on the thread of the hello that was missing */
    void start(Runnable whenFormed) throws IOException {
        synchronized (this) {
            onFormed = whenFormed;
            if (!formation.isFormed() && formation.isAlone()) {
                form();
            }
            if (!formation.isFormed()) {
                events.tell(EventKind.FORMATION_WAITS, 0, formation.waitsFor(), formation.waitsFor());
                return;
            }
        }
        whenFormed.run();
    }

    private void form() throws IOException {
        SortedMap<Integer, Long> members = formation.wanted();
        SortedMap<Integer, Seat> changed = formation.wantedChanges();
        file.formed(members, changed);
        formation.formed(members);
        String nodes = members.keySet().toString();
        events.tell(EventKind.CLUSTER_FORMED, 0, "the cluster has formed: nodes " + nodes, nodes);
    }

    /** Whose disks count, as far as this node knows; once it has formed. */
    synchronized Members members() {
        return formation.standing().seats();
    }

    /**
     * Of a group's log.
     *
     * @param groups how many this node has
     */
    void onMembers(int groupId, Members applied, Members durable, int groups) {
        String end;
        synchronized (this) {
            durableOf.put(groupId, durable);
            if (formation.onMembers(applied)) {
                String now = formation.standing().seats().toString();
                events.tell(EventKind.MEMBERS_CHANGED, groupId, "the members are " + now, now);
            }
            end = formation.ownEnd();
            try {
                note(groups);
            } catch (IOException e) {
                end = "the members of the cluster cannot be written: " + e.getMessage();
            }
        }
        if (!end.isEmpty()) {
            fatal.onFatal(end);
        }
    }

    /** What every group has in a checkpoint is what the next process may begin with. */
    private void note(int groups) throws IOException {
        if (durableOf.size() < groups) {
            return;
        }
        TreeMap<Integer, Seat> changed = new TreeMap<>(file.identity().changed());
        for (int node : file.identity().members().keySet()) {
            Seat least = null;
            for (Members m : durableOf.values()) {
                Seat seat = m.seat(node);
                least = least == null || seat.generation() < least.generation() ? seat : least;
            }
            Seat noted = changed.get(node);
            if (least != null && least.generation() > (noted == null ? 0 : noted.generation())) {
                changed.put(node, least);
            }
        }
        file.changed(changed);
    }

    @Override
    public synchronized Formation.Standing standing() {
        return formation.standing();
    }

    @Override
    public Formation.Answer onHello(int sender, Formation.Standing said) {
        Runnable whenFormed;
        Formation.Answer answer;
        synchronized (this) {
            whenFormed = onFormed;
            if (whenFormed == null) {
                return STARTING;
            }
            answer = formation.onHello(sender, said);
            if (answer.verdict() == Formation.Verdict.STRANGER) {
                fatal.onFatal(answer.line());
            }
            if (answer.verdict() != Formation.Verdict.FORM) {
                return answer;
            }
            try {
                form();
            } catch (IOException e) {
                String line = "the members of the cluster cannot be written: " + e.getMessage();
                fatal.onFatal(line);
                return new Formation.Answer(Formation.Verdict.REFUSE, line);
            }
            answer = formation.onHello(sender, said);
        }
        if (whenFormed != null) {
            // Without the lock: a group's full ring may wait for a thread that waits for it.
            whenFormed.run();
        }
        return answer;
    }

    @Override
    public synchronized boolean isOpen() {
        return onFormed != null && formation.isFormed();
    }

    /** What the node waits for; empty once the cluster has formed. */
    synchronized String waitsFor() {
        return formation.waitsFor();
    }
}
