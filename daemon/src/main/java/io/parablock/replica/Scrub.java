package io.parablock.replica;

import io.parablock.blockdev.store.BlockStoreException;
import io.parablock.blockdev.store.DamagedRange;
import io.parablock.raft.RaftNode;
import io.parablock.raft.RaftStatus;
import io.parablock.raft.log.Entry;
import io.parablock.wal.RecordDescriptor;
import io.parablock.wal.StateStore;
import io.parablock.wal.Wal;
import io.parablock.wal.WalCorruptException;
import io.parablock.wal.WalException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;

/**
 * Reads the state, the records and the blocks of one replica again, round after round, so that rot is found while a peer, or
 * memory, still has what is lost (protocol.md §12). On the group's thread; the reading itself is background work, one piece at
 * a time.
 *
 * <pre>
 *            interval over                             applied prefix reached          end of the chunk
 *   WAITING ──────────────► STATE ───► LOG (by slot) ──────────────────────► BLOCKS ──────────────────► WAITING
 *      └─────────────────────────── recheck ────────────────────────────────►┘  at a rate of its own
 * </pre>
 *
 * <p>A crash leaves blocks that do not fit their checksums, and replay writes them again: nothing is read before that, nor
 * while an install or a cure rewrites the replica.
 */
final class Scrub {
    /** What it finds. Told on the group's thread. */
    interface Findings {
        /** So many copies of this part of the state are not on the disk any more. */
        void onDamagedState(StateStore.Part part, int copies);

        /** The record of this entry of the effective log cannot be read back. */
        void onDamagedRecord(Entry entry);

        /** In the order of the chunk, merged. Told again in each round until they are written. */
        void onDamagedBlocks(List<DamagedRange> ranges);

        /** A recheck has ended: all blocks were read since it was asked for, and what is damaged was told. */
        void onAllChecked();
    }

    /** So many pieces a second, while their size is within the limits below. */
    private static final int PIECES_PER_SECOND = 32;

    private static final int PIECE_BYTES_MIN = 64 << 10;
    private static final int PIECE_BYTES_MAX = 1 << 20;
    /** Slots that one tick looks at. */
    private static final int PIECE_SLOTS_MAX = 1024;

    private static final long SECOND_NS = 1_000_000_000L;

    private enum Stage {
        WAITING,
        STATE,
        LOG,
        BLOCKS
    }

    /** A record at the place where it was when it was asked for: it may be written again meanwhile. */
    private record Asked(Entry entry, long position) {}

    private final ScrubConfig config;
    private final ReplicaPorts ports;
    private final RaftNode core;
    private final Findings findings;
    private final long recheckRate;

    private Stage stage = Stage.WAITING;
    /** Whatever a crash has torn lies in slots up to this one: each of them was durable when it was applied. */
    private long replayTo;

    private long nextRoundNs;
    private long nextPieceNs;
    private long nextSlot;
    private long lastSlot;
    private long nextOffsetBytes;
    private boolean reading;
    /** A recheck is to begin, or to begin anew. */
    private boolean recheckDue;
    /** The blocks are read for a recheck. */
    private boolean rechecking;

    private boolean closed;

    private long rounds;
    private long bytes;
    private long damagedRecords;
    private long damagedState;
    private long lostState;
    private long damagedBytesNow;
    private long damagedBytesBefore;

    Scrub(ScrubConfig config, ReplicaPorts ports, RaftNode core, Findings findings) {
        this.config = config;
        this.ports = ports;
        this.core = core;
        this.findings = findings;
        this.recheckRate = Math.max(config.bytesPerSecond(), config.recheckBytesPerSecond());
        this.replayTo = core.status().lastSlot();
        this.nextRoundNs = ports.nowNs().getAsLong();
        this.nextPieceNs = nextRoundNs;
    }

    /**
     * Reads all blocks once more, as soon as everything that the store was ever given is in it, whatever the config says of the
     * scrub; anew, if that is under way.
     */
    void recheck() {
        recheckDue = true;
    }

