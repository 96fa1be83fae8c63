package io.parablock.main;

import io.netty.util.concurrent.DefaultThreadFactory;
import io.parablock.blockdev.nbd.netty.NbdServer;
import io.parablock.config.NodeConfig;
import io.parablock.events.EventKind;
import io.parablock.events.EventLog;
import io.parablock.raft.RaftStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.IntPredicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks once a second at what nobody tells of by itself: a slow log or event loop of a leader, slow followers, the room on the
 * disk, the clock, the limits of clients. On a thread of its own, so that a disk that hangs holds up nothing else.
 *
 * <pre>
 *   WalLatency, AckLatency, loop delay ──► SlowLeaderWatch ───► hand-over
 *                        status of a group ─► SlowFollowerWatch ─► status, events
 *   free bytes ──► DiskSpaceWatch    clocks ──► ClockWatch    NbdServer ──► events
 * </pre>
 */
final class NodeWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(NodeWatch.class);
    private static final long PERIOD_MS = 1_000;
    private static final long READ_TIMEOUT_MS = 1_000;
    private static final long NS_PER_MS = 1_000_000;

    /** One group, and what is known of it from second to second. */
    private record Watched(NodeGroup group, SlowLeaderWatch leader, SlowFollowerWatch followers) {}

    private final NodeConfig config;
    private final EventLog events;
    private final WalLatency log;
    private final AckLatency acks;
    private final IntPredicate connected;
    private final Supplier<@Nullable NbdServer> clients;
    private final List<Integer> voters;
    private final List<Watched> watched = new ArrayList<>();
    private final DiskSpaceWatch space;
    private final ClockWatch clock = new ClockWatch(System.currentTimeMillis(), System.nanoTime());
    private final ScheduledExecutorService timer =
            Executors.newSingleThreadScheduledExecutor(new DefaultThreadFactory("watch", true));
    private final LongAdder loopDelays = new LongAdder();
    private final LongAdder loopDelayNs = new LongAdder();
    /** By group, of those that this node leads. */
    private final Map<Integer, List<Integer>> slowFollowers = new ConcurrentHashMap<>();

    private long refusedBefore;

    /** @param connected whether a peer is */
    NodeWatch(
            NodeConfig config,
            EventLog events,
            WalLatency log,
            AckLatency acks,
            IntPredicate connected,
            Supplier<@Nullable NbdServer> clients) {
        this.config = config;
        this.events = events;
        this.log = log;
        this.acks = acks;
        this.connected = connected;
        this.clients = clients;
        this.voters = NodeSettings.voterIds(config);
        this.space = new DiskSpaceWatch(config.wal().lowSpaceBytes());
    }

    /** @param groups all of the node */
    void start(Collection<NodeGroup> groups) {
        NodeConfig.SlowKeys slow = config.raft().slow();
        for (NodeGroup g : groups) {
            watched.add(new Watched(
                    g,
                    new SlowLeaderWatch(new SlowLeaderWatch.Limits(
                            slow.leaderLimitNs(), slow.leaderForNs(), slow.leaderBackOffNs())),
                    new SlowFollowerWatch(new SlowFollowerWatch.Limits(
                            slow.followerLimitNs(), slow.followerForNs(), slow.followerLagSlots()))));
        }
        var unused = timer.scheduleWithFixedDelay(this::look, PERIOD_MS, PERIOD_MS, TimeUnit.MILLISECONDS);
    }

    /** From any event loop, see {@link io.parablock.metrics.LoopDelay}. */
    void onLoopDelay(long delayNs) {
        loopDelays.increment();
        loopDelayNs.add(delayNs);
    }

    /** By group, the ids of followers that are slow, of the groups that this node leads; groups without one are left out. */
    Map<Integer, List<Integer>> slowFollowers() {
        return new TreeMap<>(slowFollowers);
    }

    private void look() {
        try {
            lookAtClock();
            lookAtClients();
            lookAtGroups();
            lookAtDisk();
        } catch (IOException | RuntimeException e) {
            LOG.debug("not looked at", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void lookAtClock() {
        long byMs = clock.next(System.currentTimeMillis(), System.nanoTime());
        if (byMs != 0) {
            String text = "the system's clock has jumped by " + byMs + " ms: it was set, or the machine was suspended";
            events.tell(EventKind.CLOCK_JUMPED, 0, text, byMs);
        }
    }

    private void lookAtClients() {
        NbdServer server = clients.get();
        if (server == null) {
            return;
        }
        long refused = server.refused();
        if (refused > refusedBefore) {
            long more = refused - refusedBefore;
            refusedBefore = refused;
            int limit = config.limits().nbdConnections();
            events.tellSeldom(
                    EventKind.CLIENTS_REFUSED,
                    "",
                    0,
                    more + " NBD clients were refused: limits.nbd_connections is " + limit,
                    more,
                    server.connections(),
                    limit);
        }
        int waiting = server.waiting();
        if (waiting > 0) {
            long limit = config.limits().nbdTotalBytes();
            long inWork = server.inWorkBytes();
            events.tellSeldom(
                    EventKind.CLIENT_BYTES_EXHAUSTED,
                    "",
                    0,
                    waiting + " NBD clients wait for room: " + inWork
                            + " bytes are in work, and limits.nbd_total_bytes is " + limit,
                    inWork,
                    limit,
                    waiting);
        }
    }

    private void lookAtDisk() throws IOException {
        long free = Files.getFileStore(config.dataDir()).getUsableSpace();
        long limit = config.wal().lowSpaceBytes();
        switch (space.next(free)) {
            case NEARLY_FULL ->
                events.tell(
                        EventKind.DISK_NEARLY_FULL,
                        0,
                        "the disk of " + config.dataDir() + " has " + free
                                + " bytes free, less than wal.low_space_bytes, " + limit,
                        free,
                        limit);
            case ROOM_AGAIN ->
                events.tell(
                        EventKind.DISK_ROOM_AGAIN,
                        0,
                        "the disk of " + config.dataDir() + " has " + free + " bytes free again",
                        free);
            case NONE -> {}
        }
    }

    // ---------------------------------------------------------------- slow leaders and followers

    private void lookAtGroups() throws InterruptedException {
        long delays = loopDelays.sumThenReset();
        long loopNs = loopDelayNs.sumThenReset() / Math.max(1, delays);
        int asked = 0;
        for (Watched w : watched) {
            int id = w.group.groupId();
            boolean leads = w.group.leads();
            long logNs = log.takeNs(id);
            Map<Integer, Long> ackNs = ackNs(id, leads);
            long nowNs = System.nanoTime();
            lookAtFollowers(w, nowNs, ackNs, logNs, leads);
            long othersNs = ackNs.values().stream()
                    .mapToLong(Long::longValue)
                    .filter(ns -> ns >= 0)
                    .min()
                    .orElse(-1);
            SlowLeaderWatch.Figures figures = new SlowLeaderWatch.Figures(leads, logNs, othersNs, loopNs);
            // The others have their turn in the next seconds.
            if (asked < LeaderHandover.GROUPS_AT_ONCE && onVerdict(w, w.leader.next(nowNs, figures), figures)) {
                asked++;
            }
        }
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

    private void lookAtFollowers(Watched w, long nowNs, Map<Integer, Long> ackNs, long logNs, boolean leads)
            throws InterruptedException {
        int id = w.group.groupId();
        boolean quiet = ackNs.values().stream().allMatch(ns -> ns < 0);
        // An idle group is asked for nothing, unless a follower was slow.
        RaftStatus status = leads && (!quiet || slowFollowers.containsKey(id)) ? status(w.group) : null;
        Map<Integer, SlowFollowerWatch.Figures> figures = new HashMap<>();
        ackNs.forEach((peer, ns) -> figures.put(peer, new SlowFollowerWatch.Figures(ns, lag(status, peer))));
        for (SlowFollowerWatch.Change c : w.followers.next(nowNs, figures, logNs)) {
            tell(id, c);
        }
        List<Integer> slow = w.followers.slow();
        if (slow.isEmpty()) {
            slowFollowers.remove(id);
        } else {
            slowFollowers.put(id, slow);
        }
    }

    private void tell(int groupId, SlowFollowerWatch.Change c) {
        long ackNs = c.figures().ackNs();
        long lag = c.figures().lagSlots();
        Long ackMs = ackNs < 0 ? null : (Long) (ackNs / NS_PER_MS);
        Long othersMs = c.othersNs() < 0 ? null : (Long) (c.othersNs() / NS_PER_MS);
        String figures = (ackMs == null ? "" : ", acknowledges in " + ackMs + " ms")
                + (othersMs == null ? "" : " (the others " + othersMs + " ms)")
                + (lag < 0 ? "" : ", is " + lag + " slots behind");
        events.tell(
                c.slow() ? EventKind.SLOW_FOLLOWER : EventKind.FOLLOWER_RECOVERED,
                groupId,
                "node " + c.peer() + (c.slow() ? " is slow" : " is not slow any more") + figures,
                c.peer(),
                ackMs,
                othersMs,
                lag < 0 ? null : (Long) lag);
    }

    private long lag(@Nullable RaftStatus status, int peer) {
        int place = voters.indexOf(peer);
        if (status == null || place < 0 || place >= status.peerContig().length || status.peerContig()[place] < 0) {
            return -1;
        }
        return Math.max(0, status.lastSlot() - status.peerContig()[place]);
    }

    private static @Nullable RaftStatus status(NodeGroup group) throws InterruptedException {
        try {
            return group.read()
                    .get(READ_TIMEOUT_MS, TimeUnit.MILLISECONDS)
                    .replica()
                    .raft();
        } catch (ExecutionException | TimeoutException e) {
            return null;
        }
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
