package io.parablock.health;

import io.parablock.config.NodeConfig.SlowKeys;
import io.parablock.raft.RaftStatus;
import io.parablock.raft.Role;
import io.parablock.replica.ReplicaStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntPredicate;

/** One group on this node, sample after sample. Not thread-safe. */
final class GroupWatch {
    /** Named limit: with more slots to apply than so many windows a node has a restart to get over, and not a busy disk. */
    private static final int BACKLOG_SPANS = 16;

    private final int self;
    private final int[] voters;
    private final int span;
    private final List<PeerWatch> peers = new ArrayList<>();
    private final SlowFollowerWatch followers = new SlowFollowerWatch();
    private final AssignedSlots assigned = new AssignedSlots();
    private final RateWindow held = new RateWindow();
    private final RateWindow applied = new RateWindow();
    private final RateWindow installed = new RateWindow();
    private final RateWindow cured = new RateWindow();
    private State state = State.FORMING;
    private long sinceNs;

    /** @param span raft.span */
    GroupWatch(int self, int[] voters, int span) {
        this.self = self;
        this.voters = voters.clone();
        this.span = span;
        for (int voter : voters) {
            if (voter != self) {
                peers.add(new PeerWatch(voter, span));
            }
        }
    }

    /**
     * Once a second.
     *
     * @return which followers have become slow, or are not any more
     */
    List<FollowerChange> sample(
            ReplicaStatus s, String forming, IntPredicate connected, GroupTiming timing, SlowKeys limits, long nowNs) {
        RaftStatus r = s.raft();
        if (r.role() == Role.LEADER) {
            assigned.add(nowNs, r.lastSlot());
        } else {
            assigned.clear();
        }
        held.addGrowing(nowNs, r.contigPrefix());
        applied.addGrowing(nowNs, r.appliedPrefix());
        installed.addGrowing(nowNs, r.installDoneBytes());
        cured.addGrowing(nowNs, r.contigPrefix());
        Map<Integer, SlowFollowerWatch.Figures> figures = new TreeMap<>();
        for (PeerWatch p : peers) {
            long lag = lag(r, p.id(), connected);
            p.sample(lag, nowNs);
            if (r.role() == Role.LEADER && connected.test(p.id())) {
                figures.put(
                        p.id(),
                        new SlowFollowerWatch.Figures(
                                timing.ackNs(p.id()), lag, behindNs(r, p.id(), nowNs), p.getsNearer(lag)));
            }
        }
        List<FollowerChange> changes = followers.next(s.groupId(), nowNs, figures, timing.logNs(), limits);
        State now = judge(s, forming, connected, slow(), limits, nowNs).state();
        if (now != state) {
            state = now;
            sinceNs = nowNs;
        }
        return changes;
    }

    /** Ids of the followers that are slow, in order; empty if this node does not lead. */
    List<Integer> slow() {
        return followers.slow();
    }

    private long contig(RaftStatus r, int voter) {
        for (int i = 0; i < voters.length && i < r.peerContig().length; i++) {
            if (voters[i] == voter && r.role() == Role.LEADER) {
                return r.peerContig()[i];
            }
        }
        return -1;
    }

    private long lag(RaftStatus r, int voter, IntPredicate connected) {
        long contig = contig(r, voter);
        return contig < 0 || !connected.test(voter) ? -1 : Math.max(0, r.lastSlot() - contig);
    }

    private long behindNs(RaftStatus r, int voter, long nowNs) {
        long contig = contig(r, voter);
        return contig < 0 ? 0 : assigned.behindNs(contig, nowNs);
    }