    /** A round begins, although the interval is not over. */
    ScrubStart startNow(long nowNs) {
        if (config.bytesPerSecond() == 0) {
            return ScrubStart.OFF;
        }
        if (stage != Stage.WAITING || recheckDue || nowNs - nextRoundNs >= 0) {
            return ScrubStart.UNDER_WAY;
        }
        nextRoundNs = nowNs;
        return ScrubStart.STARTED;
    }

    boolean isRechecking() {
        return recheckDue || rechecking;
    }

    /** For the next round: nothing is read before. */
    boolean isWaiting() {
        return stage == Stage.WAITING && !recheckDue;
    }

    private long rate() {
        return isRechecking() ? recheckRate : config.bytesPerSecond();
    }

    private int pieceBytes() {
        return (int) Math.max(PIECE_BYTES_MIN, Math.min(PIECE_BYTES_MAX, rate() / PIECES_PER_SECOND))
                & -PIECE_BYTES_MIN;
    }

    void tick(long nowNs) {
        if (rate() == 0 || reading || closed || nowNs - nextPieceNs < 0) {
            return;
        }
        if (stage == Stage.WAITING && !recheckDue && nowNs - nextRoundNs < 0) {
            return;
        }
        RaftStatus status = core.status();
        if (!isWhole(status)) {
            // The store may be replaced by another one.
            recheckDue |= rechecking;
            return;
        }
        if (recheckDue) {
            startRecheck(nowNs);
        } else if (stage == Stage.WAITING) {
            startRound(nowNs, status);
        }
        if (stage == Stage.STATE) {
            readState();
        } else if (stage == Stage.LOG) {
            readRecords(nowNs, status);
        } else {
            readBlocks(nowNs);
        }
    }

    /** A round that it comes upon begins anew after it. */
    private void startRecheck(long nowNs) {
        if (stage != Stage.WAITING && !rechecking) {
            nextRoundNs = nowNs;
        }
        recheckDue = false;
        rechecking = true;
        stage = Stage.BLOCKS;
        nextOffsetBytes = 0;
        damagedBytesNow = 0;
    }

    private void startRound(long nowNs, RaftStatus status) {
        nextRoundNs = nowNs + Math.min(config.intervalNs(), Long.MAX_VALUE / 2);
        stage = Stage.STATE;
        nextSlot = status.logBase() + 1;
        lastSlot = status.appliedPrefix();
        nextOffsetBytes = 0;
        damagedBytesNow = 0;
    }

    /** Whether everything that the store was ever given is in it. */
    private boolean isWhole(RaftStatus status) {
        if (status.amnesiac()) {
            replayTo = Math.max(replayTo, status.lastSlot());
        }
        // A merged log may end before what only this node had: that was never applied.
        return !status.amnesiac()
                && !status.installing()
                && !core.needsInstall()
                && status.appliedPrefix() >= Math.min(replayTo, status.lastSlot());
    }

    private void pause(long nowNs, long readBytes) {
        // Seconds and the rest of one apart: bytes times 10^9 are too many.
        long rate = rate();
        nextPieceNs = nowNs + readBytes / rate * SECOND_NS + readBytes % rate * SECOND_NS / rate;
    }

    // ---------------------------------------------------------------- state

    private void readState() {
        stage = Stage.LOG;
        inBackground(() -> {
            Map<StateStore.Part, Integer> damaged = new EnumMap<>(StateStore.Part.class);
            for (StateStore.Part part : StateStore.Part.values()) {
                damaged.put(part, ports.state().damagedCopies(part));
            }
            return () -> damaged.forEach(this::onStateRead);
        });
    }

    private void onStateRead(StateStore.Part part, int copies) {
        if (copies > 0) {
            damagedState += copies;
            lostState += copies == part.copies() ? 1 : 0;
            findings.onDamagedState(part, copies);
        }
    }

    // ---------------------------------------------------------------- log

