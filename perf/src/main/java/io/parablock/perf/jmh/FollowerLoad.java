package io.parablock.perf.jmh;

import io.parablock.lookbehind.Extent;
import io.parablock.raft.Mode;
import io.parablock.raft.Output;
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

/**
 * Drives a follower's core with frames made up here, as a leader sends them that has {@link LeaderLoad#IN_FLIGHT} entries on
 * their way. For each frame:
 *
 * <pre>
 *   append (the frame: entries, look-behind, commit notice) ─► store ─► apply ─► acknowledge (endOfBatch) ─► [checkpoint]
 * </pre>
 */
final class FollowerLoad {
    private static final int PAYLOAD_CRC = 0x1234_5678;
    private static final long[] NO_DEP = {};

    private final CoreShape shape;
    private final int entriesPerCheckpoint;
    private final boolean strict;
    private final int batch;
    private final int[] durableOrder;
    private final ExtentCycle extents;
    private final RaftNode core;
    private final Output output;
    private final long session;
    private final long term;
    private final long firstSlot;
    private final long nowNs;
    private final long[] toApply = new long[2 * LeaderLoad.IN_FLIGHT];
    /** Places begin anew after a while, and so does what lies behind the first entry of a frame. */
    private final long[][] lookBehinds;

    private final ArrayDeque<Message.Append> prepared = new ArrayDeque<>();
    private long preparedTo;
    private int toApplyCount;
    private long takenTo;
    private long checkpointDueAt;
    private int inBatch;
    private long acknowledged;
    private long applied;

    FollowerLoad(Mode mode, CoreShape shape) {
        this(mode, shape, LeaderLoad.ENTRIES_PER_UPKEEP);
    }

    FollowerLoad(Mode mode, CoreShape shape, int entriesPerCheckpoint) {
        ElectedCores cores = new ElectedCores(mode);
        this.shape = shape;
        this.entriesPerCheckpoint = entriesPerCheckpoint;
        strict = mode == Mode.STRICT;
        batch = shape.batch;
        durableOrder = shape.durableOrder();
        extents = shape.extents();
        core = cores.follower();
        output = core.output();
        session = cores.session();
        term = core.status().term();
        firstSlot = session + 1;
        takenTo = session;
        preparedTo = session;
        nowNs = cores.nowNs();
        checkpointDueAt = session + entriesPerCheckpoint;
        lookBehinds = new long[ExtentCycle.PERIOD / batch][];
        for (int i = 0; i < lookBehinds.length; i++) {
            lookBehinds[i] = lookBehind((long) i * batch);
        }
        // Until as much is on its way as is to be.
        while (takenTo < session + LeaderLoad.IN_FLIGHT) {
            frame();
        }
    }

    /** Of the entry with this number: pairs of offset and length. */
    private long[] lookBehind(long number) {
        int slots = LeaderLoad.IN_FLIGHT - batch;
        long[] pairs = new long[2 * slots];
        for (int i = 0; i < slots; i++) {
            pairs[2 * i] = extents.offsetBytes(number - slots + i);
            pairs[2 * i + 1] = Extent.BLOCK_BYTES;
        }
        return pairs;
    }

    /** Counts one entry; the work of a whole frame comes with the last one of it. */
    void entry() {
        if (++inBatch == batch) {
            inBatch = 0;
            frame();
        }
    }

    private void frame() {
        append();
        store();
        apply();
        acknowledge();
        if (checkpointIsDue()) {
            checkpoint();
        }
    }

    // ---------------------------------------------------------------- the stages, in order

    void append() {
        Message.Append frame = prepared.poll();
        if (frame == null) {
            frame = nextFrame();
        }
        takenTo += batch;
        core.step(ElectedCores.LEADER, ElectedCores.BOOT, frame, nowNs);
        if (output.appends.size() != batch) {
            throw new IllegalStateException(output.appends.size() + " entries taken: " + core.status());
        }
        takeOutput();
    }

