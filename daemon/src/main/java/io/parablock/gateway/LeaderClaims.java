package io.parablock.gateway;

import io.parablock.replica.client.ClientMessage;
import java.util.Map;
import java.util.TreeMap;

/**
 * Who leads a group, for a gateway without a replica: by what the connected nodes say of themselves. A claim ends with its
 * connection. Pure; on the group's thread.
 */
public final class LeaderClaims {
    /** The terms in which nodes say that they lead. */
    private final Map<Integer, Long> terms = new TreeMap<>();

    /** Nothing was sent to a leader of an earlier term; 0 while nothing was sent at all. */
    private long firstTerm;

    private long lostTerm;

    /** @return whether answered writes that were not flushed may have been lost: clients are to see errors */
    public boolean onNotice(int node, ClientMessage.LeaderNotice notice) {
        boolean lost = firstTerm > 0 && notice.lostTerm() > Math.max(firstTerm, lostTerm);
        lostTerm = Math.max(lostTerm, notice.lostTerm());
        if (notice.leads()) {
            firstTerm = firstTerm == 0 ? notice.term() : Math.min(firstTerm, notice.term());
            terms.put(node, notice.term());
        } else {
            terms.remove(node);
        }
        return lost;
    }

    /** The connection to the node is lost, or new. */
    public void onConnection(int node) {
        terms.remove(node);
    }

    /** The node that claims the latest term: an earlier leader may not know yet that it is none. 0 without a claim. */
    public int leader() {
        int leader = 0;
        long latest = 0;
        for (Map.Entry<Integer, Long> e : terms.entrySet()) {
            if (leader == 0 || e.getValue() > latest) {
                leader = e.getKey();
                latest = e.getValue();
            }
        }
        return leader;
    }
}
