package io.parablock.raft;

import io.parablock.raft.message.Message;
import java.util.BitSet;
import java.util.TreeMap;

/** FLUSH on the leader in durability=mapped (protocol.md §11): a quorum holds every slot up to h and forced it afterwards. */
final class FlushQueue {
    private static final class Pending {
        final long slot;
        final BitSet forced = new BitSet();
        boolean selfAsked;
        long sentNs;

        Pending(long slot) {
            this.slot = slot;
        }
    }

    private final CoreState state;
    private final TreeMap<Long, Pending> pending = new TreeMap<>();

    FlushQueue(CoreState state) {
        this.state = state;
    }

    void add(long flushId, long slot) {
        if (!state.config.mapped()) {
            // Every answered write is on stable storage on a quorum already.
            state.output.flushes.add(new Output.FlushResult(flushId, true));
            return;
        }
        Pending p = new Pending(slot);
        pending.put(flushId, p);
        send(flushId, p);
        advance();
    }

    private void send(long flushId, Pending p) {
        p.sentNs = state.nowNs;
        for (int voter : state.config.voters()) {
            if (voter != state.config.nodeId() && !p.forced.get(voter)) {
                state.send(voter, new Message.Force(state.term, flushId, p.slot));
            }
        }
    }

    /** Asks for the own force once the own log holds all; repeats what may be lost. */
    void advance() {
        if (pending.isEmpty()) {
            return;
        }
        pending.forEach((id, p) -> {
            if (!p.selfAsked && state.log.contigPrefix() >= p.slot) {
                p.selfAsked = true;
                state.output.forces.add(new Output.ForceRequest(state.config.nodeId(), id));
            }
            if (state.nowNs - p.sentNs >= state.config.retransmitNs()) {
                send(id, p);
            }
        });
    }

    void onForced(int node, long flushId) {
        Pending p = pending.get(flushId);
        if (p == null) {
            return;
        }
        p.forced.set(node);
        if (p.forced.stream().filter(state::counts).count() >= state.config.quorum()) {
            pending.remove(flushId);
            state.output.flushes.add(new Output.FlushResult(flushId, true));
        }
    }

    /** Another disk answers at that seat. */
    void forget(int node) {
        pending.values().forEach(p -> p.forced.clear(node));
    }

    void fail() {
        for (long id : pending.keySet()) {
            state.output.flushes.add(new Output.FlushResult(id, false));
        }
        pending.clear();
    }
}
