package io.parablock.simulator;

import io.parablock.raft.RaftNode;
import io.parablock.raft.log.Entry;
import io.parablock.simulator.check.EntryView;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.agrona.collections.Long2LongHashMap;
import org.jspecify.annotations.Nullable;

/** What the cluster's leaders have proposed, by request and by identity. */
final class ProposalBook {
    private record Request(long session, long seq) {}

    private static final int ORIGIN_BITS = 24;

    private final Map<Request, List<EntryView>> proposals = new HashMap<>();
    private final Long2LongHashMap stamps = new Long2LongHashMap(0);
    private long asks;

    /** One number for (slot, origin), in order of slots. */
    static long key(long slot, long origin) {
        return slot << ORIGIN_BITS | origin;
    }

    static long slot(long key) {
        return key >> ORIGIN_BITS;
    }

    static long origin(long key) {
        return key & (1L << ORIGIN_BITS) - 1;
    }

    long nextAsk() {
        return ++asks;
    }

    /** @param stamp 0 of written zeros, which leave what a hole leaves */
    void onPayload(long slot, long origin, long stamp) {
        if (stamp != 0) {
            stamps.put(key(slot, origin), stamp);
        }
    }

    /** Every sector of a write has the same stamp; 0 if it wrote zeros. */
    long stamp(long slot, long origin) {
        return stamps.get(key(slot, origin));
    }

    void onProposed(EntryView e) {
        if (e.isRequest()) {
            proposals
                    .computeIfAbsent(new Request(e.session(), e.seq()), k -> new ArrayList<>(1))
                    .add(e);
        }
    }

    /**
     * The request's entry as this core has it; proposed again in a later term it has several. Of one that is truncated, the
     * latest term's: a leader proposes again only what its merged log has not, so the others are dead. A leader that has yet
     * to hear of its end may add one of them late.
     */
    @Nullable
    EntryView proposal(RaftNode core, long session, long seq) {
        List<EntryView> all = proposals.get(new Request(session, seq));
        if (all == null) {
            return null;
        }
        EntryView latest = all.get(0);
        for (EntryView e : all) {
            Entry held = core.entry(e.slot());
            if (held != null && held.origin() == e.origin()) {
                return e;
            }
            latest = e.origin() > latest.origin() ? e : latest;
        }
        return latest;
    }
}
