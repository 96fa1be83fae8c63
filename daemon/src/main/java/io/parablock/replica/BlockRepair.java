package io.parablock.replica;

import io.netty.buffer.ByteBuf;
import io.parablock.blockdev.store.DamagedRange;
import io.parablock.raft.RaftConfig;
import io.parablock.raft.RaftNode;
import io.parablock.raft.StorePoint;
import io.parablock.raft.log.Entry;
import io.parablock.raft.log.EntryKind;
import io.parablock.raft.message.Message;
import io.parablock.raft.message.Message.BlockOutcome;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Mends damaged blocks of the own store with a peer's (protocol.md §12 Scrub; docs/protocol.md, "Repair of blocks"). One piece
 * at a time, from one peer after the other; its content goes through the apply stage behind everything that was issued.
 *
 * <pre>
 *   damaged ─BlockFetch─► asked ─content that matches─► apply stage ─► mended
 *      ▲                    │
 *      ├── not now ─────────┤
 *      └── after a while ── lost ◄── every peer's copy is damaged as well
 * </pre>
 *
 * <p>All calls on the group's thread.
 */
final class BlockRepair {
    /** Told on the group's thread when a damaged range has ended, one way or the other. */
    interface Listener {
        void onSettled();
    }

    /** Slot of a piece on its way through the apply stage: no log entry has it. */
    private static final long PIECE_SLOT = -1;
    /** Ranges kept; a scrub or a read finds the others again. */
    private static final int RANGES_MAX = 1 << 17;

    private static final long ANSWER_TIMEOUT_NS = 500_000_000L;
    private static final long RETRY_NS = 20_000_000L;
    private static final int URGENT_MAX = 64;
    /** Between two pieces that nobody who is connected can mend. */
    private static final long IDLE_NS = 100_000_000L;
    /** After this every peer is asked again about what was bad everywhere. */
    private static final long LOST_NS = 60_000_000_000L;

    private final int groupId;
    private final int nodeId;
    private final int[] voters;
    private final ReplicaPorts ports;
    private final RaftNode core;
    private final Consumer<List<DamagedRange>> told;
    private final Consumer<DamagedRanges.Range> lostTold;
    private final Listener listener;
    private final DamageMark mark;

    private final DamagedRanges damaged = new DamagedRanges(RANGES_MAX);
    private final DamagedRanges lost = new DamagedRanges(RANGES_MAX);
    private long lostAtNs;

    /** What clients wait for comes first. */
    private final ArrayDeque<DamagedRange> urgent = new ArrayDeque<>();

    private DamagedRanges.@Nullable Range piece;
    /** Peers whose copy of {@link #piece} is damaged. */
    private final Set<Integer> alsoDamaged = new TreeSet<>();

    private boolean asked;
    /** Another piece may have more luck. */
    private boolean moveOn;

    private boolean writing;
    private int source;
    private int askedPeer;
    private long requestId;
    private long nextNs;
    /** Here one sector at a time: no peer's copy of all of it is good. */
    private DamagedRanges.@Nullable Range fine;

    private long foundBytes;
    private long mendedBytes;

    /**
     * @param told of damage that was not known before
     * @param lostTold of what every node has damaged
     */
    BlockRepair(
            RaftConfig raft,
            ReplicaPorts ports,
            RaftNode core,
            Consumer<List<DamagedRange>> told,
            Consumer<DamagedRanges.Range> lostTold,
            Listener listener) {
        this.groupId = raft.groupId();
        this.nodeId = raft.nodeId();
        this.voters = raft.voters().clone();
        this.told = told;
        this.lostTold = lostTold;
        this.ports = ports;
        this.core = core;
        this.listener = listener;
        this.mark = new DamageMark(groupId, ports, core, voters.length == 1);
    }

    // ---------------------------------------------------------------- damage

    /** Somebody has come upon these. */
    void onDamaged(List<DamagedRange> found) {
        long before = foundBytes;
        for (DamagedRange r : found) {
            for (DamagedRanges.Range part : lost.without(r.offsetBytes(), r.lengthBytes())) {
                foundBytes += damaged.add(part.offsetBytes(), part.lengthBytes());
            }
        }
        if (foundBytes > before) {
            mark.onFound(ports.nowNs().getAsLong());
            told.accept(found);
        }
        noteDropped();
        if (voters.length == 1) {
            lost.addAll(damaged);
            damaged.clear();
            lostAtNs = ports.nowNs().getAsLong();
        }
        tellCore();
    }

