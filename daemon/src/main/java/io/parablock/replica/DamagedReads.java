package io.parablock.replica;

import io.parablock.blockdev.store.DamagedRange;
import io.parablock.replica.client.ClientMessage;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;

/** Reads on the leader that met damaged blocks: they wait for the repair, for a while. On the group's thread. */
final class DamagedReads {
    /** A read of the gateway on node {@code from}, and what it met. */
    record Held(int from, ClientMessage.ExtentAsk request, List<DamagedRange> met, long deadlineNs) {}

    /** Of a read that has met no damage yet. */
    static final long NO_DEADLINE = Long.MIN_VALUE;

    private final BlockRepair repair;
    private final long patienceNs;
    private final List<Held> held = new ArrayList<>();

    /** @param patienceNs {@code scrub.repair_wait} */
    DamagedReads(BlockRepair repair, long patienceNs) {
        this.repair = repair;
        this.patienceNs = patienceNs;
    }

    /**
     * @param deadlineNs of a read that has met damage before; it waits no longer for having met more
     * @return false if it has failed: nobody has a good copy, or its time is over
     */
    boolean hold(int from, ClientMessage.ExtentAsk r, List<DamagedRange> met, long deadlineNs, long nowNs) {
        repair.onDamaged(met);
        boolean isOver = deadlineNs != NO_DEADLINE && nowNs - deadlineNs >= 0;
        if (isOver || met.stream().anyMatch(d -> repair.isLost(d.offsetBytes(), d.lengthBytes()))) {
            return false;
        }
        repair.hurry(met.get(0));
        long until = deadlineNs == NO_DEADLINE ? nowNs + patienceNs : deadlineNs;
        // The gateway asks again, with the same id, for as long as it has no answer.
        held.removeIf(h -> h.from == from && h.request.requestId() == r.requestId());
        held.add(new Held(from, r, List.copyOf(met), until));
        return true;
    }

    /** Hands out those that may be tried again, if only for the last time, and those that have failed. */
    void release(long nowNs, Consumer<Held> again, Consumer<Held> failed) {
        if (held.isEmpty()) {
            return;
        }
        for (Iterator<Held> it = held.iterator(); it.hasNext(); ) {
            Held h = it.next();
            if (h.met.stream().anyMatch(d -> repair.isLost(d.offsetBytes(), d.lengthBytes()))) {
                it.remove();
                failed.accept(h);
            } else if (nowNs - h.deadlineNs >= 0
                    || h.met.stream().noneMatch(d -> repair.isPending(d.offsetBytes(), d.lengthBytes()))) {
                it.remove();
                again.accept(h);
            }
        }
    }

    /** Not the leader any more: all of them. */
    List<Held> takeAll() {
        List<Held> all = List.copyOf(held);
        held.clear();
        return all;
    }

    int size() {
        return held.size();
    }
}
