package io.parablock.replica;

import io.parablock.raft.membership.Members;
import io.parablock.raft.membership.Seat;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Who belongs to a cluster (protocol.md §9): once, at its first start, every voter hears every other one, and each notes the
 * incarnations of all. A disk that was wiped since has another incarnation: its node stops, and nobody counts it, until an
 * operator gives up the disk before it. Then the node is let in as a learner, and the log says from where on it counts.
 *
 * <p>Why all voters: whoever is wiped has to hear from every member before it could count, and of each quorum that ever
 * worked a member is left that names the incarnation before. A quorum needs a majority with the same members, and an
 * incarnation forms once.
 *
 * <p>Pure; not thread-safe.
 */
public final class Formation {
    /**
     * What a node says of itself in a hello.
     *
     * @param incarnation of its disk: drawn when the data directory was new, never 0
     * @param members the incarnation of each voter when the cluster formed, the same for ever; empty if this node has not
     *     formed the cluster
     * @param changed the seats that have another disk by now, or none
     */
    public record Standing(long incarnation, SortedMap<Integer, Long> members, SortedMap<Integer, Seat> changed) {
        public Standing {
            members = Collections.unmodifiableSortedMap(new TreeMap<>(members));
            changed = Collections.unmodifiableSortedMap(new TreeMap<>(changed));
        }

        /** Nothing has changed since the cluster formed. */
        public Standing(long incarnation, SortedMap<Integer, Long> members) {
            this(incarnation, members, new TreeMap<>());
        }

        boolean hasFormed() {
            return !members.isEmpty();
        }

        /** Null for a node that was not there when the cluster formed. */
        @Nullable
        Seat seat(int node) {
            Long first = members.get(node);
            Seat now = changed.get(node);
            return now != null ? now : first == null ? null : new Seat(0, first);
        }

        /** Whose disks count; of a node that has formed. */
        public Members seats() {
            Members out = Members.founders(members);
            for (Map.Entry<Integer, Seat> e : changed.entrySet()) {
                out = out.with(e.getKey(), e.getValue());
            }
            return out;
        }

        private Standing withNewest(Members committed) {
            TreeMap<Integer, Seat> next = new TreeMap<>(changed);
            committed.seats().forEach((node, seat) -> {
                Seat known = seat(node);
                if (known != null && seat.generation() > known.generation()) {
                    next.put(node, seat);
                }
            });
            return new Standing(incarnation, members, next);
        }
    }

    /** One that a node had at some time. */
    public record Disk(int node, long incarnation) {}

    /** What is to be done about a hello. */
    public enum Verdict {
        /** The sender is a member. */
        ADMIT,
        /** The cluster has not formed: the sender is to say hello again soon. */
        NOT_YET,
        /** The sender is nobody that this node may count. */
        REFUSE,
        /** The cluster has formed with another disk in this node's place: this node stops for good. */
        STRANGER,
        /**
         * Everybody was heard: {@link #wanted} is to be made durable and told to {@link #formed}; then the same hello is to
         * be decided on again.
         */
        FORM
    }

    /** @param line the reason, for an operator; empty for ADMIT and FORM */
    public record Answer(Verdict verdict, String line) {}

    private static final Answer ADMITTED = new Answer(Verdict.ADMIT, "");
    private static final Answer TO_FORM = new Answer(Verdict.FORM, "");

    private final int self;
    private final List<Integer> voters;
    private final boolean reusesIds;
    private Standing own;
    /** A member that has this node's seat vacant: what this node joins. */
    private @Nullable Standing joined;
    /** Disks that some group's log has given up; those that this process has heard of. */
    private final Set<Disk> givenUp = new HashSet<>();
    /** The last word of each peer, while this node has not formed. */
    private final TreeMap<Integer, Standing> heard = new TreeMap<>();

    /** @param voters all of them, this node included */
    public Formation(int self, List<Integer> voters, Standing own) {
        this(self, voters, own, false);
    }

    /** @param reusesIds a disk counts whatever its incarnation is: for tests that prove the need */
    Formation(int self, List<Integer> voters, Standing own, boolean reusesIds) {
        if (!voters.contains(self)) {
            throw new IllegalArgumentException("node " + self + " is not among " + voters);
        }
        if (own.incarnation == 0) {
            throw new IllegalArgumentException("an incarnation is never 0");
        }
        this.self = self;
        this.voters = voters.stream().sorted().toList();
        this.own = own;
        this.reusesIds = reusesIds;
        noteGivenUp(own.changed);
    }

    public Standing standing() {
        return own;
    }