    /** An entry, or a piece of an install, has written there: whatever was damaged is good again. */
    void onWritten(long offsetBytes, long lengthBytes) {
        if (!damaged.intersects(offsetBytes, lengthBytes) && !lost.intersects(offsetBytes, lengthBytes)) {
            return;
        }
        damaged.remove(offsetBytes, lengthBytes);
        lost.remove(offsetBytes, lengthBytes);
        mark.onMended();
        tellCore();
        listener.onSettled();
    }

    /** A client waits for this one. */
    void hurry(DamagedRange range) {
        if (urgent.size() < URGENT_MAX) {
            urgent.add(range);
        }
    }

    private void noteDropped() {
        boolean someDamaged = damaged.takeDropped();
        boolean someLost = lost.takeDropped();
        if (someDamaged || someLost) {
            mark.onTooMany();
        }
    }

    /** Whether all blocks are to be checked: what is known of their damage is not all of it. */
    boolean wantsCheck() {
        return mark.isCheckOwed() && damaged.hasRoom();
    }

    /** All blocks are about to be read, from one end to the other. */
    void onCheckBegins() {
        mark.onCheckBegins();
    }

    /** They were, and this has heard of all damage. */
    void onAllChecked() {
        mark.onChecked();
        tellCore();
    }

    private void tellCore() {
        mark.tellCore(!damaged.isEmpty());
    }

    /** Whether a part of the range is still to be mended. */
    boolean isPending(long offsetBytes, long lengthBytes) {
        return damaged.intersects(offsetBytes, lengthBytes);
    }

    /** Whether a part of it is damaged on every node. */
    boolean isLost(long offsetBytes, long lengthBytes) {
        return lost.intersects(offsetBytes, lengthBytes);
    }

    boolean isQuiet() {
        return damaged.isEmpty() && lost.isEmpty();
    }

    // ---------------------------------------------------------------- asking

    void tick(long nowNs) {
        if (!lost.isEmpty() && voters.length > 1 && nowNs - lostAtNs >= LOST_NS) {
            damaged.addAll(lost);
            lost.clear();
            // Whoever had damage there is asked again.
            piece = null;
            alsoDamaged.clear();
            noteDropped();
            tellCore();
        }
        mark.tick(nowNs, !damaged.isEmpty(), !lost.isEmpty());
        if (writing || damaged.isEmpty() || nowNs - nextNs < 0 || !core.mayMend()) {
            return;
        }
        // Without an answer in time another piece may have more luck, and so may this one with another peer.
        moveOn |= asked;
        asked = false;
        DamagedRanges.Range next = piece;
        if (next == null
                || moveOn
                || !urgent.isEmpty()
                || !damaged.intersects(next.offsetBytes(), next.lengthBytes())) {
            moveOn = false;
            next = nextPiece(next == null ? 0 : next.endBytes());
            if (!Objects.equals(next, piece)) {
                alsoDamaged.clear();
                piece = next;
            }
        }
        if (next != null) {
            ask(next, nowNs);
        }
    }

    private DamagedRanges.@Nullable Range nextPiece(long fromBytes) {
        long from = fromBytes;
        DamagedRange first = urgent.poll();
        while (first != null && !damaged.intersects(first.offsetBytes(), first.lengthBytes())) {
            first = urgent.poll();
        }
        if (first != null) {
            from = first.offsetBytes();
        }
        DamagedRanges.Range coarse = damaged.next(from, Message.BLOCK_BYTES_MAX);
        DamagedRanges.Range f = fine;
        boolean isFine = coarse != null
                && f != null
                && coarse.offsetBytes() < f.endBytes()
                && f.offsetBytes() < coarse.endBytes();
        return isFine ? damaged.next(from, DamagedRanges.SECTOR_BYTES) : coarse;
    }

