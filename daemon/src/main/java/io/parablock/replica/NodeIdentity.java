package io.parablock.replica;

import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Whose data directory this is: what the file {@code identity} says (protocol.md §9).
 *
 * @param incarnation drawn when the directory was new, never 0
 * @param groups how many groups have had their META written here: a later start must find it
 * @param members the incarnation of each voter; empty until the cluster has formed
 */
public record NodeIdentity(long clusterId, int nodeId, long incarnation, int groups, SortedMap<Integer, Long> members) {
    public NodeIdentity {
        members = java.util.Collections.unmodifiableSortedMap(new TreeMap<>(members));
    }

    public Formation.Standing standing() {
        return new Formation.Standing(incarnation, members);
    }

    /** What META carries of it. */
    public Identity ofGroup(int groupId) {
        return new Identity(clusterId, groupId, nodeId, incarnation);
    }

    NodeIdentity withGroups(int value) {
        return new NodeIdentity(clusterId, nodeId, incarnation, value, members);
    }

    NodeIdentity withMembers(SortedMap<Integer, Long> value) {
        return new NodeIdentity(clusterId, nodeId, incarnation, groups, value);
    }
}
