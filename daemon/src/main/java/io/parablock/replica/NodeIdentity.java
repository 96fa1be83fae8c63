package io.parablock.replica;

import io.parablock.raft.membership.Seat;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Whose data directory this is: what the file {@code identity} says (protocol.md §9).
 *
 * @param incarnation drawn when the directory was new, never 0
 * @param groups how many groups have had their META written here: a later start must find it
 * @param members the incarnation of each voter when the cluster formed; empty until then
 * @param changed the seats that have another disk since, or none
 */
public record NodeIdentity(
        long clusterId,
        int nodeId,
        long incarnation,
        int groups,
        SortedMap<Integer, Long> members,
        SortedMap<Integer, Seat> changed) {
    public NodeIdentity {
        members = Collections.unmodifiableSortedMap(new TreeMap<>(members));
        changed = Collections.unmodifiableSortedMap(new TreeMap<>(changed));
    }

    /** Of a cluster that is as it formed. */
    public NodeIdentity(long clusterId, int nodeId, long incarnation, int groups, SortedMap<Integer, Long> members) {
        this(clusterId, nodeId, incarnation, groups, members, new TreeMap<>());
    }

    public Formation.Standing standing() {
        return new Formation.Standing(incarnation, members, changed);
    }

    /** What META carries of it. */
    public Identity ofGroup(int groupId) {
        return new Identity(clusterId, groupId, nodeId, incarnation);
    }

    NodeIdentity withGroups(int value) {
        return new NodeIdentity(clusterId, nodeId, incarnation, value, members, changed);
    }

    NodeIdentity withMembers(SortedMap<Integer, Long> value, SortedMap<Integer, Seat> seats) {
        return new NodeIdentity(clusterId, nodeId, incarnation, groups, value, seats);
    }
}
