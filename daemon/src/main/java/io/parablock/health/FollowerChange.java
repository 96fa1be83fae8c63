package io.parablock.health;

/**
 * A follower of a group that this node leads has become slow, or is not any more.
 *
 * @param ackNs what it took to acknowledge an entry; -1 if it was sent none
 * @param othersNs the others' median of that; of a single follower the leader's own log; -1 if not known
 * @param lagSlots how far its contiguous prefix is behind the leader's last slot; -1 if not known
 * @param behindNs for so long at least it has lacked the next slot; 0 if not known
 */
public record FollowerChange(
        int group, int peer, boolean slow, long ackNs, long othersNs, long lagSlots, long behindNs) {}