    /** @param slow what {@link #slow} said when {@code s} was read */
    GroupHealth judge(
            ReplicaStatus s, String forming, IntPredicate connected, List<Integer> slow, SlowKeys limits, long nowNs) {
        RaftStatus r = s.raft();
        List<PeerHealth> others = new ArrayList<>();
        List<Integer> away = new ArrayList<>();
        for (PeerWatch p : peers) {
            boolean up = connected.test(p.id());
            long behindNs = behindNs(r, p.id(), nowNs);
            others.add(p.judge(
                    up,
                    lag(r, p.id(), connected),
                    behindNs,
                    slow.contains(p.id()),
                    SlowFollowerWatch.isBehind(behindNs, limits)));
            if (!up) {
                away.add(p.id());
            }
        }
        List<Integer> vacant = vacant(r);
        int has = voters.length
                - away.size()
                - (int) vacant.stream().filter(v -> !away.contains(v)).count();
        int needs = voters.length / 2 + 1;
        State now = stateOf(s, forming, has >= needs, connected);
        Remaining remaining = switch (now) {
            case INSTALLING -> new Remaining(r.installTotalBytes() - r.installDoneBytes(), installed.perSecond());
            case CURING -> new Remaining(Math.max(0, r.cureTo() - r.contigPrefix()), cured.perSecond());
            case CATCHING_UP ->
                toReceive(r) > span
                        ? new Remaining(toReceive(r), held.perSecond())
                        : new Remaining(toApply(r), applied.perSecond());
            default -> Remaining.NOTHING;
        };
        String more = switch (now) {
            case STOPPED -> s.fatal();
            case FORMING -> forming;
            case NO_QUORUM -> "has " + has + " of " + voters.length + ", needs " + needs;
            case ELECTION -> "term " + r.term() + lasting(now, nowNs);
            case MERGING -> merging(r, away) + lasting(now, nowNs);
            case INSTALL_NEEDED ->
                "it lacks more than the log of " + (r.leader() == 0 ? "the leader" : "node " + r.leader()) + " holds";
            case INSTALLING -> installing(r, remaining);
            case CURING ->
                r.cureTo() == 0
                        ? "waits for the leader"
                        : r.contigPrefix() + " of " + r.cureTo() + " slots" + remaining.eta();
            case CATCHING_UP ->
                remaining.amount() + (toReceive(r) > span ? " slots behind" : " slots to apply") + remaining.eta();
            case SERVING -> (r.role() == Role.LEADER ? "leads" : "follows node " + r.leader()) + lacking(vacant);
        };
        return new GroupHealth(s.groupId(), now, now.words() + ": " + more, remaining, others);
    }

    private State stateOf(ReplicaStatus s, String forming, boolean quorum, IntPredicate connected) {
        RaftStatus r = s.raft();
        if (!s.fatal().isEmpty()) {
            return State.STOPPED;
        }
        if (!forming.isEmpty()) {
            return State.FORMING;
        }
        if (!quorum) {
            return State.NO_QUORUM;
        }
        if (r.role() == Role.LEADER) {
            return State.SERVING;
        }
        if (r.role() == Role.LEADER_CANDIDATE) {
            return State.MERGING;
        }
        boolean led = r.role() == Role.FOLLOWER && r.leader() != 0 && connected.test(r.leader());
        if (!led) {
            return State.ELECTION;
        }
        if (r.installing()) {
            return State.INSTALLING;
        }
        if (s.needsInstall()) {
            return State.INSTALL_NEEDED;
        }
        if (r.amnesiac()) {
            return State.CURING;
        }
        if (r.syncTerm() != r.term()) {
            return State.MERGING;
        }
        boolean far = toReceive(r) > span || toApply(r) > (long) BACKLOG_SPANS * span;
        return far ? State.CATCHING_UP : State.SERVING;
    }

    /** The nodes whose disk was given up, and no other one counts there yet. */
    private static List<Integer> vacant(RaftStatus r) {
        List<Integer> vacant = new ArrayList<>();
        r.members().seats().forEach((node, seat) -> {
            if (seat.isVacant()) {
                vacant.add(node);
            }
        });
        return vacant;
    }

    private String lacking(List<Integer> vacant) {
        if (vacant.isEmpty()) {
            return "";
        }
        return vacant.contains(self)
                ? ", counts for nothing yet"
                : ", " + Words.nodes(vacant) + (vacant.size() == 1 ? " is" : " are") + " vacant";
    }

    private static long toReceive(RaftStatus r) {
        return r.commitWatermark() - r.contigPrefix();
    }

    private static long toApply(RaftStatus r) {
        return r.commitWatermark() - r.appliedPrefix();
    }

    private String merging(RaftStatus r, List<Integer> away) {
        if (r.role() != Role.LEADER_CANDIDATE) {
            return "takes over the log of node " + r.leader();
        }
        // Which voter's answer settles a slot only the core knows: here it is told whom nobody can ask.
        List<Integer> asked = new ArrayList<>();
        for (int voter : voters) {
            if (voter != self && !away.contains(voter)) {
                asked.add(voter);
            }
        }
        return "term " + r.term() + ", waits for " + Words.nodes(asked)
                + (away.isEmpty() ? "" : "; " + Words.nodes(away) + (away.size() == 1 ? " is" : " are") + " away");
    }

    private static String installing(RaftStatus r, Remaining remaining) {
        return Words.bytes(r.installDoneBytes()) + " of " + Words.bytes(r.installTotalBytes())
                + (remaining.perSecond() > 0 ? ", " + Words.bytes(remaining.perSecond()) + "/s" : "")
                + remaining.eta();
    }

    private String lasting(State now, long nowNs) {
        long seconds = now == state ? (nowNs - sinceNs) / 1_000_000_000L : 0;
        return seconds < 1 ? "" : ", for " + Words.seconds(seconds);
    }
}
