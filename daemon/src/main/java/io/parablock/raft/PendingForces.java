package io.parablock.raft;

import io.parablock.raft.message.Message;
import java.util.ArrayList;
import java.util.List;

/** FLUSH on a follower (protocol.md §11): it forces once it holds every slot up to h, and what it forces it has received. */
final class PendingForces {
    private record Pending(int from, long id, long slot) {}

    private final CoreState state;
    private final List<Pending> pending = new ArrayList<>();

    PendingForces(CoreState state) {
        this.state = state;
    }

    void clear() {
        pending.clear();
    }

    void add(int from, Message.Force m) {
        for (Pending p : pending) {
            if (p.id == m.id()) {
                return;
            }
        }
        pending.add(new Pending(from, m.id(), m.slot()));
        advance();
    }

    /** Asks for what is due. A replica with amnesia answers none: what it holds may have a hole that it does not know of. */
    void advance() {
        if (pending.isEmpty() || !state.isSynced() || state.isSilent()) {
            return;
        }
        pending.removeIf(p -> {
            boolean held = state.log.contigPrefix() >= p.slot || !state.guards.forceHoldsAll;
            if (held) {
                state.output.forces.add(new Output.ForceRequest(p.from, p.id));
            }
            return held;
        });
    }
}
