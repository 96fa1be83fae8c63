package io.parablock.simulator;

import io.netty.buffer.ByteBuf;
import io.parablock.raft.RaftNode;
import io.parablock.raft.RaftStatus;
import io.parablock.raft.Role;
import io.parablock.raft.log.Entry;
import io.parablock.raft.log.EntryKind;
import io.parablock.raft.session.SessionTable;
import io.parablock.raft.state.HardState;
import io.parablock.raft.state.RecoveredState;
import io.parablock.replica.ReplicaInside;
import io.parablock.replica.SessionToken;
import io.parablock.replica.StateCodec;
import io.parablock.replica.client.ClientMessage;
import io.parablock.simulator.DurableSteps.Step;
import io.parablock.simulator.check.EntryView;
import io.parablock.simulator.check.SlotState;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** What a node's ports have seen, as the checkers want to know it. */
final class NodeRecord {
    private record Ask(int from, long requestId) {}

    private final int id;
    private final SimulatedCluster cluster;
    private final Watch watch;
    /** The disk that counts for the node while another one is in it, or 0. */
    private final long counting;
    /** All let it in, whatever they know of its disk. */
    private final boolean forcedIn;

    /** By {@link ProposalBook#key}: in order of slots. */
    private final TreeMap<Long, SlotState> disk = new TreeMap<>();

    private final TreeSet<Long> appliedAbove = new TreeSet<>();
    private final Map<Ask, ArrayDeque<Long>> asks = new HashMap<>();
    /** What is on the disk as META, SYNCREC and CKPT. */
    private final EnumMap<Step, byte[]> told = new EnumMap<>(Step.class);

    private HardState hard = HardState.FRESH;
    private long leading;
    private long nextForce;
    /** The durable flag of an install, as of the last CKPT. */
    private boolean installing;
    /** The install of which the last piece came in this process, 0 for none. */
    private long installId;

    NodeRecord(int id, SimulatedCluster cluster, Watch watch) {
        this(id, cluster, watch, 0, false);
    }

    private NodeRecord(int id, SimulatedCluster cluster, Watch watch, long counting, boolean forcedIn) {
        this.id = id;
        this.cluster = cluster;
        this.watch = watch;
        this.counting = counting;
        this.forcedIn = forcedIn;
    }

    /**
     * Of a disk that was given up: the checkers hear nothing of it.
     *
     * @param counting the disk that has its place
     * @param forcedIn the hellos of this disk, and those to it, are not looked at
     */
    static NodeRecord unwatched(int id, SimulatedCluster cluster, long counting, boolean forcedIn) {
        return new NodeRecord(id, cluster, new Watch(), counting, forcedIn);
    }

    boolean isForcedIn() {
        return forcedIn;
    }

    boolean isWatched() {
        return counting == 0;
    }

    Watch watch() {
        return watch;
    }

    /** The disk by which the node is known to the checkers. */
    long incarnation(SimulatedNode n) {
        return counting == 0 ? cluster.mutations().incarnationOf(n) : counting;
    }

    // ---------------------------------------------------------------- life

    void onStarted(long boot, RecoveredState found) {
        hard = found.hardState();
        installing = found.checkpoint().installing();
        installId = 0;
        leading = 0;
        appliedAbove.clear();
        asks.clear();
        TreeMap<Long, SlotState> now = new TreeMap<>();
        for (Entry e : found.entries()) {
            now.put(ProposalBook.key(e.slot(), e.origin()), SlotState.PRESENT);
        }
        long base = found.checkpoint().logBase();
        disk.forEach((identity, state) -> {
            long slot = ProposalBook.slot(identity);
            if (slot > base && !now.containsKey(identity)) {
                boolean unknown = found.damagedSlots().contains(slot);
                if (state == SlotState.PRESENT) {
                    watch.tell(c -> c.onEntryLost(id, slot, ProposalBook.origin(identity), unknown));
                }
                now.put(identity, unknown ? SlotState.UNKNOWN : SlotState.ABSENT);
            }
        });
        for (Entry e : found.entries()) {
            // Written, and the process died before it was told so.
            if (disk.get(ProposalBook.key(e.slot(), e.origin())) != SlotState.PRESENT) {
                watch.tell(c -> c.onEntryDurable(id, EntryView.of(e)));
            }
        }
        disk.clear();
        disk.putAll(now);
        watch.tell(c -> c.onStarted(id, boot));
        if (found.amnesiac()) {
            watch.tell(c -> c.onAmnesia(id));
        }
    }

    /** As of the last META. */
    boolean isSuspect() {
        return hard.suspect();
    }

