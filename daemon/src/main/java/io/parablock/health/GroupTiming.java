package io.parablock.health;

import java.util.Map;

/**
 * What no reading tells of a group in the last second or so.
 *
 * @param logNs what this node's log took to make a record durable; -1 if it was given none
 * @param ackNs what each connected peer took to acknowledge an entry, by id; -1 if it was sent none. Empty if this node does not
 *     lead
 */
public record GroupTiming(long logNs, Map<Integer, Long> ackNs) {
    public static final GroupTiming UNKNOWN = new GroupTiming(-1, Map.of());

    public GroupTiming {
        ackNs = Map.copyOf(ackNs);
    }

    long ackNs(int peer) {
        return ackNs.getOrDefault(peer, -1L);
    }
}
