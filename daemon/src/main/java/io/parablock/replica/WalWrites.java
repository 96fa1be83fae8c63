package io.parablock.replica;

import io.parablock.raft.Output;
import io.parablock.raft.log.Entry;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.agrona.collections.Long2ObjectHashMap;

/** Entries handed to the WAL, by token, until they are durable. On the group's thread. */
final class WalWrites {
    private final int groupId;
    private final ReplicaPorts ports;
    private final PayloadCache payloads;
    private final Long2ObjectHashMap<Entry> writing = new Long2ObjectHashMap<>();
    private final List<Output.ForceRequest> forces = new ArrayList<>();
    private long nextToken;
    private long submittedTo;

    WalWrites(int groupId, ReplicaPorts ports, PayloadCache payloads) {
        this.groupId = groupId;
        this.ports = ports;
        this.payloads = payloads;
    }

    void append(List<Entry> appends) {
        for (int i = 0; i < appends.size(); i++) {
            Entry e = appends.get(i);
            payloads.add(e);
            long token = WalRouter.token(groupId, nextToken++);
            writing.put(token, e);
            ports.wal().append(groupId, e, PayloadCache.payloadOf(e), token);
        }
    }

    /** @return whether there is anything that was not submitted before */
    boolean submitting() {
        boolean any = submittedTo != nextToken;
        submittedTo = nextToken;
        return any;
    }

    void force(List<Output.ForceRequest> wanted) {
        forces.addAll(wanted);
    }

    boolean hasForces() {
        return !forces.isEmpty();
    }

    /** @param forced told when what was to be forced is */
    void write(Consumer<List<Output.ForceRequest>> forced) {
        ports.wal().submit();
        if (!forces.isEmpty()) {
            List<Output.ForceRequest> due = List.copyOf(forces);
            forces.clear();
            ports.wal().force(() -> forced.accept(due));
        }
    }

    boolean hasUnsubmitted() {
        return submittedTo != nextToken;
    }

    Entry takeDurable(long token) {
        Entry e = writing.remove(token);
        if (e == null) {
            throw new AssertionError("the WAL reported an unknown token " + token);
        }
        payloads.onDurable(e);
        return e;
    }

    void clear() {
        writing.clear();
        forces.clear();
    }
}