    void onCured() {
        watch.tell(c -> c.onCured(id));
    }

    void onStopped() {
        if (installing) {
            cluster.installs().crashed++;
        }
        watch.tell(c -> c.onCrashed(id));
    }

    void onWiped() {
        disk.clear();
        told.clear();
        hard = HardState.FRESH;
        installing = false;
        watch.tell(c -> c.onWiped(id));
    }

    // ---------------------------------------------------------------- disk

    /** Written, and the process died before it was told so. */
    void onStateFound(Step what, byte @Nullable [] bytes) {
        if (bytes == null || Arrays.equals(bytes, told.get(what))) {
            return;
        }
        switch (what) {
            case META -> onMeta(bytes);
            case SYNCREC -> onSyncRecord(bytes);
            case CKPT -> onCheckpoint(bytes);
            default -> throw new IllegalArgumentException(what.name());
        }
    }

    void onMeta(byte[] meta) {
        told.put(Step.META, meta);
        hard = StateCodec.decodeMeta(meta).hardState();
        HardState h = hard;
        cluster.simulation().trace(10, id, h.term(), h.syncTerm());
        watch.tell(c -> c.onHardStateDurable(id, h));
    }

    /** A SYNCREC is about to be written; a merge over every voter ends with an entry of its own term. */
    void onSyncRecordDue(byte[] bytes, RaftNode core) {
        if (isWrittenAgain(bytes)) {
            return;
        }
        var r = StateCodec.decodeSyncRecord(bytes);
        Entry last = core.entry(r.m());
        if (last != null && last.origin() == r.term() && SessionTable.isCloseOfEvery(last)) {
            cluster.onEveryVoterMerge(id, r.term());
        }
    }

    void onSyncRecord(byte[] bytes) {
        if (isWrittenAgain(bytes)) {
            return;
        }
        told.put(Step.SYNCREC, bytes);
        var r = StateCodec.decodeSyncRecord(bytes);
        cluster.simulation().trace(11, id, r.term(), r.m());
        watch.tell(c -> c.onSyncRecordDurable(id, r));
    }

    /** The disk had lost it: no merged log is taken over now. */
    private boolean isWrittenAgain(byte[] syncRecord) {
        return Arrays.equals(told.get(Step.SYNCREC), syncRecord);
    }

    void onCheckpoint(byte[] bytes) {
        told.put(Step.CKPT, bytes);
        var ckpt = StateCodec.decodeCheckpoint(bytes);
        cluster.simulation().trace(12, id, ckpt.a(), ckpt.logBase());
        boolean ends = installing && !ckpt.installing();
        installing = ckpt.installing();
        if (installing) {
            watch.tell(c -> c.onInstallBegun(id));
            return;
        }
        cluster.installs().completed += ends ? 1 : 0;
        watch.tell(c -> c.onCheckpointDurable(id, ckpt, ends));
    }

    /** The block store is being overwritten: what it is given now are pieces. */
    boolean isInstalling() {
        return installing;
    }

    private void onPiece(Entry piece) {
        long install = piece.origin();
        if (install != installId) {
            installId = install;
            cluster.installs().begun++;
        }
        watch.tell(c -> c.onInstallPiece(id, install, piece.offsetBytes(), piece.lengthBytes()));
    }

    private void onPieceWritten(Entry piece) {
        cluster.simulation().trace(16, id, piece.origin(), piece.offsetBytes());
        watch.tell(c -> c.onInstallPieceWritten(id, piece.origin(), piece.offsetBytes(), piece.lengthBytes()));
    }

    void onEntryDurable(EntryView e) {
        disk.put(ProposalBook.key(e.slot(), e.origin()), SlotState.PRESENT);
        cluster.simulation().trace(13, id, e.slot(), e.origin());
        watch.tell(c -> c.onEntryDurable(id, e));
    }

    /** @param leads the core takes proposals */
    void onDurableTold(long slot, long origin, boolean leads) {
        if (leads) {
            onLeads(hard.term());
        }
        watch.tell(c -> c.onDurableTold(id, slot, origin));
    }

    long onForceBegun() {
        long force = ++nextForce;
        watch.tell(c -> c.onForceBegun(id, force));
        return force;
    }

    void onForceEnded(long force) {
        watch.tell(c -> c.onForceEnded(id, force));
    }

    void onTruncated(long slot) {
        cluster.simulation().trace(14, id, slot, 0);
        disk.headMap(ProposalBook.key(slot + 1, 0)).clear();
        watch.tell(c -> c.onTruncated(id, slot));
    }

    SlotState onDisk(long slot, long origin) {
        return disk.getOrDefault(ProposalBook.key(slot, origin), SlotState.ABSENT);
    }

