package io.parablock.transport;

import io.parablock.transport.impair.ImpairedLink;
import io.parablock.transport.impair.LinkImpairment;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * FAULT INJECTION: which of the connections that this node dials are bad on purpose, and how.
 *
 * @param lanes numbers of data lanes, {@link #CONTROL} for the control connection; empty for all
 * @param peers ids; empty for all
 * @param bufferBytes of one lane that look sent while they are held, as in a socket's buffer; what is beyond counts as queued
 * @param seed each lane draws from a generator of its own that comes from it
 */
public record LaneImpairment(
        LinkImpairment wrong, Set<Integer> lanes, Set<Integer> peers, long bufferBytes, long seed) {
    public static final int CONTROL = Lane.CONTROL;

    private static final long NODES = 1_000_003;
    private static final long LANES = 257;

    public LaneImpairment {
        lanes = Set.copyOf(lanes);
        peers = Set.copyOf(peers);
    }

    /** The link of a lane, or null if nothing is wrong with it. */
    @Nullable
    ImpairedLink link(int node, int peer, int lane) {
        boolean meant = (lanes.isEmpty() || lanes.contains(lane)) && (peers.isEmpty() || peers.contains(peer));
        if (!meant || wrong.isNone()) {
            return null;
        }
        return new ImpairedLink(wrong, ((seed * NODES + node) * NODES + peer) * LANES + lane);
    }

    /** For people. */
    @Override
    public String toString() {
        String which = lanes.isEmpty() ? "all" : new TreeSet<>(lanes).toString().replace("-1", "control");
        return "lanes " + which + " to peers " + (peers.isEmpty() ? "all" : new TreeSet<>(peers)) + ": " + wrong
                + "; seed " + seed;
    }
}
