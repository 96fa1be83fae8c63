package io.parablock.raft;

import io.parablock.lookbehind.ConflictIndex;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * ReadIndex on the leader (protocol.md §8): a read waits for a round of its term that was sent after it arrived, and for the
 * committed, unapplied slots that overlap it. One round serves every read waiting.
 */
final class ReadQueue {
    /** The round of a read that rests on the lease: confirmed from the start. */
    private static final long BY_LEASE = 0;

    private static final class Waiting {
        final long readId;
        final long round;
        final List<Long> slots;

        Waiting(long readId, long round, List<Long> slots) {
            this.readId = readId;
            this.round = round;
            this.slots = slots;
        }
    }

    private final CoreState state;
    /** Committed, unapplied extents of this leader's term. */
    private final ConflictIndex unapplied;

    private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
    private long lastRoundAsked;

    ReadQueue(CoreState state) {
        this.state = state;
        this.unapplied = new ConflictIndex(2 * CoreState.WINDOW_SPANS * state.config.span());
    }

    /** A read under the leader's lease: it waits for no round. */
    void addByLease(long readId, long offsetBytes, long lengthBytes) {
        add(readId, offsetBytes, lengthBytes, BY_LEASE);
        release(BY_LEASE);
    }

    /** @param nextRound the number of the next round that will be sent */
    void add(long readId, long offsetBytes, long lengthBytes, long nextRound) {
        List<Long> slots = List.of();
        if (unapplied.overlapsAny(offsetBytes, lengthBytes)) {
            List<Long> overlapping = new ArrayList<>();
            unapplied.forEachOverlap(offsetBytes, lengthBytes, overlapping::add);
            slots = overlapping;
        }
        waiting.add(new Waiting(readId, nextRound, slots));
        lastRoundAsked = Math.max(lastRoundAsked, nextRound);
        if (!state.guards.readConfirmed) {
            release(nextRound);
        }
    }

    boolean wantsRound(long lastRoundSent) {
        return !waiting.isEmpty() && lastRoundAsked > lastRoundSent;
    }

    void onCommitted(long slot, long offsetBytes, long lengthBytes) {
        if (lengthBytes > 0 && !state.apply.isApplied(slot)) {
            unapplied.add(slot, offsetBytes, lengthBytes);
        }
    }

    void onApplied(long slot) {
        unapplied.remove(slot);
    }

    /** @param confirmedRound a quorum has confirmed this round */
    void release(long confirmedRound) {
        if (waiting.isEmpty()
                || !state.isReadable()
                || (state.guards.readAfterMerged
                        && (state.committed.watermark() < state.mSync || state.apply.appliedPrefix() < state.mSync))) {
            return;
        }
        Iterator<Waiting> it = waiting.iterator();
        while (it.hasNext()) {
            Waiting w = it.next();
            if (w.round > confirmedRound && state.guards.readConfirmed) {
                if (!state.config.lease().enabled()) {
                    return;
                }
                continue;
            }
            if (!state.guards.readAfterOverlaps || w.slots.stream().allMatch(state.apply::isApplied)) {
                state.output.reads.add(new Output.ReadResult(w.readId, true, w.round == BY_LEASE));
                it.remove();
            }
        }
    }

    boolean isEmpty() {
        return waiting.isEmpty();
    }

    /** Not the leader any more. */
    void fail() {
        for (Waiting w : waiting) {
            state.output.reads.add(new Output.ReadResult(w.readId, false, false));
        }
        waiting.clear();
        unapplied.clear();
        lastRoundAsked = 0;
    }
}
