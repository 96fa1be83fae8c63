package io.parablock.replica;

import io.parablock.replica.client.ClientMessage;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;

/** Reads on the leader that met damaged blocks: they wait for the repair, for a while. On the group's thread. */
final class DamagedReads {
    /** A read of the gateway on node {@code from}. */
    record Held(int from, ClientMessage.ExtentAsk request, long deadlineNs) {}

    private final BlockRepair repair;
    private final long patienceNs;
    private final List<Held> held = new ArrayList<>();

    /** @param patienceNs {@code scrub.repair_wait} */
    DamagedReads(BlockRepair repair, long patienceNs) {
        this.repair = repair;
        this.patienceNs = patienceNs;
    }

    /** @return false if nobody has a good copy: it has failed */
    boolean hold(int from, ClientMessage.ExtentAsk r, long nowNs) {
        if (repair.isLost(r.offsetBytes(), r.extentBytes())) {
            return false;
        }
        held.add(new Held(from, r, nowNs + patienceNs));
        return true;
    }

    /** Hands out those that may be tried again, and those that have failed. */
    void release(long nowNs, Consumer<Held> again, Consumer<Held> failed) {
        if (held.isEmpty()) {
            return;
        }
        for (Iterator<Held> it = held.iterator(); it.hasNext(); ) {
            Held h = it.next();
            ClientMessage.ExtentAsk r = h.request;
            if (nowNs - h.deadlineNs >= 0 || repair.isLost(r.offsetBytes(), r.extentBytes())) {
                it.remove();
                failed.accept(h);
            } else if (!repair.isPending(r.offsetBytes(), r.extentBytes())) {
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