    // ---------------------------------------------------------------- core

    /** @param leads the core takes proposals: an entry of its term is one */
    void onHandedToWal(Entry e, boolean leads) {
        if (e.payload instanceof ByteBuf payload && payload.readableBytes() >= 8) {
            cluster.book().onPayload(e.slot(), e.origin(), payload.getLong(payload.readerIndex()));
        }
        if (leads && e.origin() == hard.term() && e.kind() != EntryKind.NOOP) {
            onLeads(hard.term());
            EntryView view = EntryView.of(e);
            cluster.book().onProposed(view);
            watch.tell(c -> c.onProposed(id, e.origin(), view));
        }
    }

    void afterBatch(RaftStatus s, Simulation sim) {
        if (s.role() == Role.LEADER || s.role() == Role.LEADER_CANDIDATE) {
            onLeads(s.term());
        }
        while (!appliedAbove.isEmpty() && appliedAbove.first() <= s.appliedPrefix()) {
            appliedAbove.pollFirst();
        }
        sim.trace(
                20 + id,
                s.term() * 4 + s.role().ordinal(),
                s.commitWatermark(),
                s.appliedPrefix() << 20 | s.lastSlot());
    }

    private void onLeads(long term) {
        if (term != leading) {
            leading = term;
            watch.tell(c -> c.onLeader(id, term));
        }
    }

    void onApplyStarted(Entry e) {
        if (ReplicaInside.isMended(e)) {
            return;
        }
        if (ReplicaInside.isPiece(e)) {
            onPiece(e);
            return;
        }
        EntryView view = EntryView.of(e);
        watch.tell(c -> c.onApplyStarted(id, view));
    }

    void onApplied(Entry e) {
        if (ReplicaInside.isMended(e)) {
            cluster.simulation().trace(16, id, e.offsetBytes(), e.lengthBytes());
            return;
        }
        if (ReplicaInside.isPiece(e)) {
            onPieceWritten(e);
            return;
        }
        appliedAbove.add(e.slot());
        cluster.simulation().trace(15, id, e.slot(), e.origin());
        EntryView view = EntryView.of(e);
        watch.tell(c -> c.onApplied(id, view));
    }

    boolean isApplied(long slot) {
        return appliedAbove.contains(slot);
    }

    int votedFor() {
        return hard.votedFor();
    }

    // ---------------------------------------------------------------- requests

    /** The replica takes a gateway's request now. */
    void onRequest(int from, ClientMessage m) {
        if (m instanceof ClientMessage.Read r) {
            long read = cluster.book().nextAsk();
            asks.computeIfAbsent(new Ask(from, r.requestId()), k -> new ArrayDeque<>())
                    .add(read);
            watch.tell(c -> c.onReadArrived(id, read, r.offsetBytes(), r.lengthBytes()));
        } else if (m instanceof ClientMessage.Flush f) {
            long flush = cluster.book().nextAsk();
            asks.computeIfAbsent(new Ask(from, f.requestId()), k -> new ArrayDeque<>())
                    .add(flush);
            watch.tell(c -> c.onFlushArrived(id, flush));
        }
    }

    void onAnswer(RaftNode core, int to, ClientMessage m) {
        if (m instanceof ClientMessage.MutateReply r && r.status() == ClientMessage.Status.OK) {
            EntryView e = cluster.book().proposal(core, SessionToken.slot(r.session()), r.seq());
            if (e != null) {
                watch.tell(c -> c.onAnswered(id, e));
            }
        } else if (m instanceof ClientMessage.ReadReply r) {
            boolean ok = r.status() == ClientMessage.Status.OK;
            long read = take(to, r.requestId(), ok);
            if (ok && read != 0) {
                watch.tell(c -> c.onReadServed(id, read));
            }
        } else if (m instanceof ClientMessage.FlushReply r) {
            boolean ok = r.status() == ClientMessage.Status.OK;
            long flush = take(to, r.requestId(), ok);
            if (ok && flush != 0) {
                watch.tell(c -> c.onFlushAnswered(id, flush));
            }
        }
    }

    /** Of a request that was sent again, the oldest is served first; refused at once is the newest. */
    private long take(int from, long requestId, boolean oldest) {
        Ask key = new Ask(from, requestId);
        ArrayDeque<Long> waiting = asks.get(key);
        if (waiting == null) {
            return 0;
        }
        Long first = oldest ? waiting.pollFirst() : waiting.pollLast();
        if (waiting.isEmpty()) {
            asks.remove(key);
        }
        return first == null ? 0 : first;
    }
}
