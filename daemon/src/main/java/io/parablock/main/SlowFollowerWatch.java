package io.parablock.main;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Which followers of one group are slow, as its leader sees it. A pure state machine: time is an input. A follower is slow when
 * for long enough its acknowledgements took longer than the limit and clearly longer than the others', or it lagged too far
 * behind; it is so until for as long neither was the case.
 */
final class SlowFollowerWatch {
    /** Named limit: slow is who needs more than so many times what the others need. */
    static final int TIMES_OTHERS = 3;

    /**
     * @param limitNs {@code raft.slow_follower.limit}; 0: never
     * @param forNs {@code raft.slow_follower.for}
     * @param lagSlots {@code raft.slow_follower.lag}
     */
    record Limits(long limitNs, long forNs, long lagSlots) {}

    /**
     * A follower in the last second or so.
     *
     * @param ackNs what it took to acknowledge an entry; -1 if it was sent none
     * @param lagSlots how far its contiguous prefix is behind the leader's last slot; -1 if not known
     */
    record Figures(long ackNs, long lagSlots) {}

    /**
     * A follower has become slow, or is no more.
     *
     * @param othersNs the others' median; of a single follower the leader's own log; -1 if not known
     */
    record Change(int peer, boolean slow, Figures figures, long othersNs) {}

    private final Limits limits;
    private final Set<Integer> slow = new TreeSet<>();
    /** Since when a follower is otherwise than {@link #slow} says. */
    private final Map<Integer, Long> otherwiseSinceNs = new HashMap<>();

    SlowFollowerWatch(Limits limits) {
        this.limits = limits;
    }

    /**
     * @param nowNs monotonic
     * @param followers those that are connected, by id; none if this node does not lead
     * @param ownNs the leader's own log, -1 if not known
     */
    List<Change> next(long nowNs, Map<Integer, Figures> followers, long ownNs) {
        slow.retainAll(followers.keySet());
        otherwiseSinceNs.keySet().retainAll(followers.keySet());
        List<Change> changes = new ArrayList<>();
        if (limits.limitNs == 0) {
            return changes;
        }
        new TreeMap<>(followers).forEach((peer, f) -> {
            long others = othersNs(peer, followers, ownNs);
            boolean isSlow = (f.ackNs > limits.limitNs && others >= 0 && f.ackNs > TIMES_OTHERS * others)
                    || f.lagSlots > limits.lagSlots;
            if (isSlow == slow.contains(peer)) {
                otherwiseSinceNs.remove(peer);
                return;
            }
            long since = otherwiseSinceNs.computeIfAbsent(peer, p -> nowNs);
            if (nowNs - since >= limits.forNs) {
                otherwiseSinceNs.remove(peer);
                boolean unused = isSlow ? slow.add(peer) : slow.remove(peer);
                changes.add(new Change(peer, isSlow, f, others));
            }
        });
        return changes;
    }

    /** The lower median: one that is slow too must not hide it. */
    private static long othersNs(int peer, Map<Integer, Figures> followers, long ownNs) {
        List<Long> known = new ArrayList<>();
        followers.forEach((other, f) -> {
            if (other != peer && f.ackNs >= 0) {
                known.add(f.ackNs);
            }
        });
        if (known.isEmpty()) {
            return ownNs;
        }
        known.sort(null);
        return known.get((known.size() - 1) / 2);
    }

    /** Their ids, in order. */
    List<Integer> slow() {
        return List.copyOf(slow);
    }
}
