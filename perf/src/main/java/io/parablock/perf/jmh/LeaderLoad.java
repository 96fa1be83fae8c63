package io.parablock.perf.jmh;

import io.parablock.lookbehind.Extent;
import io.parablock.raft.Mode;
import io.parablock.raft.Output;
import io.parablock.raft.ProposeResult;
import io.parablock.raft.RaftConfig;
import io.parablock.raft.RaftNode;
import io.parablock.raft.RaftStatus;
import io.parablock.raft.log.Entry;
import io.parablock.raft.log.EntryKind;
import io.parablock.raft.log.SlotRun;
import io.parablock.raft.message.Message;
import io.parablock.raft.state.Checkpoint;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Drives a leader's core: always {@link #IN_FLIGHT} entries are on their way to both followers, whose acknowledgements are
 * made up here. For each batch:
 *
 * <pre>
 *   propose … propose ─► send (endOfBatch) ─► storeOwn ─► acknowledge the oldest batch, twice ─► apply ─► [upkeep]
 * </pre>
 */
final class LeaderLoad {
    /** Slots assigned and not committed when the oldest batch is acknowledged: the default window. */
    static final int IN_FLIGHT = 1024;

    /** A heartbeat and a checkpoint come in between after so many entries: some 50 ms of the full rate. */
    static final int ENTRIES_PER_UPKEEP = 1 << 16;

    private static final int PAYLOAD_CRC = 0x1234_5678;

    private final CoreShape shape;
    private final int entriesPerUpkeep;
    private final boolean strict;
    private final int batch;
    private final int[] durableOrder;
    private final ExtentCycle extents;
    private final RaftConfig config;
    private final RaftNode core;
    private final Output output;
    private final long session;
    private final long term;
    private final long firstSlot;
    private final long[] toApply = new long[2 * IN_FLIGHT];
    private final ArrayDeque<Message.AppendAck> prepared = new ArrayDeque<>();
    private long preparedTo;
    private int toApplyCount;
    private long nowNs;
    private long round;
    private long seq;
    private long acknowledgedTo;
    private long upkeepDueAt;
    private int inBatch;
    private long sent;
    private long committed;
    private long applied;

    LeaderLoad(Mode mode, CoreShape shape) {
        this(mode, shape, ENTRIES_PER_UPKEEP);
    }

    LeaderLoad(Mode mode, CoreShape shape, int entriesPerUpkeep) {
        ElectedCores cores = new ElectedCores(mode);
        this.shape = shape;
        this.entriesPerUpkeep = entriesPerUpkeep;
        strict = mode == Mode.STRICT;
        batch = shape.batch;
        durableOrder = shape.durableOrder();
        extents = shape.extents();
        config = cores.config();
        core = cores.leader();
        output = core.output();
        session = cores.session();
        term = core.status().term();
        firstSlot = session + 1;
        acknowledgedTo = session;
        preparedTo = session;
        nowNs = cores.nowNs();
        upkeep();
        while (seq < IN_FLIGHT - batch) {
            propose();
            if (seq % batch == 0) {
                send();
                storeOwn();
            }
        }
    }

    /** One entry in; the work of a whole batch follows the last one of it. */
    void entry() {
        propose();
        if (++inBatch == batch) {
            inBatch = 0;
            send();
            storeOwn();
            acknowledge();
            apply();
            if (upkeepIsDue()) {
                upkeep();
            }
        }
    }

    // ---------------------------------------------------------------- the stages, in order

    void propose() {
        ProposeResult r = core.propose(
                EntryKind.WRITE,
                extents.offsetBytes(seq),
                Extent.BLOCK_BYTES,
                session,
                seq,
                Math.max(0, seq - IN_FLIGHT),
                PAYLOAD_CRC,
                Extent.BLOCK_BYTES,
                null,
                nowNs);
        if (r != ProposeResult.ACCEPTED) {
            throw new IllegalStateException(r + ": " + core.status());
        }
        seq++;
    }

    void send() {
        core.endOfBatch(nowNs);
        sent += output.messages.size();
        output.clear();
    }

    void storeOwn() {
        long first = firstSlot + seq - batch;
        for (int i = 0; i < batch; i++) {
            core.onDurable(first + durableOrder[i], term, nowNs);
        }
    }

