package io.parablock.simulator.disk;

import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Decides where storage faults may fall in a cluster, so that of every region at least one good copy survives in any
 * quorum: fewer than half of the voters may have a bad copy, where a node that lost something vital has a bad copy of
 * everything. What a node does not start without is damaged only once all nodes have met: a node takes part when it has
 * heard every other one (docs/protocol.md), so that one which is never heard again keeps out all that have not met it, and
 * they are in no quorum either. Counts what fired. One per simulation, shared by its disks; not thread-safe.
 */
public final class FaultAtlas {
    private static final Region VITAL = new Region.Vital();

    private final int badCopiesMax;

    /** How many places of a node's disk with this region are damaged: region, node, places. */
    private final Map<Region, Map<Integer, Integer>> damaged = new HashMap<>();

    private final Map<Region.Twin, Map<Integer, Integer>> damagedTwins = new HashMap<>();
    private final Set<Integer> lost = new TreeSet<>();
    /** Nodes that have yet to hear every other one. */
    private final Set<Integer> unformed = new TreeSet<>();

    private final EnumMap<FaultKind, Long> fired = new EnumMap<>(FaultKind.class);

    /** @param voters the number of nodes that vote, 1 or more */
    public FaultAtlas(int voters) {
        badCopiesMax = (voters - 1) / 2;
        for (FaultKind kind : FaultKind.values()) {
            fired.put(kind, 0L);
        }
    }

    /** Whether the node's copy of this region may go bad now. */
    public boolean mayDamage(int nodeId, Region region) {
        if (region instanceof Region.Vital) {
            return mayLose(nodeId);
        }
        if (region instanceof Region.Twin twin) {
            return !isDamaged(nodeId, twin.other()) || mayLose(nodeId);
        }
        return (!(region instanceof Region.Startup) || unformed.isEmpty())
                && fits(damaged.getOrDefault(region, Map.of()).keySet(), lostNodes(), nodeId);
    }

    /** Whether one fault may damage all of these at once. */
    public boolean mayDamage(int nodeId, Collection<Region> regions) {
        boolean bothTwins = regions.stream()
                .anyMatch(region -> region instanceof Region.Twin twin && regions.contains(twin.other()));
        return (!bothTwins || mayLose(nodeId)) && regions.stream().allMatch(region -> mayDamage(nodeId, region));
    }

    /** Whether the node may lose everything, by a wiped disk or because it cannot vouch for its log any more. */
    public boolean mayLose(int nodeId) {
        Set<Integer> lostNodes = lostNodes();
        if (lostNodes.contains(nodeId)) {
            return true;
        }
        return lostNodes.size() < badCopiesMax
                && damaged.values().stream().allMatch(nodes -> fits(nodes.keySet(), lostNodes, nodeId));
    }

    /** A copy goes bad. To be matched by a {@link #repaired} when the bytes are written again or dropped. */
    public void damaged(int nodeId, Region region) {
        copies(region).merge(nodeId, 1, Integer::sum);
    }

    /** One bad place of this region is no more. */
    public void repaired(int nodeId, Region region) {
        Map<Integer, Integer> nodes = copies(region);
        nodes.computeIfPresent(nodeId, (id, places) -> places > 1 ? places - 1 : null);
        if (nodes.isEmpty()) {
            damaged.remove(region);
        }
    }

    /** Everything on this node is gone, until {@link #restored}. */
    public void lost(int nodeId) {
        lost.add(nodeId);
    }

    /** The node holds good copies again: it was cured, or rejoined and caught up. */
    public void restored(int nodeId) {
        lost.remove(nodeId);
    }

    /** The node takes part only once it has heard every other one, until {@link #formed}. */
    public void unformed(int nodeId) {
        unformed.add(nodeId);
    }

    /** The node has durably noted the members: it needs to hear nobody in particular any more. */
    public void formed(int nodeId) {
        unformed.remove(nodeId);
    }

    /** Whether some copy on this node is bad. */
    public boolean hasDamage(int nodeId) {
        return isLost(nodeId)
                || damaged.values().stream().anyMatch(nodes -> nodes.containsKey(nodeId))
                || damagedTwins.values().stream().anyMatch(nodes -> nodes.containsKey(nodeId));
    }

    /** Whether the node counts as a bad copy of everything. */
    public boolean isLost(int nodeId) {
        return lostNodes().contains(nodeId);
    }

    /** One more fault of this kind has come to pass. */
    public void count(FaultKind kind) {
        fired.merge(kind, 1L, Long::sum);
    }

    /** How often each kind has fired; every kind is there. */
    public Map<FaultKind, Long> fired() {
        return new EnumMap<>(fired);
    }

    /** The kinds that never fired: in a batch of seeds that is an error. */
    public List<FaultKind> silent() {
        List<FaultKind> silent = new ArrayList<>();
        fired.forEach((kind, count) -> {
            if (count == 0) {
                silent.add(kind);
            }
        });
        return silent;
    }

    private boolean fits(Set<Integer> badNodes, Set<Integer> lostNodes, int oneMore) {
        Set<Integer> bad = new TreeSet<>(badNodes);
        bad.addAll(lostNodes);
        bad.add(oneMore);
        return bad.size() <= badCopiesMax;
    }

    private Set<Integer> lostNodes() {
        Set<Integer> nodes = new TreeSet<>(lost);
        nodes.addAll(damaged.getOrDefault(VITAL, Map.of()).keySet());
        damagedTwins.forEach((twin, bad) -> {
            if (twin.copy() == 0) {
                Set<Integer> both = new TreeSet<>(bad.keySet());
                both.retainAll(damagedTwins.getOrDefault(twin.other(), Map.of()).keySet());
                nodes.addAll(both);
            }
        });
        return nodes;
    }

    boolean isDamaged(int nodeId, Region.Twin twin) {
        return damagedTwins.getOrDefault(twin, Map.of()).containsKey(nodeId);
    }

    private Map<Integer, Integer> copies(Region region) {
        return region instanceof Region.Twin twin
                ? damagedTwins.computeIfAbsent(twin, t -> new TreeMap<>())
                : damaged.computeIfAbsent(region, r -> new TreeMap<>());
    }
}
