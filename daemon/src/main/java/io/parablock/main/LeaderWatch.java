package io.parablock.main;

import io.parablock.config.NodeConfig;
import io.parablock.events.EventKind;
import io.parablock.events.EventLog;
import io.parablock.health.GroupTiming;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Whether this node should lead on, of each group: a log or an event loop that is slow for long enough makes it hand over. Takes
 * the timings of a second, which others judge followers by. All but {@link #onLoopDelay} on one thread.
 *
 * <pre>
 *   WalLatency, AckLatency, loop delay ──► SlowLeaderWatch ──► hand-over, events
 * </pre>
 */
final class LeaderWatch {
    private static final long NS_PER_MS = 1_000_000;

    /** One group, and what is known of it from second to second. */
    private record Watched(NodeGroup group, SlowLeaderWatch leader) {}

    private final NodeConfig config;
    private final EventLog events;
    private final WalLatency log;
    private final AckLatency acks;
    private final IntPredicate connected;
    private final List<Integer> voters;
    private final List<Watched> watched = new ArrayList<>();
    private final LongAdder loopDelays = new LongAdder();
    private final LongAdder loopDelayNs = new LongAdder();

    /** @param connected whether a peer is */
    LeaderWatch(NodeConfig config, EventLog events, WalLatency log, AckLatency acks, IntPredicate connected) {
        this.config = config;
        this.events = events;
        this.log = log;
        this.acks = acks;
        this.connected = connected;
        this.voters = NodeSettings.voterIds(config);
    }

    /** @param groups all of the node, before the first look */
    void watch(Collection<NodeGroup> groups) {
        NodeConfig.SlowKeys slow = config.raft().slow();
        for (NodeGroup g : groups) {
            watched.add(new Watched(
                    g,
                    new SlowLeaderWatch(new SlowLeaderWatch.Limits(
                            slow.leaderLimitNs(), slow.leaderForNs(), slow.leaderBackOffNs()))));
        }
    }

    /** From any event loop, see {@link io.parablock.metrics.LoopDelay}. */
    void onLoopDelay(long delayNs) {
        loopDelays.increment();
        loopDelayNs.add(delayNs);
    }

    /**
     * Once a second.
     *
     * @return what each group took since the last time, by its number
     */
    Map<Integer, GroupTiming> look() {
        long delays = loopDelays.sumThenReset();
        long loopNs = loopDelayNs.sumThenReset() / Math.max(1, delays);
        int asked = 0;
        Map<Integer, GroupTiming> timings = new TreeMap<>();
        for (Watched w : watched) {
            int id = w.group.groupId();
            boolean leads = w.group.leads();
            long logNs = log.takeNs(id);
            Map<Integer, Long> ackNs = ackNs(id, leads);
            timings.put(id, new GroupTiming(logNs, ackNs));
            long othersNs = ackNs.values().stream()
                    .mapToLong(Long::longValue)
                    .filter(ns -> ns >= 0)
                    .min()
                    .orElse(-1);
            SlowLeaderWatch.Figures figures = new SlowLeaderWatch.Figures(leads, logNs, othersNs, loopNs);
            // The others have their turn in the next seconds.
            if (asked < LeaderHandover.GROUPS_AT_ONCE
                    && onVerdict(w, w.leader.next(System.nanoTime(), figures), figures)) {
                asked++;
            }
        }
        return timings;
    }

    /** Of the peers that are connected; of none if this node does not lead. */
    private Map<Integer, Long> ackNs(int groupId, boolean leads) {
        Map<Integer, Long> out = new TreeMap<>();
        for (int peer : voters) {
            if (peer != config.nodeId()) {
                if (leads && connected.test(peer)) {
                    out.put(peer, acks.takeNs(groupId, peer));
                } else {
                    acks.forget(groupId, peer);
                }
            }
        }
        return out;
    }

    /** @return whether the group is asked to go to another node */
    private boolean onVerdict(Watched w, SlowLeaderWatch.Verdict verdict, SlowLeaderWatch.Figures f) {
        NodeConfig.SlowKeys keys = config.raft().slow();
        long limitMs = keys.leaderLimitNs() / NS_PER_MS;
        String forText = " for " + keys.leaderForNs() / 1e9 + " s";
        switch (verdict) {
            case NOTHING -> {
                return false;
            }
            case STAY ->
                tell(
                        w,
                        EventKind.SLOW_LEADER_STAYS,
                        "the log of this leader takes " + f.logNs() / NS_PER_MS + " ms" + forText
                                + ", and no other node is clearly faster: it leads on",
                        f.logNs() / NS_PER_MS,
                        limitMs,
                        f.othersNs() / NS_PER_MS);
            case HAND_OVER_LOG ->
                tell(
                        w,
                        EventKind.SLOW_LEADER,
                        "the log of this leader takes " + f.logNs() / NS_PER_MS + " ms" + forText + ", another node "
                                + f.othersNs() / NS_PER_MS + " ms: it hands over",
                        "log",
                        f.logNs() / NS_PER_MS,
                        limitMs,
                        f.othersNs() / NS_PER_MS);
            case HAND_OVER_LOOP ->
                tell(
                        w,
                        EventKind.SLOW_LEADER,
                        "the event loop of this leader is " + f.loopNs() / NS_PER_MS + " ms late" + forText
                                + ": it hands over",
                        "loop",
                        f.loopNs() / NS_PER_MS,
                        limitMs,
                        null);
        }
        if (verdict != SlowLeaderWatch.Verdict.STAY) {
            w.group.yieldLeadership();
        }
        return verdict != SlowLeaderWatch.Verdict.STAY;
    }

    /** Seldom: as long as nobody can take over it is asked again and again. */
    private void tell(Watched w, EventKind kind, String text, @Nullable Object... values) {
        events.tellSeldom(kind, Integer.toString(w.group.groupId()), w.group.groupId(), text, values);
    }
}