    void acknowledge() {
        Message.AppendAck ack = prepared.poll();
        if (ack == null) {
            ack = makeAck(acknowledgedTo + 1);
        }
        acknowledgedTo += batch;
        acknowledge(ElectedCores.FOLLOWER, ack);
        acknowledge(ElectedCores.OTHER_FOLLOWER, ack);
    }

    private void acknowledge(int peer, Message.AppendAck ack) {
        core.step(peer, ElectedCores.BOOT, ack, nowNs);
        takeOutput();
    }

    private void takeOutput() {
        committed += output.committed.size();
        List<Entry> applies = output.applies;
        for (int i = 0; i < applies.size(); i++) {
            toApply[toApplyCount++] = applies.get(i).slot();
        }
        output.clear();
    }

    void apply() {
        for (int i = 0; i < toApplyCount; i++) {
            core.onApplied(toApply[i], nowNs);
        }
        applied += toApplyCount;
        toApplyCount = 0;
        takeOutput();
    }

    boolean upkeepIsDue() {
        return seq >= upkeepDueAt;
    }

    /** A heartbeat with its answers, and a checkpoint: without it the log would grow for ever. */
    void upkeep() {
        upkeepDueAt = seq + entriesPerUpkeep;
        nowNs += config.heartbeatIntervalNs();
        core.tick(nowNs);
        for (Output.Outgoing m : output.messages) {
            if (m.message() instanceof Message.Heartbeat h) {
                round = h.round();
            }
        }
        output.clear();
        Message.HeartbeatAck ack = new Message.HeartbeatAck(
                term, round, term, acknowledgedTo, acknowledgedTo, acceptLimit(acknowledgedTo), false);
        core.step(ElectedCores.FOLLOWER, ElectedCores.BOOT, ack, nowNs);
        core.step(ElectedCores.OTHER_FOLLOWER, ElectedCores.BOOT, ack, nowNs);
        Checkpoint image = core.checkpointImage();
        if (image != null) {
            core.onCheckpointDurable(image, nowNs);
        }
        takeOutput();
    }

    // ---------------------------------------------------------------- acknowledgements

    /** Makes the next acknowledgements now, for a measurement that is to see the core alone. */
    void prepareAcks(int batches) {
        preparedTo = Math.max(preparedTo, acknowledgedTo);
        for (int i = 0; i < batches; i++) {
            prepared.add(makeAck(preparedTo + 1));
            preparedTo += batch;
        }
    }

    /** What a follower says of the batch that begins at this slot. */
    Message.AppendAck makeAck(long first) {
        long last = first + batch - 1;
        if (strict || !shape.scattered) {
            return new Message.AppendAck(term, List.of(new SlotRun(first, last)), round, last, acceptLimit(last));
        }
        List<SlotRun> slots = new ArrayList<>(batch);
        for (long s = first; s <= last; s += 2) {
            slots.add(new SlotRun(s + 1, s + 1));
            slots.add(new SlotRun(s + batch, s + batch));
        }
        return new Message.AppendAck(term, slots, round, last + 1, acceptLimit(last + 1));
    }

    private long acceptLimit(long contigPrefix) {
        return contigPrefix + 4L * config.span();
    }

    /** The acknowledgement that comes next; the core is not asked. */
    Message.AppendAck nextAck() {
        return makeAck(acknowledgedTo + 1);
    }

    // ---------------------------------------------------------------- what came out

    long committed() {
        return committed;
    }

    long inFlight() {
        return core.status().inFlight();
    }

    /** @throws AssertionError if the core did not do what it was driven for */
    void check() {
        core.checkInvariants();
        RaftStatus s = core.status();
        require(s.commitWatermark() >= acknowledgedTo, "not all acknowledged slots are committed", s);
        require(applied == committed, applied + " applied of " + committed + " committed", s);
        require(sent > 0 && s.peerContig()[1] >= acknowledgedTo, "nothing was sent", s);
        require(s.commitWatermark() < acknowledgedTo + 2L * batch, "too much is committed", s);
    }

    private static void require(boolean holds, String what, @Nullable Object of) {
        if (!holds) {
            throw new AssertionError(what + ": " + of);
        }
    }
}