    private void readRecords(long nowNs, RaftStatus status) {
        List<Asked> records = new ArrayList<>();
        nextSlot = Math.max(nextSlot, status.logBase() + 1);
        long lengthBytes = 0;
        int pieceBytes = pieceBytes();
        for (int i = 0; i < PIECE_SLOTS_MAX && nextSlot <= lastSlot && lengthBytes < pieceBytes; i++, nextSlot++) {
            Entry e = core.entry(nextSlot);
            if (e != null && e.walPosition >= 0 && core.isDurable(nextSlot)) {
                records.add(new Asked(e, e.walPosition));
                lengthBytes += RecordDescriptor.headerLength(e.dep().length) + e.payloadLength();
            }
        }
        if (nextSlot > lastSlot) {
            stage = Stage.BLOCKS;
        }
        if (!records.isEmpty()) {
            long readBytes = lengthBytes;
            pause(nowNs, readBytes);
            inBackground(() -> {
                List<Asked> damaged = damaged(records);
                return () -> onRecordsRead(damaged, readBytes);
            });
        }
    }

    private List<Asked> damaged(List<Asked> records) {
        Wal wal = ports.wal().wal();
        List<Asked> damaged = new ArrayList<>();
        wal.forgetReadAhead();
        for (Asked r : records) {
            try {
                wal.read(r.position, (position, record, payload) -> {
                    if (record.slot() != r.entry.slot() || record.origin() != r.entry.origin()) {
                        throw new WalCorruptException("another record is at position " + position);
                    }
                });
            } catch (WalCorruptException e) {
                damaged.add(r);
            }
        }
        return damaged;
    }

    private void onRecordsRead(List<Asked> damaged, long readBytes) {
        bytes += readBytes;
        for (Asked r : damaged) {
            long slot = r.entry.slot();
            // It may have been truncated, replaced or written again since.
            Entry now = core.entry(slot);
            if (now != null
                    && now.origin() == r.entry.origin()
                    && now.walPosition == r.position
                    && core.isDurable(slot)) {
                damagedRecords++;
                findings.onDamagedRecord(now);
            }
        }
    }

    // ---------------------------------------------------------------- blocks

    private void readBlocks(long nowNs) {
        long offset = nextOffsetBytes;
        long length = Math.min(pieceBytes(), ports.store().sizeBytes() - offset);
        pause(nowNs, length);
        nextOffsetBytes += length;
        inBackground(() -> {
            List<DamagedRange> damaged = ports.store().verify(offset, length);
            return () -> onBlocksRead(damaged, length);
        });
    }

    private void onBlocksRead(List<DamagedRange> damaged, long readBytes) {
        bytes += readBytes;
        if (isWhole(core.status())) {
            if (!damaged.isEmpty()) {
                damagedBytesNow += DamagedRange.totalBytes(damaged);
                findings.onDamagedBlocks(damaged);
            }
        } else {
            recheckDue |= rechecking;
        }
        if (stage == Stage.BLOCKS && nextOffsetBytes >= ports.store().sizeBytes()) {
            stage = Stage.WAITING;
            damagedBytesBefore = damagedBytesNow;
            if (!rechecking) {
                rounds++;
            } else if (!recheckDue) {
                rechecking = false;
                findings.onAllChecked();
            }
        }
    }

    // ---------------------------------------------------------------- background

    private interface Reading {
        Runnable read();
    }

    private void inBackground(Reading work) {
        reading = true;
        Consumer<Runnable> done = result -> {
            reading = false;
            if (!closed) {
                result.run();
            }
        };
        try {
            ports.background().execute(() -> {
                Runnable result = resultOf(work);
                try {
                    ports.loop().execute(() -> done.accept(result));
                } catch (RejectedExecutionException stopping) {
                    // Nobody is left to be told.
                }
            });
        } catch (RejectedExecutionException stopping) {
            closed = true;
        }
    }

    /** A log or a store that has failed, or is closed, stops the node by itself: here it is only not read. */
    private Runnable resultOf(Reading work) {
        try {
            return work.read();
        } catch (WalException | BlockStoreException | IllegalStateException | OutOfMemoryError failed) {
            return () -> recheckDue |= rechecking;
        }
    }

    ScrubStatus status() {
        long size = ports.store().sizeBytes();
        boolean under = stage != Stage.WAITING;
        return new ScrubStatus(
                rounds,
                bytes,
                damagedRecords,
                Math.max(damagedBytesNow, damagedBytesBefore),
                damagedState,
                lostState,
                under ? (int) (nextOffsetBytes * 100.0 / size) : 0);
    }

    void close() {
        closed = true;
    }
}
