package io.parablock.main;

import io.parablock.events.EventKind;
import io.parablock.events.EventLog;
import io.parablock.raft.membership.Members;
import io.parablock.raft.membership.Seat;
import io.parablock.replica.Formation;
import io.parablock.replica.IdentityFile;
import io.parablock.transport.Doorkeeper;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/** {@link Formation} on the node's own disk. Thread-safe; the members are durable before anything is done with them. */
final class NodeFormation implements Doorkeeper {
    private static final Formation.Answer STARTING =
            new Formation.Answer(Formation.Verdict.NOT_YET, "the node is about to start");

    private final IdentityFile file;
    private final Formation formation;
    private final EventLog events;
    private final Node.FatalHandler fatal;
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

    /** The disks with which the cluster formed; once it has. */
    synchronized Members founders() {
        return Members.founders(formation.standing().members());
    }

    /** Whose disks count, as far as this node knows; null before the cluster has formed. */
    synchronized @Nullable Members members() {
        return formation.isFormed() ? formation.standing().seats() : null;
    }

    /** Those that an operator has given up, as far as this node knows. */
    synchronized Set<Formation.Disk> givenUp() {
        return formation.givenUp();
    }

    /** Of a group's log, committed: durable here before the next process says hello. */
    void onMembers(int groupId, Members applied) {
        String end;
        synchronized (this) {
            boolean isNew = formation.onMembers(applied);
            end = formation.ownEnd();
            if (isNew) {
                String now = formation.standing().seats().toString();
                events.tell(EventKind.MEMBERS_CHANGED, groupId, "the members are " + now, now);
                try {
                    file.changed(formation.standing().changed());
                } catch (IOException e) {
                    end = "the members of the cluster cannot be written: " + e.getMessage();
                }
            }
        }
        if (!end.isEmpty()) {
            fatal.onFatal(end);
        }
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
