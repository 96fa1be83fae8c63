package io.parablock.replica;

import io.parablock.replica.client.ClientMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * Answers to reads by lease whose content is there. The lease is asked once for all of a batch, after the last was read and
 * before the first is handed out (protocol.md §8): so each content is of a moment at which this node led alone. A pause after
 * that delays the answers and makes them no older. On the group's thread.
 */
final class LeasedReads {
    /** What the gateway on node {@code from} asked. */
    record Answered(int from, ClientMessage.ExtentAsk request, long damageDeadlineNs, ClientMessage.AskReply reply) {}

    private final BooleanSupplier holdsLease;
    private final List<Answered> answered = new ArrayList<>();

    private long granted;
    private long missed;

    LeasedReads(BooleanSupplier holdsLease) {
        this.holdsLease = holdsLease;
    }

    /** The reply's payload reference is held until then. */
    void add(Answered read) {
        answered.add(read);
    }

    /** Ends the batch: its answers go to the one, or, released, to the other if the lease did not outlast the reading. */
    void endBatch(Consumer<Answered> inTime, Consumer<Answered> tooLate) {
        if (answered.isEmpty()) {
            return;
        }
        boolean holds = holdsLease.getAsBoolean();
        for (int i = 0; i < answered.size(); i++) {
            Answered read = answered.get(i);
            if (holds) {
                granted++;
                inTime.accept(read);
            } else {
                missed++;
                release(read);
                tooLate.accept(read);
            }
        }
        answered.clear();
    }

    /** Not the leader any more: a lease of a later term of this node says nothing about what was read in this one. */
    void dropAll(Consumer<Answered> dropped) {
        answered.forEach(read -> {
            release(read);
            dropped.accept(read);
        });
        answered.clear();
    }

    private static void release(Answered read) {
        if (read.reply instanceof ClientMessage.ReadReply r) {
            ClientRequests.release(r.payload());
        }
    }

    int size() {
        return answered.size();
    }

    /** Reads that asked no quorum. */
    long granted() {
        return granted;
    }

    /** Reads whose lease had ended when their content was there. */
    long missed() {
        return missed;
    }
}
