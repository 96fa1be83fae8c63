package io.parablock.health;

import io.parablock.config.NodeConfig.HealthKeys;
import io.parablock.http.NodeReading;
import io.parablock.replica.ReplicaStatus;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntPredicate;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A node, sample after sample: what is judged of it rests on its readings, and nothing is asked of its threads. Each thing is
 * judged once, here: status, metrics and live page have it from {@link #judge} and {@link #slowFollowers}, and what a sample
 * returns become events. Thread-safe.
 */
public final class NodeWatch {
    private final Path dataDir;
    private final int span;
    private final IntPredicate connected;
    private final LongSupplier nanoTime;
    private final ClockProbe clock;
    private final DiskSpaceWatch disk = new DiskSpaceWatch();
    private String diskComplaint = "";
    private final RateWindow scrubbed = new RateWindow();
    private final RateWindow scrubPercent = new RateWindow();
    private final Map<Integer, GroupWatch> groups = new TreeMap<>();

    /**
     * @param span raft.span
     * @param connected whether the peer of this id is
     */
    public NodeWatch(Path dataDir, int span, IntPredicate connected, LongSupplier wallMs, LongSupplier nanoTime) {
        this.dataDir = dataDir;
        this.span = span;
        this.connected = connected;
        this.nanoTime = nanoTime;
        this.clock = new ClockProbe(wallMs, nanoTime);
    }

    /**
     * Once a second, whether or not there is a reading.
     *
     * @return by how much the wall clock has jumped, milliseconds, negative if back; 0 if it has not
     */
    public synchronized long sampleClock(Limits limits) {
        return clock.sample(limits.health().clockJumpNs());
    }

    /**
     * Once a second. A disk that hangs holds up the caller, and nobody else.
     *
     * @return what has changed, or null
     */
    public @Nullable DiskSpace sampleDisk(Limits limits) {
        try {
            FileStore store = Files.getFileStore(dataDir);
            long free = store.getUsableSpace();
            long total = store.getTotalSpace();
            synchronized (this) {
                diskComplaint = "";
                return disk.next(free, total, limits.health());
            }
        } catch (IOException e) {
            synchronized (this) {
                diskComplaint = "disk: the free space at " + dataDir + " cannot be told: " + e.getMessage();
                return null;
            }
        }
    }

    /**
     * Once a second.
     *
     * @param timings of the groups, by their numbers
     * @return which followers have become slow, or are not any more
     */
    public synchronized List<FollowerChange> sample(
            NodeReading node, Map<Integer, GroupTiming> timings, Limits limits) {
        long nowNs = nanoTime.getAsLong();
        List<FollowerChange> changes = new ArrayList<>();
        for (ReplicaStatus s : node.groups()) {
            GroupTiming timing = timings.getOrDefault(s.groupId(), GroupTiming.UNKNOWN);
            changes.addAll(group(node, s).sample(s, node.forming(), connected, timing, limits.slow(), nowNs));
        }
        scrubbed.addGrowing(
                nowNs, node.groups().stream().mapToLong(g -> g.scrub().bytes()).sum());
        scrubPercent.addGrowing(nowNs, percent(node));
        return changes;
    }

    /** By group, the ids of followers that are slow, of the groups that this node leads; groups without one are left out. */
    public synchronized Map<Integer, List<Integer>> slowFollowers() {
        Map<Integer, List<Integer>> out = new TreeMap<>();
        groups.forEach((id, group) -> {
            if (!group.slow().isEmpty()) {
                out.put(id, group.slow());
            }
        });
        return out;
    }

    private static int percent(NodeReading node) {
        return node.groups().stream()
                .mapToInt(g -> g.scrub().progressPercent())
                .min()
                .orElse(0);
    }

    private GroupWatch group(NodeReading node, ReplicaStatus s) {
        return groups.computeIfAbsent(s.groupId(), g -> new GroupWatch(node.id(), node.voters(), span));
    }

    /** Of a reading made now, with the slow followers that it names. */
    public synchronized NodeHealth judge(NodeReading node, Limits limits) {
        long nowNs = nanoTime.getAsLong();
        List<GroupHealth> each = new ArrayList<>();
        for (ReplicaStatus s : node.groups()) {
            List<Integer> slow = node.slowFollowers().getOrDefault(s.groupId(), List.of());
            each.add(group(node, s).judge(s, node.forming(), connected, slow, limits.slow(), nowNs));
        }
        Remaining scrub = new Remaining(percent(node) == 0 ? 0 : 100 - percent(node), scrubPercent.perSecond());
        return new NodeHealth(
                stateOf(each),
                each,
                peers(each),
                warnings(node, limits.health(), each),
                scrub,
                scrubbed.perSecond(),
                clock.jumps());
    }

    /** That of the worst group. */
    private static String stateOf(List<GroupHealth> each) {
        GroupHealth worst = each.stream()
                .min(Comparator.comparing(GroupHealth::state))
                .orElseThrow(() -> new IllegalStateException("a node has a group"));
        long alike = each.stream().filter(g -> g.state() == worst.state()).count();
        if (each.size() == 1) {
            return worst.line();
        }
        if (worst.state() == State.SERVING) {
            long led = each.stream().filter(g -> g.line().endsWith("leads")).count();
            return worst.state().words() + ": leads " + led + " of " + each.size() + " groups";
        }
        return worst.line() + " (group " + worst.group() + (alike > 1 ? ", and " + (alike - 1) + " more" : "") + ")";
    }

    /** Of each peer the group in which it is furthest behind. */
    private static List<PeerHealth> peers(List<GroupHealth> each) {
        Map<Integer, PeerHealth> worst = new TreeMap<>();
        for (GroupHealth g : each) {
            for (PeerHealth p : g.peers()) {
                worst.merge(p.id(), p, (a, b) -> {
                    boolean second = a.slow() == b.slow() ? b.lagSlots() > a.lagSlots() : b.slow();
                    return second ? b : a;
                });
            }
        }
        return List.copyOf(worst.values());
    }

    private List<String> warnings(NodeReading node, HealthKeys limits, List<GroupHealth> each) {
        List<String> out = new ArrayList<>();
        if (!diskComplaint.isEmpty()) {
            out.add(diskComplaint);
        } else if (disk.last().nearlyFull()) {
            out.add("disk nearly full: " + Words.bytes(disk.last().freeBytes()) + " free of "
                    + Words.bytes(disk.last().totalBytes()) + " at " + dataDir + ", health.disk_free is "
                    + Words.bytes(limits.diskFreeBytes()));
        }
        // One log for all groups.
        long walBytes = node.groups().get(0).walBytes();
        if (limits.walBytes() > 0 && walBytes > limits.walBytes()) {
            out.add("log large: it has " + Words.bytes(walBytes) + ", health.wal_bytes is "
                    + Words.bytes(limits.walBytes()));
        }
        for (PeerHealth p : peers(each)) {
            if (!p.connected() && node.forming().isEmpty()) {
                out.add("peer down: node " + p.id() + " is not connected");
            } else if (p.slow() && p.behind()) {
                out.add("slow follower: node " + p.id() + " is " + p.distance()
                        + ", by what this leader has assigned and it has acknowledged");
            } else if (p.slow()) {
                out.add("slow follower: node " + p.id() + " acknowledges later than raft.slow_follower.limit");
            }
        }
        String jump = clock.warning();
        if (jump != null) {
            out.add("clock jump: " + jump);
        }
        for (ReplicaStatus g : node.groups()) {
            damage(g, out);
        }
        return out;
    }

    private static void damage(ReplicaStatus g, List<String> out) {
        String group = " (group " + g.groupId() + ")";
        if (g.blocks().lostBytes() > 0) {
            out.add("damage: " + Words.bytes(g.blocks().lostBytes()) + " of blocks are damaged on every node" + group);
        }
        if (g.blocks().pendingBytes() > 0) {
            out.add("damage: " + Words.bytes(g.blocks().pendingBytes()) + " of blocks wait for a peer's copy" + group);
        } else if (g.blocks().underRepair()) {
            out.add("damage: all blocks are checked, some were damaged" + group);
        }
        if (g.scrub().lostState() > 0) {
            out.add("damage: a part of the state had no good copy on the disk, replace the disk" + group);
        }
    }
}