    private void takeOutput() {
        List<Entry> applies = output.applies;
        for (int i = 0; i < applies.size(); i++) {
            toApply[toApplyCount++] = applies.get(i).slot();
        }
        output.clear();
    }

    void store() {
        long first = takenTo - batch + 1;
        for (int i = 0; i < batch; i++) {
            core.onDurable(first + durableOrder[i], term, nowNs);
        }
        takeOutput();
    }

    void apply() {
        for (int i = 0; i < toApplyCount; i++) {
            core.onApplied(toApply[i], nowNs);
        }
        applied += toApplyCount;
        toApplyCount = 0;
        takeOutput();
    }

    void acknowledge() {
        core.endOfBatch(nowNs);
        acknowledged += output.messages.size();
        output.clear();
    }

    boolean checkpointIsDue() {
        return takenTo >= checkpointDueAt;
    }

    void checkpoint() {
        checkpointDueAt = takenTo + entriesPerCheckpoint;
        Checkpoint image = core.checkpointImage();
        if (image != null) {
            core.onCheckpointDurable(image, nowNs);
        }
        takeOutput();
    }

    // ---------------------------------------------------------------- frames

    /** Makes the next frames now, for a measurement that is to see the core alone. */
    void prepareFrames(int frames) {
        preparedTo = Math.max(preparedTo, takenTo);
        for (int i = 0; i < frames; i++) {
            prepared.add(makeFrame(preparedTo + 1));
            preparedTo += batch;
        }
    }

    /** The frame that comes next; the core is not asked. */
    Message.Append nextFrame() {
        return makeFrame(takenTo + 1);
    }

    private Message.Append makeFrame(long first) {
        List<Entry> entries = new ArrayList<>(batch);
        for (long s = first; s < first + batch; s++) {
            entries.add(writeAt(s));
        }
        long number = first - firstSlot;
        int behind = LeaderLoad.IN_FLIGHT - batch;
        boolean full = number >= behind;
        long[] lookBehind = full ? lookBehinds[((int) number & (ExtentCycle.PERIOD - 1)) / batch] : NO_DEP;
        return new Message.Append(
                term,
                entries,
                full ? first - behind : first,
                lookBehind,
                0,
                notice(Math.max(session, first - 1 - behind)));
    }

    private Entry writeAt(long slot) {
        long number = slot - firstSlot;
        return new Entry(
                slot,
                term,
                EntryKind.WRITE,
                extents.offsetBytes(number),
                Extent.BLOCK_BYTES,
                session,
                number,
                Math.max(0, number - LeaderLoad.IN_FLIGHT),
                PAYLOAD_CRC,
                Extent.BLOCK_BYTES,
                NO_DEP);
    }

    /** @param to the last slot of the newest batch that a majority has acknowledged as a whole */
    private Message.CommitNotice notice(long to) {
        if (strict || !shape.scattered || to == session) {
            return new Message.CommitNotice(to, List.of(), to);
        }
        // The first of the next batch, and every other one of it.
        List<SlotRun> above = new ArrayList<>(batch / 2);
        for (long s = to + 3; s <= to + batch; s += 2) {
            above.add(new SlotRun(s, s));
        }
        return new Message.CommitNotice(to + 1, above, to);
    }

    // ---------------------------------------------------------------- what came out

    long applied() {
        return applied;
    }

    /** @throws AssertionError if the core did not do what it was driven for */
    void check() {
        core.checkInvariants();
        RaftStatus s = core.status();
        long committed = takenTo - LeaderLoad.IN_FLIGHT;
        boolean holds = s.contigPrefix() == takenTo
                && s.commitWatermark() >= committed
                && s.commitWatermark() <= committed + 1
                && applied >= committed - session
                && applied < committed - session + batch
                && acknowledged > 0;
        if (!holds) {
            throw new AssertionError(applied + " applied, " + acknowledged + " acknowledgements: " + s);
        }
    }
}
