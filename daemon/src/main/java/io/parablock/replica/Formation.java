package io.parablock.replica;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Who belongs to a cluster (protocol.md §9): once, at its first start, every voter hears every other one, and each notes the
 * incarnations of all. A disk that was wiped since has another incarnation: its node stops, and nobody counts it.
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
     * @param members the incarnation of each voter; empty if this node has not formed the cluster
     */
    public record Standing(long incarnation, SortedMap<Integer, Long> members) {
        public Standing {
            members = java.util.Collections.unmodifiableSortedMap(new TreeMap<>(members));
        }

        boolean hasFormed() {
            return !members.isEmpty();
        }
    }

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
        Long named = said.members.get(self);
        return named != null && named == own.incarnation;
    }

    private Answer admission(int sender, Standing said) {
        Long known = own.members.get(sender);
        if (reusesIds) {
            return ADMITTED;
        }
        if (known == null) {
            return refusal("node " + sender + " was not there when the cluster formed; members cannot change yet");
        }
        if (known != said.incarnation) {
            return refusal("node " + sender
                    + " has a new disk (its data directory was wiped or replaced); node ids are never reused");
        }
        if (said.hasFormed() && !said.members.equals(own.members)) {
            return refusal("node " + sender + " formed its cluster with other disks than node " + self);
        }
        return ADMITTED;
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
                + " directory (replacing or adding a node needs membership changes, which are not there yet)";
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