    private void ask(DamagedRanges.Range range, long nowNs) {
        StorePoint own = core.storePoint();
        for (int i = 0; i < voters.length; i++) {
            source = (source + 1) % voters.length;
            int peer = voters[source];
            if (peer != nodeId && !alsoDamaged.contains(peer) && ports.peers().connected(peer)) {
                asked = true;
                askedPeer = peer;
                nextNs = nowNs + ANSWER_TIMEOUT_NS;
                ports.peers()
                        .send(
                                groupId,
                                peer,
                                new Message.BlockFetch(
                                        own == null ? 0 : own.syncTerm(), ++requestId, range.offsetBytes(), (int)
                                                range.lengthBytes()));
                return;
            }
        }
        // Everybody who is there has damage in it.
        nextNs = nowNs + IDLE_NS;
        if (!alsoDamaged.isEmpty() && range.lengthBytes() > DamagedRanges.SECTOR_BYTES) {
            goFine(range);
        } else {
            moveOn = true;
        }
    }

    /** Not necessarily the same sectors everywhere. */
    private void goFine(DamagedRanges.Range range) {
        fine = range;
        piece = new DamagedRanges.Range(range.offsetBytes(), DamagedRanges.SECTOR_BYTES);
        alsoDamaged.clear();
    }

    // ---------------------------------------------------------------- answers

    /** The payload's reference passes to the repair. */
    void onReply(int from, Message.BlockReply m) {
        DamagedRanges.Range range = piece;
        ByteBuf content = (ByteBuf) m.payload();
        boolean taken = false;
        try {
            // Ids begin anew with each process, and an earlier one's answer may be late.
            boolean isAnswer = asked
                    && range != null
                    && !writing
                    && from == askedPeer
                    && m.id() == requestId
                    && m.offsetBytes() == range.offsetBytes()
                    && m.lengthBytes() == range.lengthBytes();
            if (!isAnswer || range == null) {
                return;
            }
            asked = false;
            nextNs = ports.nowNs().getAsLong() + RETRY_NS;
            if (m.outcome() == BlockOutcome.DAMAGED) {
                onDamagedThere(from, range);
            } else if (m.outcome() == BlockOutcome.CONTENT
                    && (content == null || content.readableBytes() == range.lengthBytes())
                    && core.matches(
                            new StorePoint(m.term(), m.applied(), m.reach()),
                            range.offsetBytes(),
                            range.lengthBytes())) {
                taken = true;
                write(range, content, m.crc());
            } else {
                moveOn = true;
            }
        } finally {
            if (!taken) {
                InstallFlow.release(content);
            }
        }
    }

    private void onDamagedThere(int from, DamagedRanges.Range range) {
        alsoDamaged.add(from);
        if (alsoDamaged.size() < voters.length - 1) {
            return;
        }
        if (range.lengthBytes() > DamagedRanges.SECTOR_BYTES) {
            goFine(range);
            return;
        }
        damaged.remove(range.offsetBytes(), range.lengthBytes());
        lost.add(range.offsetBytes(), range.lengthBytes());
        tellCore();
        lostAtNs = ports.nowNs().getAsLong();
        lostTold.accept(range);
        listener.onSettled();
    }

    /** The content's reference passes to the apply stage. */
    private void write(DamagedRanges.Range range, @Nullable ByteBuf content, int crc) {
        writing = true;
        Entry mended = new Entry(
                PIECE_SLOT,
                requestId,
                content == null ? EntryKind.ZERO : EntryKind.WRITE,
                range.offsetBytes(),
                range.lengthBytes(),
                0,
                0,
                0,
                crc,
                content == null ? 0 : (int) range.lengthBytes(),
                new long[0]);
        ports.apply().apply(mended, content);
    }

    static boolean isPiece(Entry e) {
        return e.slot() == PIECE_SLOT;
    }

    void onMended(Entry e) {
        writing = false;
        nextNs = ports.nowNs().getAsLong();
        damaged.remove(e.offsetBytes(), e.lengthBytes());
        mendedBytes += e.lengthBytes();
        mark.onMended();
        tellCore();
        if (damaged.isEmpty()) {
            piece = null;
            fine = null;
        }
        listener.onSettled();
        tick(nextNs);
    }

    // ---------------------------------------------------------------- status

    /** Bytes found damaged since the start. */
    long foundBytes() {
        return foundBytes;
    }

    /** Bytes that wait for a peer's copy. */
    long pendingBytes() {
        return damaged.bytes();
    }

    /** Bytes written anew with a peer's copy since the start. */
    long mendedBytes() {
        return mendedBytes;
    }

    /** Bytes that every node has damaged. */
    long lostBytes() {
        return lost.bytes();
    }

    /** Whether the store is noted, durably, to have damage. */
    boolean isNoted() {
        return mark.isNoted();
    }

    void close() {
        mark.close();
    }
}
