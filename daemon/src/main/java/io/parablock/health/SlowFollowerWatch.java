package io.parablock.health;

import io.parablock.config.NodeConfig.SlowKeys;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Which followers of one group are slow, as its leader sees it. A pure state machine: time is an input. A follower is slow when
 * for {@code raft.slow_follower.for} its acknowledgements took longer than {@code .limit} and clearly longer than the others',
 * or it lacked for longer than {@code .behind} what the leader had assigned, and came no nearer; it is so until for as long
 * neither was the case. Not thread-safe.
 */
final class SlowFollowerWatch {
    /** Named limit: slow is who needs more than so many times what the others need. */
    static final int TIMES_OTHERS = 3;

    /**
     * A follower in the last second or so.
     *
     * @param ackNs what it took to acknowledge an entry; -1 if it was sent none
     * @param lagSlots how far its contiguous prefix is behind the leader's last slot; -1 if not known
     * @param behindNs for so long at least it has lacked the next slot; 0 if not known
     * @param nearer its distance becomes less: it catches up
     */
    record Figures(long ackNs, long lagSlots, long behindNs, boolean nearer) {}

    private final Set<Integer> slow = new TreeSet<>();
    /** Since when a follower is otherwise than {@link #slow} says. */
    private final Map<Integer, Long> otherwiseSinceNs = new HashMap<>();

    /**
     * @param nowNs monotonic
     * @param followers those that are connected, by id; none if this node does not lead
     * @param ownNs the leader's own log, -1 if not known
     * @return who has become slow, or is not any more
     */
    List<FollowerChange> next(int group, long nowNs, Map<Integer, Figures> followers, long ownNs, SlowKeys limits) {
        slow.retainAll(followers.keySet());
        otherwiseSinceNs.keySet().retainAll(followers.keySet());
        List<FollowerChange> changes = new ArrayList<>();
        new TreeMap<>(followers).forEach((peer, f) -> {
            long others = othersNs(peer, followers, ownNs);
            boolean isSlow = acknowledgesLate(f, others, limits) || isBehind(f, limits);
            if (isSlow == slow.contains(peer)) {
                otherwiseSinceNs.remove(peer);
                return;
            }
            long since = otherwiseSinceNs.computeIfAbsent(peer, p -> nowNs);
            if (nowNs - since >= limits.followerForNs()) {
                otherwiseSinceNs.remove(peer);
                boolean unused = isSlow ? slow.add(peer) : slow.remove(peer);
                changes.add(new FollowerChange(group, peer, isSlow, f.ackNs, others, f.lagSlots, f.behindNs));
            }
        });
        return changes;
    }

    private static boolean acknowledgesLate(Figures f, long othersNs, SlowKeys limits) {
        long limitNs = limits.followerLimitNs();
        return limitNs > 0 && f.ackNs > limitNs && othersNs >= 0 && f.ackNs > TIMES_OTHERS * othersNs;
    }

    private static boolean isBehind(Figures f, SlowKeys limits) {
        return isBehind(f.behindNs, limits) && !f.nearer;
    }

    /** By time alone. */
    static boolean isBehind(long behindNs, SlowKeys limits) {
        return limits.followerBehindNs() > 0 && behindNs > limits.followerBehindNs();
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