    public boolean isFormed() {
        return own.hasFormed();
    }

    /** A cluster of one: there is nobody to wait for. */
    public boolean isAlone() {
        return voters.size() == 1;
    }

    /** Decides on a hello of a voter other than this node. */
    public Answer onHello(int sender, Standing said) {
        if (sender == self || !voters.contains(sender)) {
            throw new IllegalArgumentException("node " + sender + " is not a peer of node " + self);
        }
        if (isFormed()) {
            return admission(sender, said);
        }
        if (said.hasFormed() && !isNamedBy(said) && !reusesIds) {
            Seat seat = said.seat(self);
            if (seat != null
                    && seat.isVacant()
                    && seat.incarnation() != own.incarnation
                    && List.copyOf(said.members.keySet()).equals(voters)) {
                joined = said;
                return TO_FORM;
            }
            return new Answer(Verdict.STRANGER, strangerLine(sender, said));
        }
        Standing before = heard.get(sender);
        boolean late =
                before != null && before.incarnation == said.incarnation && before.hasFormed() && !said.hasFormed();
        if (!late) {
            // What has formed stays so: lanes may overtake one another.
            heard.put(sender, said);
        }
        // All the same: whoever has formed may speak for those that have not, but not for those that were not heard.
        return missing().isEmpty() && misfits().isEmpty() ? TO_FORM : new Answer(Verdict.NOT_YET, waitsFor());
    }

    private boolean isNamedBy(Standing said) {
        Seat seat = said.seat(self);
        return seat != null && !seat.isVacant() && seat.incarnation() == own.incarnation;
    }

    private static @Nullable Seat newer(@Nullable Seat a, @Nullable Seat b) {
        return a == null || (b != null && b.generation() > a.generation()) ? b : a;
    }

    private Answer admission(int sender, Standing said) {
        if (reusesIds) {
            return ADMITTED;
        }
        boolean ofOneCluster = said.members.equals(own.members);
        if (ofOneCluster) {
            noteGivenUp(said.changed);
        }
        if (givenUp.contains(new Disk(sender, said.incarnation))) {
            return refusal(ofGivenUpDisk(sender));
        }
        Seat seat = own.seat(sender);
        if (seat == null) {
            return refusal("node " + sender + " was not there when the cluster formed; nodes cannot be added yet");
        }
        if (ofOneCluster) {
            // Either of the two may have missed a change.
            seat = newer(seat, said.seat(sender));
            if (isGivenUp(own, own.seat(self), newer(own.seat(self), said.seat(self)))) {
                return new Answer(Verdict.STRANGER, givenUpLine("the cluster of node " + sender));
            }
            if (said.hasFormed() && isGivenUp(said, said.seat(sender), seat)) {
                return refusal(ofGivenUpDisk(sender));
            }
        }
        boolean isSeatsDisk = seat != null && seat.incarnation() == said.incarnation;
        boolean isVacant = seat != null && seat.isVacant();
        if (isVacant && isSeatsDisk) {
            return refusal(ofGivenUpDisk(sender));
        }
        if (!isVacant && !isSeatsDisk) {
            return refusal("node " + sender
                    + " has a new disk (its data directory was wiped or replaced); it stays out until an operator gives"
                    + " up the old one: parablock node replace " + sender);
        }
        if (said.hasFormed() && !ofOneCluster) {
            return refusal("node " + sender + " formed its cluster with other disks than node " + self);
        }
        return ADMITTED;
    }

    /**
     * Also if another disk had the seat in between, and was given up too.
     *
     * @param known what the disk itself knows of its seat
     * @param now the newest account of it
     */
    private static boolean isGivenUp(Standing disk, @Nullable Seat known, @Nullable Seat now) {
        if (now == null || known == null) {
            return false;
        }
        boolean itsOwn = now.incarnation() == disk.incarnation;
        boolean wasMember = known.incarnation() == disk.incarnation && now.generation() > known.generation();
        return now.isVacant() ? itsOwn || wasMember : !itsOwn;
    }

    private static String ofGivenUpDisk(int node) {
        return "node " + node + " comes with a disk that was given up";
    }

    /** The one that had a seat when the cluster formed is gone with the seat's first change. */
    private void noteGivenUp(SortedMap<Integer, Seat> seats) {
        seats.forEach((node, seat) -> {
            Long first = own.members.get(node);
            if (seat.isVacant()) {
                givenUp.add(new Disk(node, seat.incarnation()));
            }
            if (first != null && seat.generation() > 0) {
                givenUp.add(new Disk(node, first));
            }
        });
    }

