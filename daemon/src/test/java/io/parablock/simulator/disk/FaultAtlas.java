package io.parablock.simulator.disk;

import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Decides where storage faults may fall in a cluster, so that of every region at least one good copy survives in any
 * quorum: fewer than half of the voters may have a bad copy, where a node that lost something vital has a bad copy of
 * everything. Counts what fired. One per simulation, shared by its disks; not thread-safe.
 */
public final class FaultAtlas {
    private final int damagedMax;
    private final Map<Region, TreeMap<Integer, Integer>> damagedCopies = new java.util.HashMap<>();
    private final TreeSet<Integer> lostNodes = new TreeSet<>();
    private final EnumMap<FaultKind, Long> fired = new EnumMap<>(FaultKind.class);

    /** @param voters the number of nodes that vote, 1 or more */
    public FaultAtlas(int voters) {
        damagedMax = (voters - 1) / 2;
        for (FaultKind kind : FaultKind.values()) {
            fired.put(kind, 0L);
        }
    }

    /** Whether the node's copy of this region may go bad now. */
    public boolean mayDamage(int nodeId, Region region) {
        if (region instanceof Region.Vital) {
            return mayLose(nodeId);
        }
        if (region instanceof Region.MetaCopy meta) {
            boolean otherCopyIsBad =
                    isDamaged(nodeId, new Region.MetaCopy(meta.groupId(), 1 - meta.copy())) && !isLost(nodeId);
            return !otherCopyIsBad || mayLose(nodeId);
        }
        return badNodes(region, nodeId).size() <= damagedMax;
    }

    /** Whether one fault may damage all of these at once. */
    public boolean mayDamage(int nodeId, Collection<Region> regions) {
        long metaCopies = regions.stream()
                .filter(Region.MetaCopy.class::isInstance)
                .distinct()
                .count();
        return metaCopies <= 1 && regions.stream().allMatch(region -> mayDamage(nodeId, region));
    }

    /** Whether the node may lose everything: a wiped disk, or an identity that it cannot vouch for any more. */
    public boolean mayLose(int nodeId) {
        if (isLost(nodeId)) {
            return true;
        }
        if (lostNodes.size() >= damagedMax) {
            return false;
        }
        return damagedCopies.keySet().stream()
                .filter(region -> !(region instanceof Region.MetaCopy))
                .allMatch(region -> badNodes(region, nodeId).size() <= damagedMax);
    }

    /** A copy has gone bad. Each call is to be matched by one of {@link #repaired} when the bytes are rewritten or dropped. */
    public void damaged(int nodeId, Region region) {
        damagedCopies.computeIfAbsent(region, r -> new TreeMap<>()).merge(nodeId, 1, Integer::sum);
        boolean bothCopies = region instanceof Region.MetaCopy meta
                && isDamaged(nodeId, new Region.MetaCopy(meta.groupId(), 1 - meta.copy()));
        if (region instanceof Region.Vital || bothCopies) {
            lostNodes.add(nodeId);
        }
    }

    public void repaired(int nodeId, Region region) {
        Map<Integer, Integer> nodes = damagedCopies.get(region);
        if (nodes != null) {
            nodes.computeIfPresent(nodeId, (id, count) -> count > 1 ? count - 1 : null);
            if (nodes.isEmpty()) {
                damagedCopies.remove(region);
            }
        }
    }

    public void lost(int nodeId) {
        lostNodes.add(nodeId);
    }

    /** The node holds good copies again: it was cured, or rejoined and caught up. */
    public void restored(int nodeId) {
        lostNodes.remove(nodeId);
    }

    /** Whether the node counts as lost until {@link #restored}. */
    public boolean isLost(int nodeId) {
        return lostNodes.contains(nodeId);
    }

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

    private boolean isDamaged(int nodeId, Region region) {
        Map<Integer, Integer> nodes = damagedCopies.get(region);
        return nodes != null && nodes.containsKey(nodeId);
    }

    private Set<Integer> badNodes(Region region, int andNodeId) {
        Set<Integer> bad = new TreeSet<>(lostNodes);
        Map<Integer, Integer> nodes = damagedCopies.get(region);
        if (nodes != null) {
            bad.addAll(nodes.keySet());
        }
        bad.add(andNodeId);
        return bad;
    }
}
