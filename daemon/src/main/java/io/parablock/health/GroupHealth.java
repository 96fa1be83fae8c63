package io.parablock.health;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/**
 * The state of one group on one node.
 *
 * @param line {@link State#words}, or that with a colon and more
 * @param remaining of a state that has an end: slots of a catch-up, bytes of an install
 * @param peers the other voters; only a leader knows how far each is
 */
record GroupHealth(int group, State state, String line, Remaining remaining, List<PeerHealth> peers) {
    GroupHealth {
        peers = List.copyOf(peers);
    }

    ObjectNode json() {
        ObjectNode json = JsonNodeFactory.instance.objectNode().put("state", line);
        if (remaining.amount() > 0) {
            json.put("remaining", remaining.amount());
            json.put("per_second", Math.round(remaining.perSecond()));
            if (remaining.etaSeconds() >= 0) {
                json.put("eta_seconds", remaining.etaSeconds());
            }
        }
        return json;
    }
}
