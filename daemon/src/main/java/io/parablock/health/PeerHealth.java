package io.parablock.health;

import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * One other voter as this node sees it.
 *
 * @param lagSlots of the leader's slots it has not acknowledged; -1 if this node does not lead, or does not know
 * @param behindNs for so long at least has it not acknowledged what this leader had assigned
 * @param slow it is connected, and {@link SlowFollowerWatch} has judged so
 * @param behind of a slow one: by its distance, and not by its acknowledgements alone
 */
record PeerHealth(
        int id, boolean connected, long lagSlots, long behindNs, boolean slow, boolean behind, Remaining remaining) {
    String line() {
        if (!connected) {
            return "not connected";
        }
        if (slow) {
            return "slow: " + (behind ? distance() : "acknowledges late");
        }
        if (remaining.amount() > 0) {
            return "catching up: " + remaining.amount() + " slots behind" + remaining.eta();
        }
        return lagSlots < 0 ? "connected" : "in step";
    }

    String distance() {
        return lagSlots + " slots and " + Words.seconds(behindNs / 1_000_000_000L) + " behind";
    }

    void into(ObjectNode json) {
        json.put("id", id).put("connected", connected).put("state", line());
        if (lagSlots >= 0) {
            json.put("lag", lagSlots).put("behind_ms", behindNs / 1_000_000);
        }
    }
}