    /** Those that this process has heard of. */
    public Set<Disk> givenUp() {
        return Set.copyOf(givenUp);
    }

    private String givenUpLine(String who) {
        return "this node stops: " + who + " has given up the disk of node " + self
                + ", which counts no more, not even for what it still has. Start the node with an empty data directory";
    }

    /**
     * Committed changes, from the log of some group: of each seat the newest account counts.
     *
     * @return false if nothing is new
     */
    public boolean onMembers(Members committed) {
        noteGivenUp(committed.seats());
        Standing next = own.withNewest(committed);
        boolean isNew = isFormed() && !next.equals(own);
        if (isNew) {
            own = next;
        }
        return isNew;
    }

    /** The line of a node that has to stop because its own log says that its disk was given up; empty otherwise. */
    public String ownEnd() {
        boolean ended = isFormed() && isGivenUp(own, own.seat(self), own.seat(self));
        return ended ? givenUpLine("the cluster") : "";
    }

    private static Answer refusal(String line) {
        return new Answer(Verdict.REFUSE, line);
    }

    private String strangerLine(int sender, Standing said) {
        String what = said.members.containsKey(self)
                ? "has formed with another disk of node " + self
                        + ": the data directory of this node was wiped or replaced"
                : "has formed without node " + self;
        return "this node stops: the cluster of node " + sender + " " + what
                + ". An empty disk has forgotten its votes and its entries and must not count: restore the data"
                + " directory; or, if it is lost, give it up at another node (parablock node replace " + self
                + ") and start this one again";
    }

    /** The peers that were not heard; empty once this node has formed. */
    public List<Integer> missing() {
        List<Integer> out = new ArrayList<>();
        for (int voter : voters) {
            boolean named = reusesIds && wanted().containsKey(voter);
            if (voter != self && !heard.containsKey(voter) && !named && !isFormed()) {
                out.add(voter);
            }
        }
        return out;
    }

    /** What this node would note now: what those have noted that have formed, or else the incarnations of everybody heard. */
    public SortedMap<Integer, Long> wanted() {
        Standing told = joined;
        if (told != null) {
            return told.members;
        }
        TreeMap<Integer, Long> out = new TreeMap<>();
        heard.forEach((id, said) -> out.put(id, said.incarnation));
        for (Standing said : heard.values()) {
            if (said.hasFormed() && !reusesIds) {
                return said.members;
            }
            out.putAll(said.members);
        }
        out.put(self, own.incarnation);
        return out;
    }

    /** Beside {@link #wanted}: the changed seats, if this node joins a cluster that gave up its former disk. */
    public SortedMap<Integer, Seat> wantedChanges() {
        Standing told = joined;
        return told == null ? new TreeMap<>() : told.changed;
    }

    /** Those that have formed, if not all of them noted the same, or not the voters that this node knows. */
    private List<Integer> misfits() {
        List<Integer> formed = new ArrayList<>();
        Set<SortedMap<Integer, Long>> members = new HashSet<>();
        heard.forEach((id, said) -> {
            if (said.hasFormed()) {
                formed.add(id);
                members.add(said.members);
            }
        });
        boolean fit = members.size() <= 1
                && members.stream().allMatch(m -> List.copyOf(m.keySet()).equals(voters));
        return fit || reusesIds ? List.of() : formed;
    }

    /** One line for status and log; empty once this node has formed. */
    public String waitsFor() {
        if (isFormed()) {
            return "";
        }
        List<Integer> missing = missing();
        return missing.isEmpty()
                ? "cannot form the cluster: the members that these nodes noted do not fit: " + text(misfits())
                : "waits for node" + (missing.size() > 1 ? "s " : " ") + text(missing) + " to form the cluster";
    }

    private static String text(List<Integer> ids) {
        return ids.stream().map(String::valueOf).collect(Collectors.joining(", "));
    }

    /** The members are durable; from here on they are what this node says, and nothing changes them. */
    public void formed(SortedMap<Integer, Long> members) {
        if (isFormed()) {
            throw new IllegalStateException("node " + self + " has formed already");
        }
        Standing told = joined;
        if (told != null && members.equals(told.members)) {
            own = new Standing(own.incarnation, members, told.changed);
            noteGivenUp(told.changed);
            joined = null;
            heard.clear();
            return;
        }
        Long named = members.get(self);
        if (named == null
                || named != own.incarnation
                || !List.copyOf(members.keySet()).equals(voters)) {
            throw new IllegalArgumentException("node " + self + " cannot form with " + members);
        }
        own = new Standing(own.incarnation, members);
        heard.clear();
    }
}
