package io.parablock.simulator;

import io.parablock.raft.log.EntryKind;
import io.parablock.simulator.DurableSteps.Step;
import io.parablock.simulator.check.EntryView;
import io.parablock.wal.Wal;
import io.parablock.wal.WalRecord;
import io.parablock.wal.WalVisitor;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;

/** A node's log, with crash points, and told to the checkers. */
final class ObservedWal implements Wal {
    private final Wal wal;
    private final boolean completesLater;
    private final SimulatedNode node;
    private final DurableSteps steps;
    private final Map<Long, WalRecord> waiting = new HashMap<>();
    private boolean submitting;

    ObservedWal(Wal wal, boolean completesLater, SimulatedNode node, DurableSteps steps) {
        this.wal = wal;
        this.completesLater = completesLater;
        this.node = node;
        this.steps = steps;
    }

    /** The storage says so, in {@link #submit} unless it completes later. */
    WalRecord onDurable(long token) {
        WalRecord r = waiting.remove(token);
        if (r == null) {
            throw new AssertionError("the WAL reported an unknown token " + token);
        }
        if (!submitting && !completesLater) {
            throw new AssertionError("the WAL reported a token outside of submit");
        }
        node.record().onEntryDurable(viewOf(r));
        return r;
    }

    static EntryView viewOf(WalRecord r) {
        return new EntryView(
                r.slot(),
                r.origin(),
                EntryKind.ofCode(r.kind()),
                r.offsetBytes(),
                r.lengthBytes(),
                r.session(),
                r.seq(),
                r.lowestOutstanding(),
                r.payloadCrc(),
                r.payloadLength(),
                r.dep());
    }

    @Override
    public long append(WalRecord record, ByteBuffer payload, long token) {
        steps.before(Step.WAL_APPEND);
        waiting.put(token, record);
        long position = wal.append(record, payload, token);
        steps.after(Step.WAL_APPEND);
        return position;
    }

    @Override
    public void submit() {
        if (waiting.isEmpty()) {
            node.requireAlive();
            wal.submit();
            return;
        }
        steps.before(Step.WAL_SUBMIT);
        submitting = true;
        try {
            wal.submit();
        } finally {
            submitting = false;
        }
        steps.after(Step.WAL_SUBMIT);
    }

    @Override
    public void force() {
        steps.before(Step.WAL_FORCE);
        long force = node.record().onForceBegun();
        wal.force();
        node.record().onForceEnded(force);
        steps.after(Step.WAL_FORCE);
    }

    @Override
    public void read(long position, WalVisitor visitor) {
        node.requireAlive();
        wal.read(position, visitor);
    }

    @Override
    public void forgetReadAhead() {
        wal.forgetReadAhead();
    }

    @Override
    public void scan(WalVisitor visitor) {
        wal.scan(visitor);
    }

    @Override
    public void truncate(int groupId, long slot) {
        steps.before(Step.WAL_TRUNCATE);
        node.record().onTruncated(slot);
        wal.truncate(groupId, slot);
        steps.after(Step.WAL_TRUNCATE);
    }

    @Override
    public long sizeBytes() {
        return wal.sizeBytes();
    }

    @Override
    public String engine() {
        return wal.engine();
    }

    @Override
    public void close() {
        wal.close();
    }
}
